"""Honest conversion: how one of a parcel's own numbers is told to a channel, or why it is not.

What may change is the writing of the number, the name of its carrier and the link, never the truth: no number that is
not the parcel's own, no scan, and no other carrier's name for what did not ship with it. Which of a parcel's numbers is
told is for ``core.policy``: it takes the courier's in place of one that the channel refuses.
"""

import re
from dataclasses import dataclass
from typing import Final

from doorstep.core.channel import Carriers, Channel, Link, Named, carrier_name
from doorstep.core.message import Message
from doorstep.core.number import carrier as carrier_info
from doorstep.core.number import tracking_link
from doorstep.core.order import Role

_PLAIN: Final = re.compile(r"[0-9A-Za-z]+")
_DIVIDERS: Final = re.compile(r"[\s./_-]+")
# Roles that are nobody's way to the buyer.
_NEVER: Final = {Role.RETURN: "convert.refuse.way_back", Role.ALIAS: "convert.refuse.alias"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the channel is told. ``number`` as the channel takes it, ``carrier`` is our code, ``named`` the carrier over
    there, ``url`` '' = none is told. ``notes``: what was converted, and what the shopper will not see.
    """

    number: str
    carrier: str
    named: Named
    url: str
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """This number cannot be told to this channel, and nothing else may be told in its place."""

    reason: Message


def convert(there: Channel, number: str, carrier: str, role: Role, page: str = "") -> Given | Refusal:
    """How to tell a number there. ``carrier`` is our code, '' = unknown; ``page`` the order's own page on Doorstep,
    '' = there is none: it stands in where the carrier has no page that takes the number.
    """
    text = _DIVIDERS.sub("", number) if there.charset == "alphanumeric" else number
    named = carrier_name(there, carrier)
    url, from_page = _link(there, text, carrier, named, page)
    why = _refused_as_it_is(there, text, role) or _refused_carrier(there, text, carrier, named, url)
    if why:
        return Refusal(reason=why)
    return Given(
        number=text, carrier=carrier, named=named, url=url, notes=_notes(there, number, text, carrier, named, from_page)
    )


def _link(there: Channel, number: str, carrier: str, named: Named, page: str) -> tuple[str, bool]:
    """The link, and whether it is our page."""
    if there.link is Link.NEVER or (there.link is Link.WITH_OTHER and named.listed):
        return "", False
    own = tracking_link(carrier, number) if carrier else ""
    return own or page, bool(page and not own)


def _refused_as_it_is(there: Channel, number: str, role: Role) -> Message | None:
    """What speaks against the number itself."""
    values = {"number": number, "channel": there.label}
    if there.numbers == "none":
        return Message(id="convert.refuse.takes_none", values={"channel": there.label or there.name})
    if role in _NEVER:
        return Message(id=_NEVER[role], values={"number": number})
    if there.max_number is not None and len(number) > there.max_number:
        return Message(id="convert.refuse.too_long", values={**values, "most": there.max_number})
    plain = there.charset != "alphanumeric" or _PLAIN.fullmatch(number)
    if not plain or (there.charset == "ascii" and not number.isascii()):
        return Message(id="convert.refuse.characters", values=values)
    return None


def _refused_carrier(there: Channel, number: str, carrier: str, named: Named, url: str) -> Message | None:
    """What speaks against its carrier over there."""
    values = {"number": number, "channel": there.label, "carrier": carrier_info(carrier).name if carrier else ""}
    if carrier in there.refuses:
        return Message(id="convert.refuse.carrier", values=values)
    named_somehow = named.beside if there.free_beside and not named.listed else named.field
    if there.needs_carrier and not named_somehow:
        return Message(id="convert.refuse.carrier_unknown", values=values)
    if there.link is Link.WITH_OTHER and not named.listed and carrier and not url:
        return Message(id="convert.refuse.no_link", values=values)
    return None


def _notes(there: Channel, said: str, number: str, carrier: str, named: Named, from_page: bool) -> tuple[Message, ...]:
    name = carrier_info(carrier).name if carrier else ""
    notes = []
    if said != number:
        notes.append(Message(id="convert.rewritten", values={"number": number, "channel": there.label}))
    if carrier and there.carriers is Carriers.NONE:
        notes.append(Message(id="convert.no_carrier_field", values={"channel": there.label, "carrier": name}))
    elif carrier and name not in {named.field, named.beside} and not named.listed:
        notes.append(Message(id="convert.carrier_as_other", values={"channel": there.label, "carrier": name}))
    elif not carrier and there.carriers is not Carriers.NONE:
        notes.append(Message(id="convert.carrier_not_known", values={"number": number}))
    if from_page:
        notes.append(Message(id="convert.page_link", values={"channel": there.label}))
    return tuple(notes)
