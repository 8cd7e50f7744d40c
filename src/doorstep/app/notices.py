"""Mails to those who work in a workspace: to its owners that a connection's credentials are refused or an endpoint was
switched off, to everybody who handles orders that a shopper wrote. Once; what is mended or answered meanwhile is not
told.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.conf import settings

from doorstep.app.notify import Letter, mark, post
from doorstep.app.outbox import Leased
from doorstep.app.say import say
from doorstep.core.message import Message
from doorstep.core.roles import Action, Member, may
from doorstep.db.models import Connection, Endpoint, Membership, Order, ThreadMessage, User


async def tell(leased: Leased) -> None:
    """Carry out one intent of the notice lane."""
    await post(leased, _WRITERS.get(leased.row.intent_key.partition(":")[0], write))


def write_of_message(leased: Leased) -> Letter | None:
    """The mail, or None when the message was answered or erased, or nobody handles orders."""
    row = leased.row
    order = Order.objects.filter(ws=row.ws, id=row.target_id).first()
    asked = ThreadMessage.objects.filter(ws=row.ws, id=row.payload_ref).exclude(body="").first()
    later = ThreadMessage.objects.filter(ws=row.ws, order_id=row.target_id, id__gt=row.payload_ref)
    to = _addresses(row.ws, [one for one in Member if may(one, Action.HANDLE)])
    if order is None or asked is None or not to or later.exclude(by=asked.by).exists():
        return None
    store = Connection.objects.get(ws=row.ws, id=order.store_id)
    due = asked.answer_due_at.isoformat() if asked.answer_due_at else ""
    url = f"{settings.PUBLIC_URL}/orders/{order.id}#thread"
    values = {"store": store.label, "order": order.number, "due": due, "url": url}
    return Letter(
        to=to,
        subject=say(Message(id="letter.message.subject", values=values)),
        body=say(Message(id="letter.message.body", values=values)),
        mark=mark(leased),
    )


def _addresses(ws: int, member_roles: Sequence[Member]) -> tuple[str, ...]:
    members = Membership.objects.filter(ws=ws, role__in=[one.value for one in member_roles]).values("user_id")
    return tuple(User.objects.filter(id__in=members, is_active=True).order_by("id").values_list("email", flat=True))


def write(leased: Leased) -> Letter | None:
    """The mail, or None when the connection works again, was removed, or nobody owns the workspace."""
    row = leased.row
    connection = Connection.objects.filter(ws=row.ws, id=row.target_id, state="denied").first()
    to = _addresses(row.ws, [Member.OWNER])
    if connection is None or not to:
        return None
    url = f"{settings.PUBLIC_URL}/connections/{connection.id}"
    values = {"label": connection.label, "said": say(connection.state_reason), "url": url}
    return Letter(
        to=to,
        subject=say(Message(id="letter.denied.subject", values=values)),
        body=say(Message(id="letter.denied.body", values=values)),
        mark=mark(leased),
    )


def write_of_endpoint(leased: Leased) -> Letter | None:
    """The mail, or None when the endpoint is told again or was deleted, or nobody owns the workspace."""
    row = leased.row
    endpoint = Endpoint.objects.filter(ws=row.ws, id=row.target_id, state="off").first()
    to = _addresses(row.ws, [Member.OWNER])
    if endpoint is None or not to:
        return None
    url = f"{settings.PUBLIC_URL}/webhooks/{endpoint.id}"
    values = {"address": endpoint.label or endpoint.url, "said": say(endpoint.state_reason), "url": url}
    return Letter(
        to=to,
        subject=say(Message(id="letter.webhook_off.subject", values=values)),
        body=say(Message(id="letter.webhook_off.body", values=values)),
        mark=mark(leased),
    )


_WRITERS: Final[Mapping[str, Callable[[Leased], Letter | None]]] = {
    "message": write_of_message,
    "endpoint": write_of_endpoint,
}
