"""The operations. A number that Doorstep follows, through a shop too, is registered."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta as Limits

from doorstep.app import clock
from doorstep.app.api import asides
from doorstep.app.api.api_keys import Holder
from doorstep.app.compat import ends
from doorstep.app.compat import seventeen_track as shape
from doorstep.app.compat.follow import follow
from doorstep.app.receive import manual
from doorstep.app.records import tracked
from doorstep.app.records.tracked import Tracked, Wanted
from doorstep.app.track import resync
from doorstep.core.message import Message
from doorstep.core.number import carrier_by_key
from doorstep.core.status import Status
from doorstep.web.compat.call import read
from doorstep.web.compat.seventeen import envelope
from doorstep.web.compat.seventeen.envelope import MOST, Refusal, each, good

I = TypeVar("I", bound="Item")  # noqa: E741 - an item
Handle = Callable[[Holder, bytes], Mapping[str, Any]]
H = TypeVar("H", bound=Handle)
SHORTEST: Final = 5
LONGEST: Final = 50
PAGE: Final = 40
NO_LIMIT: Final = (1 << 31) - 1  # the most that the field of a quota holds: here is none


class Item(msgspec.Struct, kw_only=True):
    """A number. ``carrier`` is 17TRACK's key of it; 0 or none: whichever."""

    number: str
    carrier: int | None = None


class Registration(Item, kw_only=True):
    """A number to follow, and what the program keeps beside it."""

    tag: str | None = None
    remark: str | None = None
    order_no: str | None = None
    lang: str | None = None


class Carriers(Item, kw_only=True):
    """Another carrier for a number."""

    carrier_old: int | None = None
    carrier_new: int | None = None


class Notes(msgspec.Struct, kw_only=True):
    """What is changed beside a number."""

    tag: str | None = None
    remark: str | None = None
    order_no: str | None = None
    lang: str | None = None


class Noted(Item, kw_only=True):
    """A number, and what is changed beside it."""

    items: Notes


