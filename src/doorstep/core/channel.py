"""What each selling channel takes from us and shows to its shoppers, and what it calls our carriers.

Facts are data: ``channels.toml`` (each with where it comes from) and ``channel_carriers.csv`` (the exact name of a
carrier on each channel that keeps a list). Both are read when first asked for. What is not known is not promised.
"""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from doorstep.core.message import Message
from doorstep.core.number import carrier, carriers
from doorstep.core.number.directory import related
from doorstep.core.order import OrderState

Who = Literal["buyer", "person", "channel", "doorstep"]


class Carriers(StrEnum):
    """How a channel wants to be told the carrier."""

    NONE = "none"  # it has no field for it
    FREE = "free"  # any name
    LISTED = "listed"  # a name of its list, see ``channel_carriers.csv``
    OWN = "own"  # a name of the shop's own list, which the connector asks for


class Link(StrEnum):
    """Whether a channel takes a tracking link."""

    NEVER = "never"
    OPTIONAL = "optional"
    WITH_OTHER = "with_other"  # needed with a carrier that is not on its list


class Parcels(StrEnum):
    """What a shipment of a channel says about its contents."""

    LINES = "lines"  # lines and quantities: part of an order can be sent
    NUMBERS = "numbers"  # several numbers an order, but not what is in which
    WHOLE = "whole"  # one shipment is the whole order


