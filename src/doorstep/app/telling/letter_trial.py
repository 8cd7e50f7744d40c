"""A mail before anybody gets it: what is typed, filled for a real parcel of the store, and sent to oneself."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from doorstep.app import brands
from doorstep.app.say import speaking
from doorstep.app.telling import letter_draft, letter_rules, notify
from doorstep.app.telling.letter_draft import Draft, Foot
from doorstep.app.telling.letters import Words
from doorstep.app.telling.readers import leave_url
from doorstep.core.letter import WORDS, Event
from doorstep.core.message import Message
from doorstep.db.ids import new_id
from doorstep.db.models import Connection, Order, Parcel, ParcelLine, Person

LOOKED_AT = 200  # newest parcels that an example is looked for among


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A real order and one of its parcels."""

    order: Order
    parcel_id: int


class Unsent(ValueError):
    """It could not be sent; ``message`` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


def sample(ws: int, store_id: int, event: Event, number: str = "") -> Sample | None:
    """The order of that number, else the newest whose parcel fits the event, else the newest with a parcel."""
    orders = Order.objects.filter(ws=ws, store_id=store_id).order_by("-id")
    if number:
        orders = orders.filter(number=number)
    held = ParcelLine.objects.filter(ws=ws, order_id__in=orders.values("id")).order_by("-parcel_id")
    pairs = list(held.values_list("parcel_id", "order_id")[:LOOKED_AT])
    fitting = set(
        Parcel.objects.filter(ws=ws, id__in=[one for one, _ in pairs], status=event.value).values_list("id", flat=True)
    )
    chosen = next((pair for pair in pairs if pair[0] in fitting), next(iter(pairs), None))
    return Sample(order=Order.objects.get(ws=ws, id=chosen[1]), parcel_id=chosen[0]) if chosen else None


def draft(store: Connection, words: Words, event: Event, language: str, one: Sample | None) -> Draft:
    """What the reader would get. Where the store has no parcel yet, each placeholder stands for itself. A day's news
    are those of the one parcel.
    """
    brand = brands.look(store.ws, store.id)
    order = one.order if one else Order(ws=store.ws, store_id=store.id, number="[order]")
    with speaking(language), timezone.override(_zone(order)):
        filled = {word: f"[{word}]" for word in WORDS} | {"store": brand.name}
        if one:
            filled = letter_draft.values(order, one.parcel_id, brand)
            filled["news"] = f"{filled.get('number') or order.number}: {filled.get('status', '')}"
        foot = Foot(stop=leave_url(order) if one else "")
        return letter_draft.write(words, filled, order, brand, language, foot)


def send(made: Draft, to: str) -> None:
    """Send it to oneself, now. Nothing in it stops anybody's mails by itself. Raises Unsent."""
    if not settings.EMAIL_HOST:
        raise Unsent(Message(id="letters.no_server"))
    mark = f"<doorstep.trial.{new_id()}@{settings.MAIL_DOMAIN}>"
    try:
        notify.send(notify.Letter((to,), made.subject, made.text, mark, {}, made.html))
    except (OSError, ValueError) as problem:
        raise Unsent(notify.fault(problem)[1]) from None


def _zone(order: Order) -> ZoneInfo:
    kept = letter_rules.rules(order.ws, order.store_id)
    return letter_rules.zone_of(order.ws, kept, Person.objects.filter(ws=order.ws, id=order.person_id or 0).first())
