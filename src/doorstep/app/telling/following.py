"""Being told about an order because one asked on its page: by mail, once confirmed by a mail of its own (double
opt-in), or by push to a browser.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from doorstep.app import brands, clock, loop
from doorstep.app.outbox import Leased
from doorstep.app.say import speaking, text
from doorstep.app.telling import letter_rules
from doorstep.app.telling.letter_rules import is_address
from doorstep.app.telling.notify import Letter, mark
from doorstep.app.telling.readers import Reader, follow_url, forget_stops, start_again, stopped
from doorstep.core.channel import channel
from doorstep.core.message import Message
from doorstep.db.models import Connection, Follower, Mailed, Order, Outbox

_A_DAY: Final = 5  # questions that are mailed for one order
_AGAIN: Final = timedelta(hours=1)  # until the same address is asked once more


class Refused(ValueError):
    """It is not taken; ``message`` says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.message = Message(id=key)


def by_mail(order: Order) -> bool:
    """Whether shoppers may ask for mails: where mail can be sent, the store wants it and the channel allows it."""
    store = Connection.objects.get(ws=order.ws, id=order.store_id)
    if not settings.EMAIL_HOST or store.state == "removed" or not channel(store.connector).may_mail:
        return False
    return letter_rules.rules(order.ws, store.id).followers


def ask(ws: int, order_id: int, address: str, language: str) -> None:
    """Somebody wants mails about an order: they are asked by mail whether it was them. Whether the address is known
    already is told to nobody. Raises Refused.
    """
    text_, now = address.strip(), clock.now()
    if not is_address(text_):
        raise Refused("page.follow.no_address")
    with transaction.atomic():
        order = Order.objects.select_for_update().get(ws=ws, id=order_id)
        if not by_mail(order):
            raise Refused("page.follow.no_mail")
        mine = Follower.objects.filter(ws=ws, order_id=order_id, kind="mail")
        same = mine.filter(address__iexact=text_, ended_at=None)
        if same.exclude(confirmed_at=None).exists() or same.filter(made_at__gt=now - _AGAIN).exists():
            return
        if mine.filter(made_at__gt=now - timedelta(days=1)).count() >= _A_DAY:
            raise Refused("page.follow.too_many")
        same.update(ended_at=now)
        row = Follower.objects.create(
            ws=ws,
            store_id=order.store_id,
            order_id=order_id,
            kind="mail",
            address=text_,
            language=language,
            made_at=now,
        )
        key = f"{row.id}:confirm"
        Outbox.objects.create(ws=ws, lane="mail", target_id=order_id, payload_ref=row.id, intent_key=key, due_at=now)
        transaction.on_commit(lambda: loop.wake("outbox"))


def write_question(leased: Leased) -> Letter | None:
    """The mail that asks; None when it was answered or ended meanwhile, or the address wants nothing from the store."""
    asked = Follower.objects.filter(
        ws=leased.row.ws, id=leased.row.payload_ref, ended_at=None, confirmed_at=None
    ).first()
    order = Order.objects.filter(ws=leased.row.ws, id=leased.row.target_id).first()
    if asked is None or order is None or stopped(asked.ws, asked.store_id, 0, asked.address):
        return None
    values = {
        "order": order.number,
        "store": brands.look(order.ws, order.store_id).name,
        "url": f"{follow_url(asked)}?lang={asked.language}",
    }
    with speaking(asked.language):
        subject, body = text("letter.confirm.subject", **values), text("letter.confirm.body", **values)
    return Letter((asked.address,), subject, body, mark(leased))


def find(ws: int, follower_id: int) -> Follower | None:
    """Whoever asked, ended or not."""
    return Follower.objects.filter(ws=ws, id=follower_id, kind="mail").exclude(address="").first()


def confirm(row: Follower) -> None:
    """It was them; or they want it again."""
    with transaction.atomic():
        start_again(row.ws, row.store_id, row.order_id, row.address)
        Follower.objects.filter(ws=row.ws, id=row.id).update(
            confirmed_at=row.confirmed_at or clock.now(), ended_at=None
        )


def forget(ws: int, reader: Reader) -> None:
    """An address that takes no mail is mailed no more."""
    mine = Follower.objects.filter(ws=ws, kind="mail", address=reader.address, ended_at=None)
    mine.update(ended_at=clock.now())


def erase(ws: int, orders: Collection[int], address: str) -> int:
    """Whoever is erased is forgotten: what they asked for, what they stopped, and where mails about them went. That
    something was mailed, and when, stays. Returns how many rows named them.
    """
    gone, _ = Follower.objects.filter(Q(order_id__in=orders) | Q(kind="mail", address__iexact=address), ws=ws).delete()
    forget_stops(ws, [address])
    return gone + Mailed.objects.filter(ws=ws, order_id__in=orders).exclude(to="").update(to="", reason=None)