class Mails(StrEnum):
    """Whether the channel itself mails the shopper when it gets a number."""

    NEVER = "never"
    ASKED = "asked"  # when asked to
    SHOP = "shop"  # as the shop is set up; it cannot be asked
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel. The defaults promise nothing.

    ``kind``: shop (the merchant's own), marketplace, payment, file (numbers are exported), notes (nothing is given).
    ``other``: what its carrier field takes for a carrier that is not on its list; ``free_beside``: the carrier's own
    name goes into a second field then; ``free_name``: into the same one. ``needs_carrier``: a number without a carrier
    is declined. ``refuses``: carriers (our codes) whose numbers it does not take. ``max_number``: longest number.
    ``numbers``: of one shipment. ``edit``: a shipment's number can be changed (for ``edit_hours`` only, None = always).
    ``delivered_by``: who can make it show "delivered". ``may_mail``: others may write to the buyer. ``ship_by``: its
    field with the date to ship by, '' = none; ``cancel_after_d``: it cancels so many days later. ``shows``: its own
    word for each of our order states, where it has one. ``says``: where each fact comes from. ``chosen``: what a person
    says that carriers are called in this one shop, by our code.
    """

    name: str = ""
    label: str = ""
    kind: Literal["shop", "marketplace", "payment", "file", "notes"] = "notes"
    carriers: Carriers = Carriers.NONE
    other: str = ""
    free_beside: bool = False
    free_name: bool = False
    names_from: str = ""
    needs_carrier: bool = False
    refuses: frozenset[str] = frozenset()
    link: Link = Link.NEVER
    max_number: int | None = None
    charset: Literal["any", "ascii", "alphanumeric"] = "any"
    numbers: Literal["none", "one", "many"] = "none"
    parcels: Parcels = Parcels.WHOLE
    edit: bool = False
    edit_hours: int | None = None
    withdraw: bool = False
    read_back: bool = False
    delivered_by: frozenset[Who] = frozenset()
    mails: Mails = Mails.NEVER
    may_mail: bool = False
    ship_by: str = ""
    cancel_after_d: int | None = None
    shows: Mapping[OrderState, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def delivered_write(self) -> bool:
        """Whether its API takes "delivered" from us (off unless the merchant switches it on)."""
        return "doorstep" in self.delivered_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A carrier on a channel: ``field`` is what its carrier field takes, ``beside`` the carrier's own name for the
    second field, '' = none. ``listed``: the channel knows this carrier (or keeps no list of its own).
    """

    field: str = ""
    beside: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One line of the stage table: what a channel shows while an order is in ``state`` ('' = it has no word of its
    own), and who can bring it there, in a fixed order. A number typed by hand and one found by itself show the same.
    """

    state: OrderState
    shows: str
    by: tuple[Who, ...]


class ByHand(StrEnum):
    """What a person has to do over there because the channel's API does not take it."""

    GIVE = "give"
    EDIT = "edit"
    WITHDRAW = "withdraw"
    DELIVERED = "delivered"


_UNKNOWN: Final = Channel()
_PEOPLE: Final[tuple[Who, ...]] = ("buyer", "person", "channel", "doorstep")
_GIVEN: Final = frozenset({OrderState.PARTLY_SHIPPED, OrderState.SHIPPED})
_THERE: Final = frozenset({OrderState.PARTLY_DELIVERED, OrderState.DELIVERED})


def channels() -> tuple[Channel, ...]:
    """Every channel we know the facts of, in the order of the file."""
    return tuple(_channels().values())


def channel(name: str) -> Channel:
    """The channel of that connector name; of an unknown one nothing is promised."""
    return _channels().get(name, _UNKNOWN)


def carrier_name(there: Channel, code: str) -> Named:
    """How to call the carrier of one of our codes ('' = unknown) there. Never a guess, and never another carrier's name
    for what did not ship with it: what the channel does not list is its "other". KeyError if the code is none of ours.
    """
    own = carrier(code).name if code else ""
    if there.carriers is Carriers.NONE:
        return Named()
    if code and code in there.chosen:
        return Named(field=there.chosen[code], listed=True)
    if there.carriers is not Carriers.LISTED:
        return Named(field=own, listed=bool(own))
    listed = _names().get(there.name, {}).get(code, "")
    if listed:
        return Named(field=listed, listed=True)
    if there.free_name:
        return Named(field=own)
    return Named(field=there.other, beside=own if there.free_beside else "")


def called_already(there: Channel, code: str, name: str) -> str:
    """The code of another carrier that has this name there, or by itself; '' = nobody has. Branches of one house (DHL
    Paket and DHL Express) may share a name.
    """
    said, listed = " ".join(name.casefold().split()), _names().get(there.name, {})
    for one in carriers():
        known = {one.name.casefold(), listed.get(one.code, "").casefold()}
        if said in known and not related(one.code, code) and one.code.partition("_")[0] != code.partition("_")[0]:
            return one.code
    return ""


def stages(there: Channel) -> tuple[Stage, ...]:
    """What the channel shows at each stage of an order, and by whom."""
    return tuple(Stage(state=state, shows=there.shows.get(state, ""), by=_movers(there, state)) for state in OrderState)


def task(there: Channel, what: ByHand) -> Message | None:
    """The exact words for what a person must do over there; None where there is nothing to do by hand. Delivered is
    left to a person wherever a person can say it: Doorstep writes it nowhere unless asked to. The sentence takes
    ``store``, ``order``, ``number`` and, for an edit, ``new``. A person's own notes ask for nothing.
    """
    left = {
        ByHand.GIVE: not _takes(there),
        ByHand.EDIT: not there.edit and not there.withdraw,  # what can be taken back can be given anew
        ByHand.WITHDRAW: not there.withdraw,
        ByHand.DELIVERED: "person" in there.delivered_by,
    }
    return Message(id=f"channel.by_hand.{what}") if left[what] and there.kind != "notes" else None


def _takes(there: Channel) -> bool:
    """Whether its API takes numbers."""
    return there.numbers != "none" and there.kind != "file"


def _movers(there: Channel, state: OrderState) -> tuple[Who, ...]:
    """Who can bring an order of that channel into a state."""
    if state in _THERE:
        return tuple(who for who in _PEOPLE if who in there.delivered_by)
    if state in _GIVEN:
        return ("person", "doorstep") if _takes(there) else ("person",)
    return ("buyer", "person", "channel") if state is OrderState.CANCELLED else ("buyer", "channel")


@cache
def _channels() -> Mapping[str, Channel]:
    with Path(__file__).with_name("channels.toml").open("rb") as file:
        return {name: _channel(name, facts) for name, facts in tomllib.load(file).items()}


def _channel(name: str, facts: dict[str, Any]) -> Channel:
    return Channel(
        **{
            **facts,
            "name": name,
            "carriers": Carriers(facts.get("carriers", Carriers.NONE)),
            "link": Link(facts.get("link", Link.NEVER)),
            "parcels": Parcels(facts.get("parcels", Parcels.WHOLE)),
            "mails": Mails(facts.get("mails", Mails.NEVER)),
            "refuses": frozenset(facts.get("refuses", ())),
            "delivered_by": frozenset(facts.get("delivered_by", ())),
            "shows": {OrderState(state): word for state, word in facts.get("shows", {}).items()},
            "says": {fact: source for source, stated in facts["says"].items() for fact in stated},
        }
    )


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    """Channel -> our code -> its name there."""
    with Path(__file__).with_name("channel_carriers.csv").open(encoding="utf-8", newline="") as rows:
        table = list(csv.DictReader(rows))
    return {name: {row["carrier"]: row[name] for row in table if row[name]} for name in _channels() if name in table[0]}
