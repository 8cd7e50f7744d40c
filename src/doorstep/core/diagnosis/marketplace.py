"""What marketplaces promise their buyers: the data of ``marketplaces.toml``, each value with its source."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any


class Anchor(StrEnum):
    """The date that a term counts from."""

    PAID = "paid"
    NUMBER_DUE = "number_due"  # the end of the dispatch term
    DISPATCHED = "dispatched"
    DELIVERY_DUE = "delivery_due"  # the latest promised day
    PROTECTION_ENDS = "protection_ends"
    NONE = ""  # a length of time


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """So long after an anchor. ``source``: where it is written, ``checked``: when it was read there; ``verified``:
    it is the marketplace's own page, and not what others write about it.
    """

    span: timedelta
    anchor: Anchor
    source: str
    checked: date
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Marketplace:
    """Where the order was bought. None = nothing is known or promised.

    ``dispatch``: the usual term until a number is due. ``refund``: when the money comes back by itself if nothing is
    sent. ``opens`` and ``closes``: between when a buyer may open a dispute. ``protection``: how long it lasts where the
    order does not say so itself. ``answer``: how long the seller has for an answer. ``margin``: how long before the end
    a dispute should be open.
    """

    code: str = ""
    name: str = ""
    channels: frozenset[str] = frozenset()
    dispatch: Term | None = None
    refund: Term | None = None
    opens: Term | None = None
    closes: Term | None = None
    protection: Term | None = None
    answer: Term | None = None
    margin: Term | None = None

    @property
    def terms(self) -> Mapping[str, Term]:
        """All terms that are known, by name."""
        named = {name: getattr(self, name) for name in _TERMS}
        return {name: term for name, term in named.items() if term}


NOWHERE = Marketplace()
_TERMS = ("dispatch", "refund", "opens", "closes", "protection", "answer", "margin")


def marketplace(code: str) -> Marketplace:
    """The marketplace of that code (``aliexpress``) or of that store's connector (``woocommerce``); one that promises
    nothing if it is not known.
    """
    known = marketplaces()
    return known.get(code) or next((one for one in known.values() if code in one.channels), NOWHERE)


@cache
def marketplaces() -> Mapping[str, Marketplace]:
    """Every marketplace by its code, in the order of the file."""
    data = tomllib.loads(Path(__file__).with_name("marketplaces.toml").read_text(encoding="utf-8"))
    return {code: _marketplace(code, row) for code, row in data.items()}


def _marketplace(code: str, row: Mapping[str, Any]) -> Marketplace:
    terms = {name: _term(row[name]) for name in _TERMS if name in row}
    return Marketplace(code=code, name=row["name"], channels=frozenset(row.get("channels", ())), **terms)


def _term(row: Mapping[str, Any]) -> Term:
    return Term(
        span=timedelta(days=row["days"]),
        anchor=Anchor(row.get("from", "")),
        source=row["source"],
        checked=row["checked"],
        verified=row["verified"],
    )
