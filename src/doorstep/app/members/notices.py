"""Mails to those who work in a workspace: to its owners that a connection's credentials are refused, that it
tells nothing by itself any more or that an endpoint was switched off, to everybody who handles orders that a shopper
wrote. Once; what is mended or answered meanwhile is not told.
"""

from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings

from doorstep.app.household import shop_accounts
from doorstep.app.loop import in_db
from doorstep.app.members import daily
from doorstep.app.outbox import Leased
from doorstep.app.say import say, speaking
from doorstep.app.telling import alerts
from doorstep.app.telling.notify import Letter, mark, post
from doorstep.core.message import Message
from doorstep.db.models import Connection, Endpoint, Order, Parcel, ThreadMessage, User, Workspace


async def tell(leased: Leased) -> None:
    """Carry out one intent of the notice lane."""
    await in_db(alerts.push_too, leased)
    await post(leased, _WRITERS.get(leased.row.intent_key.partition(":")[0], write))


def write_of_message(leased: Leased) -> Letter | None:
    """The mail, or None when the message was answered or erased, or nobody is to be told."""
    row = leased.row
    order = Order.objects.filter(ws=row.ws, id=row.target_id).first()
    asked = ThreadMessage.objects.filter(ws=row.ws, id=row.payload_ref).exclude(body="").first()
    later = ThreadMessage.objects.filter(ws=row.ws, order_id=row.target_id, id__gt=row.payload_ref)
    to = alerts.mailed(row.ws, "message")
    if order is None or asked is None or not to or later.exclude(by=asked.by).exists():
        return None
    store = Connection.objects.get(ws=row.ws, id=order.store_id)
    due = asked.answer_due_at.isoformat() if asked.answer_due_at else ""
    url = f"{settings.PUBLIC_URL}/orders/{order.id}#thread"
    values = {"store": store.label, "order": order.number, "due": due, "url": url}
    return _letter(
        leased,
        to,
        Message(id="letter.message.subject", values=values),
        Message(id="letter.message.body", values=values),
    )


def write(leased: Leased) -> Letter | None:
    """The mail, or None when the connection works again, was removed, or nobody is to be told."""
    row = leased.row
    connection = Connection.objects.filter(ws=row.ws, id=row.target_id, state="denied").first()
    if connection is not None and connection.connector == shop_accounts.NAME:
        return _write_at_home(leased, connection)
    to = alerts.mailed(row.ws, "denied")
    if connection is None or not to:
        return None
    url = f"{settings.PUBLIC_URL}/connections/{connection.id}"
    values = {"label": connection.label, "said": say(connection.state_reason), "url": url}
    return _letter(
        leased, to, Message(id="letter.denied.subject", values=values), Message(id="letter.denied.body", values=values)
    )


def _write_at_home(leased: Leased, account: Connection) -> Letter | None:
    """The same to a shopper, of their account at a shop; None when they left."""
    user = User.objects.filter(id=shop_accounts.whose(account), is_active=True).first()
    if user is None:
        return None
    with speaking(Workspace.objects.get(id=account.ws).locale):
        values = {"label": account.label, "said": say(account.state_reason), "url": f"{settings.PUBLIC_URL}/my/stores"}
        subject, body = (Message(id=f"letter.account.{part}", values=values) for part in ("subject", "body"))
        return _letter(leased, (user.email,), subject, body)


def write_of_untold(leased: Leased) -> Letter | None:
    """The mail, or None when the vendor tells by itself again, the connection rests, or nobody is to be told."""
    row = leased.row
    connection = Connection.objects.filter(ws=row.ws, id=row.target_id, state="active", untold__isnull=False).first()
    to = alerts.mailed(row.ws, "denied")
    if connection is None or not to:
        return None
    url = f"{settings.PUBLIC_URL}/connections/{connection.id}"
    values = {"label": connection.label, "said": say(connection.untold), "url": url}
    return _letter(
        leased, to, Message(id="letter.untold.subject", values=values), Message(id="letter.untold.body", values=values)
    )


def write_of_endpoint(leased: Leased) -> Letter | None:
    """The mail, or None when the endpoint is told again or was deleted, or nobody is to be told."""
    row = leased.row
    endpoint = Endpoint.objects.filter(ws=row.ws, id=row.target_id, state="off").first()
    to = alerts.mailed(row.ws, "endpoint")
    if endpoint is None or not to:
        return None
    url = f"{settings.PUBLIC_URL}/webhooks/{endpoint.id}"
    values = {"address": endpoint.label or endpoint.url, "said": say(endpoint.state_reason), "url": url}
    return _letter(
        leased,
        to,
        Message(id="letter.webhook_off.subject", values=values),
        Message(id="letter.webhook_off.body", values=values),
    )


def write_of_problem(leased: Leased) -> Letter | None:
    """The mail, or None when the parcel is well again or nobody is to be told."""
    row = leased.row
    order = Order.objects.filter(ws=row.ws, id=row.target_id, cancelled_at=None).first()
    parcel = Parcel.objects.filter(ws=row.ws, id=row.payload_ref, status="exception").first()
    to = alerts.mailed(row.ws, "problem")
    if order is None or parcel is None or not to or not settings.EMAIL_HOST:
        return None
    store = Connection.objects.get(ws=row.ws, id=order.store_id)
    values = {"store": store.label, "order": order.number, "url": f"{settings.PUBLIC_URL}/orders/{order.id}"}
    return _letter(
        leased,
        to,
        Message(id="letter.problem.subject", values=values),
        Message(id="letter.problem.body", values=values),
    )


def _letter(leased: Leased, to: tuple[str, ...], subject: Message, body: Message) -> Letter:
    return Letter(to=to, subject=say(subject), body=say(body), mark=mark(leased))


_WRITERS: Final[Mapping[str, Callable[[Leased], Letter | None]]] = {
    "message": write_of_message,
    "endpoint": write_of_endpoint,
    "untold": write_of_untold,
    "problem": write_of_problem,
    "daily": daily.write,
}
