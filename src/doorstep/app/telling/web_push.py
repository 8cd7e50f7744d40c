"""Short messages to browsers that asked for them: a shopper's about an order, a member's about the workspace. A browser
that is gone is forgotten.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

from django.db import transaction
from yarl import URL

from doorstep.app import brands, clock, doors, http, outbox
from doorstep.app.loop import in_db
from doorstep.app.outbox import Leased
from doorstep.app.say import speaking
from doorstep.app.telling import letter_draft, letter_rules, letters, push_seal, shopper_mail
from doorstep.app.telling.alerts import Alert, alert_of
from doorstep.connectors.contract import Refused as NotSent
from doorstep.connectors.contract import Request, Trouble
from doorstep.core.letter import Hold, Timing, fill_line, hold
from doorstep.core.message import Message
from doorstep.db.models import Follower, Order, Person, Workspace

LANE: Final = "web_push"
MOST: Final = 10  # browsers of one order, or of one member
LONGEST: Final = 1000  # of a browser's address
_GONE: Final = frozenset({401, 403, 404, 410})  # it is over, or was subscribed with a key that is gone
_POINT, _AUTH = 65, 16  # bytes of a browser's two keys
_TTL_S: Final = 24 * 3600  # how long a push service keeps it for a browser that is off
Messages = list[tuple[Follower, bytes]]  # by browser


class Refused(ValueError):
    """It is no browser's address, or one too many."""


def begin(ws: int, typed: Mapping[str, str], language: str, *, order: Order | None = None, user_id: int = 0) -> None:
    """A browser wants messages about an order, or a member on it. ``typed``: address, p256dh, auth. Raises Refused."""
    _check(typed)
    keys = {"p256dh": typed["p256dh"], "auth": typed["auth"], "vapid": push_seal.public_key()}
    about = {"ws": ws, "kind": "push", "order_id": order.id if order else 0, "user_id": user_id}
    with transaction.atomic():
        Workspace.objects.select_for_update().filter(id=ws).first()  # who asks twice at once gets a message once
        mine, now = Follower.objects.filter(**about), clock.now()
        if mine.filter(address=typed["address"]).update(keys=keys, language=language):
            return
        if mine.count() >= MOST:
            raise Refused("too many")
        store_id = order.store_id if order else 0
        times = {"made_at": now, "confirmed_at": now}
        Follower.objects.create(
            **about, store_id=store_id, address=typed["address"], keys=keys, language=language, **times
        )


def end(ws: int, address: str, *, order_id: int = 0, user_id: int = 0) -> None:
    """It wants none any more."""
    Follower.objects.filter(ws=ws, kind="push", order_id=order_id, user_id=user_id, address=address).delete()


def known(ws: int, address: str, *, order_id: int = 0, user_id: int = 0) -> bool:
    """Whether a browser gets them."""
    mine = Follower.objects.filter(ws=ws, kind="push", order_id=order_id, user_id=user_id)
    return mine.filter(address=address).exists()


async def carry_out(leased: Leased, write: Callable[[Leased], Messages | Hold] | None = None) -> None:
    """Carry out one intent of the lane, or one of another lane that ``write`` makes messages of."""
    todo = await in_db(write or _write, leased)
    if isinstance(todo, Hold):
        await in_db(outbox.later, leased, "due", todo.reason, todo.until - clock.now())
        return
    problem: Message | None = None
    for one, message in todo:
        try:
            if not await _send(one, message):
                await in_db(end_row, one)
        except NotSent:  # an address that nothing may be sent to
            await in_db(end_row, one)
        except Trouble as trouble:
            problem = trouble.message or Message(id="letters.push_failed")
    await (in_db(outbox.later, leased, "due", problem) if problem else in_db(outbox.done, leased))


def end_row(row: Follower) -> None:
    """Forget a browser."""
    Follower.objects.filter(ws=row.ws, id=row.id).delete()


async def _send(to: Follower, message: bytes) -> bool:
    """Whether the browser is still there. Raises Trouble."""
    url = URL(to.address)
    who = push_seal.authorization(str(url.origin()), to.keys["vapid"], clock.machine())
    if who is None:
        return False
    body = push_seal.sealed(message, to.keys["p256dh"], to.keys["auth"])
    headers = {
        "Authorization": who,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(_TTL_S),
        "Urgency": "normal",
    }
    request = Request(method="POST", url=to.address, headers=headers, body=body, sealed=True)
    answer = await http.send(request, frozenset({url.host or ""}))
    if answer.status in _GONE:
        return False
    if answer.status >= 300:
        raise Trouble(message=Message(id="letters.push_declined", values={"status": answer.status}))
    return True


def _write(leased: Leased) -> Messages | Hold:
    """The messages by browser, none where it is no news any more; or what they wait for."""
    row = leased.row
    if alert := alert_of(row):
        mine = Follower.objects.filter(ws=row.ws, kind="push", user_id=row.target_id)
        return [(one, packed(alert, str(row.target_id))) for one in mine]
    order = Order.objects.filter(ws=row.ws, id=row.target_id, cancelled_at=None).first()
    asked = list(Follower.objects.filter(ws=row.ws, kind="push", order_id=row.target_id, user_id=0))
    if order is None or not asked or row.intent_key.startswith("staff:") or not shopper_mail.is_news(row):
        return []
    return _held(order) or [(one, _of_order(leased, order, one)) for one in asked]


def _held(order: Order) -> Hold | None:
    """The quiet hours of the store's mails count here too."""
    kept = letter_rules.rules(order.ws, order.store_id)
    person = Person.objects.filter(ws=order.ws, id=order.person_id or 0).first()
    zone = letter_rules.zone_of(order.ws, kept, person)
    return hold(Timing(quiet=kept.timing.quiet), clock.now(), zone, None)


def _of_order(leased: Leased, order: Order, to: Follower) -> bytes:
    brand = brands.look(order.ws, order.store_id)
    with speaking(to.language):
        words = letters.words(order.ws, order.store_id, shopper_mail.event_of(leased.row), to.language)
        filled = letter_draft.values(order, leased.row.payload_ref, brand)
    said = Alert(title=brand.name, body=fill_line(words.subject, filled), url=doors.page_url(order.ws, order.id))
    return packed(said, str(order.id))


def packed(said: Alert, tag: str) -> bytes:
    """A message as the worker in the browser reads it; of one ``tag`` the newest is shown."""
    values = {"title": said.title[:80], "body": said.body[:400], "url": said.url, "tag": tag}
    return json.dumps(values, ensure_ascii=False).encode()  # less than the 4096 bytes that push services take


def _check(typed: Mapping[str, str]) -> None:
    """Raises Refused."""
    try:
        url, point = URL(typed["address"]), push_seal.decoded(typed["p256dh"])
        auth = push_seal.decoded(typed["auth"])
        push_seal.sealed(b"", typed["p256dh"], typed["auth"])
    except ValueError:
        raise Refused("no keys") from None
    if url.scheme != "https" or not url.host or url.user or len(typed["address"]) > LONGEST:
        raise Refused("no address")
    if len(point) != _POINT or len(auth) != _AUTH:
        raise Refused("no keys")
