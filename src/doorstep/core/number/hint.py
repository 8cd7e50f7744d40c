"""What else is known about a text, and which carriers that speaks for."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from doorstep.core.number.directory import carrier_of_host, carriers, carriers_in, carriers_said, related


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """Everything is optional.

    ``near`` is label or other text beside the number; ``link_host`` the host of the link it stood in; ``sender`` the
    domain that wrote; ``carrier_text`` the store's or supplier's own word for the carrier; ``supplier`` who shipped;
    ``origin`` and ``destination`` ISO 3166 countries; ``date`` about when it was shipped (a text that reads as a day
    or an instant near it is taken for one).
    """

    near: str = ""
    link_host: str = ""
    sender: str = ""
    carrier_text: str = ""
    supplier: str = ""
    origin: str = ""
    destination: str = ""
    date: dt.date | None = None

    @property
    def countries(self) -> tuple[str, ...]:
        """Where the parcel comes from and goes to, as far as known, upper case."""
        return tuple(country.upper() for country in (self.origin, self.destination) if country)


NO_HINTS = Hints()


class Voice(StrEnum):
    """Which hint speaks for a carrier. The values are the ends of message ids."""

    LINK = "link"
    CARRIER_TEXT = "carrier_text"
    NEAR = "near"
    SENDER = "sender"
    SUPPLIER = "supplier"


Voices = Mapping[Voice, tuple[str, ...]]


@lru_cache(maxsize=256)  # one parcel's hints are asked about many texts
def voices(hints: Hints) -> Voices:
    """The carriers that each hint speaks for; hints that name none are absent."""
    said = {
        Voice.LINK: (carrier_of_host(hints.link_host),),
        Voice.CARRIER_TEXT: carriers_said(hints.carrier_text),
        Voice.NEAR: carriers_in(hints.near),
        Voice.SENDER: (carrier_of_host(hints.sender),),
        Voice.SUPPLIER: _carriers_of(hints.supplier),
    }
    return {voice: codes for voice, named in said.items() if (codes := tuple(filter(None, named)))}


def speaking_for(carrier: str, heard: Voices) -> tuple[Voice, ...]:
    """The hints that name a carrier, its brand, or a part of its brand."""
    return tuple(voice for voice, codes in heard.items() if any(related(carrier, code) for code in codes))


def _carriers_of(supplier: str) -> tuple[str, ...]:
    return _shippers().get("".join(char for char in supplier.lower() if char.isalnum()), ())


@cache
def _shippers() -> Mapping[str, tuple[str, ...]]:
    """The carriers that each supplier ships with."""
    found: dict[str, list[str]] = {}
    for info in carriers():
        for supplier in info.suppliers:
            found.setdefault(supplier, []).append(info.code)
    return {supplier: tuple(codes) for supplier, codes in found.items()}