class Question(msgspec.Struct, kw_only=True):
    """Which page of the list, of which numbers."""

    number: str = ""
    page_no: Annotated[int, Limits(ge=1, le=100_000)] = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation, by its word in the path."""

    verb: str
    scope: str
    handle: Handle

    @property
    def about(self) -> str:
        """What it does."""
        return inspect.cleandoc(self.handle.__doc__ or "")


OPERATIONS: Final[dict[str, Operation]] = {}


def operation(scope: str) -> Callable[[H], H]:
    """Register an operation under its own name."""

    def register(handle: H) -> H:
        OPERATIONS[handle.__name__] = Operation(handle.__name__, scope, handle)
        return handle

    return register


@operation("parcels:write")
def register(holder: Holder, raw: bytes) -> Mapping[str, Any]:
    """Follow numbers. A number without a carrier whose form names none is followed too, with carrier 0."""
    return each(_items(raw, Registration), lambda item: _register(holder, item))


@operation("parcels:read")
def gettrackinfo(holder: Holder, raw: bytes) -> Mapping[str, Any]:
    """Everything about numbers. One that no carrier has been asked about yet is rejected with -18019909."""
    items = _items(raw, Item)
    known, now = tracked.by_text(holder.ws, [item.number for item in items]), clock.now()

    def show(item: Item) -> Mapping[str, Any]:
        one = _of(known, item)
        if one.parcel.status == Status.PENDING and not one.scans:
            raise Refusal(envelope.NO_NEWS, Message(id="compat.no_news"))
        return shape.whole(one, now)

    return each(items, show)


@operation("parcels:read")
def gettracklist(holder: Holder, raw: bytes) -> Mapping[str, Any]:
    """The numbers that are followed, the newest first, 40 on a page. `number` finds one; no other filter is there."""
    said = read(raw or b"{}", Question)
    wanted = Wanted(texts=[said.number] if said.number.strip() else None)
    total = tracked.count(holder.ws, wanted)
    rows = tracked.slice_of(holder.ws, wanted, (said.page_no - 1) * PAGE, PAGE)
    page = {"data_total": total, "page_total": -(-total // PAGE), "page_no": said.page_no, "page_size": PAGE}
    return {"page": page, **good({"accepted": [shape.listed(one) for one in rows], "rejected": []})}


@operation("parcels:write")
def changecarrier(holder: Holder, raw: bytes) -> Mapping[str, Any]:
    """Give numbers another carrier, as often as need be. `final_carrier_new` is not kept: the courier of the last mile
    is learned from what carriers say.
    """
    return _each_of(holder, _items(raw, Carriers), _change)


@operation("parcels:write")
def changeinfo(holder: Holder, raw: bytes) -> Mapping[str, Any]:
    """Change what stands beside numbers: tag, remark, order_no, lang."""
    return _each_of(holder, _items(raw, Noted), _note)


@operation("parcels:write")
def stoptrack(holder: Holder, raw: bytes) -> Mapping[str, Any]:
    """Push nothing more about numbers. Doorstep itself goes on looking."""
    return _each_of(holder, _items(raw, Item), _stop)


@operation("resyncs:write")
def retrack(holder: Holder, raw: bytes) -> Mapping[str, Any]:
    """Push about stopped numbers again, as often as need be, and have their carriers asked now."""
    return _each_of(holder, _items(raw, Item), _retrack)


@operation("parcels:write")
def deletetrack(holder: Holder, raw: bytes) -> Mapping[str, Any]:
    """Stop following numbers. One on an order of a connected shop is rejected: take it off there."""
    return _each_of(holder, _items(raw, Item), _delete)


@operation("parcels:read")
def getquota(holder: Holder, raw: bytes) -> Mapping[str, Any]:
    """How much may be registered: there is no limit, so the total is the largest number that the field holds."""
    used = tracked.count(holder.ws, Wanted())
    return good({"quota_total": NO_LIMIT, "quota_used": used, "quota_remain": NO_LIMIT - used})


def _items(raw: bytes, kind: type[I]) -> list[I]:
    items = read(raw, list[kind])  # type: ignore[valid-type]  # msgspec reads it when it is called
    if len(items) > MOST:
        raise Refusal(envelope.TOO_MANY, Message(id="compat.too_many_numbers", values={"most": MOST}))
    return items


def _each_of(
    holder: Holder, items: Sequence[I], do: Callable[[Holder, Tracked, I], Mapping[str, Any] | None]
) -> Mapping[str, Any]:
    """Do something with each number that is followed; it answers what ``do`` does, or what names the number."""
    known = tracked.by_text(holder.ws, [item.number for item in items])

    def apply(item: I) -> Mapping[str, Any]:
        one = _of(known, item)
        return do(holder, one, item) or shape.brief(one)

    return each(items, apply)


def _of(known: Mapping[str, Tracked], item: Item) -> Tracked:
    one = known.get(item.number)
    if one is None or (item.carrier and item.carrier != shape.carrier_key(one) and _known(item.carrier)):
        raise Refusal(envelope.NOT_REGISTERED, Message(id="compat.not_registered", values={"number": item.number[:60]}))
    return one


def _known(key: int) -> bool:
    return bool(carrier_by_key(key))


def _register(holder: Holder, item: Registration) -> Mapping[str, Any]:
    number = item.number.strip()
    if not SHORTEST <= len(number) <= LONGEST:
        values = {"least": SHORTEST, "most": LONGEST}
        raise Refusal(envelope.FORMAT_INVALID, Message(id="compat.length", values=values))
    if item.carrier and not _known(item.carrier):
        raise Refusal(envelope.NO_SUCH_CARRIER, Message(id="compat.no_key_of", values={"carrier": item.carrier}))
    if tracked.by_text(holder.ws, [number]):
        raise Refusal(envelope.ALREADY_REGISTERED, Message(id="compat.exists", values={"number": number}))
    code = carrier_by_key(item.carrier) if item.carrier else ""
    one = follow(holder.ws, number, code, holder.actor, reference=item.order_no or "")
    _keep(holder, one, item)
    return {"origin": 2 if item.carrier else 1, **shape.brief(one), "tag": item.tag}


def _keep(holder: Holder, one: Tracked, said: Registration | Notes) -> bool:
    new = {shape.field(name): getattr(said, name) for name in shape.KEPT}
    new = {name: value for name, value in new.items() if value is not None}
    asides.write(holder.ws, one.number.id, new, holder.actor)
    return bool(new)


def _change(holder: Holder, one: Tracked, item: Carriers) -> Mapping[str, Any]:
    now = shape.carrier_key(one)
    if item.carrier_old and item.carrier_old != now:
        raise Refusal(envelope.OTHER_CARRIER, Message(id="compat.other_carrier", values={"carrier": item.carrier_old}))
    if not item.carrier_new:
        raise Refusal(envelope.NO_NEW_CARRIER, Message(id="compat.no_value", values={"field": "carrier_new"}))
    if item.carrier_new == now:
        raise Refusal(envelope.SAME_CARRIER, Message(id="compat.same_carrier"))
    if not _known(item.carrier_new):
        raise Refusal(envelope.NEW_INCORRECT, Message(id="compat.no_key_of", values={"carrier": item.carrier_new}))
    if ends.ended(one):
        raise Refusal(envelope.IS_STOPPED, Message(id="compat.is_stopped"))
    manual.change_carrier(holder.ws, one.number.id, carrier_by_key(item.carrier_new), holder.actor)
    return {"number": one.number.text, "carrier": item.carrier_new}


def _note(holder: Holder, one: Tracked, item: Noted) -> None:
    if not _keep(holder, one, item.items):
        raise Refusal(envelope.NOTHING_TO_CHANGE, Message(id="compat.nothing_to_change"))


def _stop(holder: Holder, one: Tracked, _: Item) -> None:
    if ends.ended(one):
        raise Refusal(envelope.NOT_TRACKED, Message(id="compat.is_stopped"))
    ends.end(holder.ws, one, ends.STOPPED, holder.actor)


def _retrack(holder: Holder, one: Tracked, _: Item) -> None:
    if not ends.ended(one):
        raise Refusal(envelope.NOT_STOPPED, Message(id="compat.not_stopped"))
    ends.end(holder.ws, one, "", holder.actor)
    resync.ask_parcel(holder.ws, one.parcel.id, "api", holder.actor)


def _delete(holder: Holder, one: Tracked, _: Item) -> None:
    manual.unfollow_number(holder.ws, one.number.id, holder.actor)
