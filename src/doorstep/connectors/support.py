"""Which supplier gives numbers by itself, which by e-mail, and for which they come by hand (S77).

Nothing is promised here that is not there: "by itself" is a connector that reads purchases, "by e-mail" is rules for
the sender (``mail/senders.toml``). ``support.toml`` adds names only.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from doorstep.connectors.contract import OWN, Can, Meta
from doorstep.connectors.mail.senders import Merchant, merchants
from doorstep.connectors.registry import connectors
from doorstep.core.message import Message


class Way(StrEnum):
    """How the numbers of a supplier come, the best first."""

    AUTOMATIC = "automatic"
    MAIL = "mail"
    HAND = "hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """One supplier. ``meta``: of its connector, None = there is none. ``mails``: its sender rules, None = none."""

    name: str
    label: str
    aka: tuple[str, ...] = ()
    meta: Meta | None = None
    mails: Merchant | None = None

    @property
    def ways(self) -> tuple[Way, ...]:
        """All that there are, the best first; by hand is always one."""
        has = {Way.AUTOMATIC: self.meta, Way.MAIL: self.mails, Way.HAND: self}
        return tuple(way for way in Way if has[way])

    @property
    def best(self) -> Way:
        """The way with the least work."""
        return self.ways[0]

    @property
    def how(self) -> tuple[Message, ...]:
        """What to do, a sentence for each way but the last; by hand where there is no other."""
        said = []
        if self.meta:
            called = Can.HOOKS in self.meta.can
            said += [Message(id="support.automatic.hooks") if called else Message(id="support.automatic.asks")]
            said += [_SURE[self.meta.proven]] if self.meta.proven in _SURE else []
        if self.mails:
            values = {"domain": self.mails.domains[0]}
            known = Message(id="support.mail.orders", values=values)
            said.append(known if self.mails.sender.orders else Message(id="support.mail.numbers", values=values))
        return tuple(said) or (Message(id="support.hand"),)


_SURE: Final = {
    "documented only": Message(id="support.sure.documented"),
    "vendor sample": Message(id="support.sure.sample"),
}

EVERY: Final = (  # what can be done for any supplier, known by name or not
    Message(id="support.every.mail"),
    Message(id="support.every.table"),
    Message(id="support.every.address"),
    Message(id="support.every.link"),
    Message(id="support.every.hand"),
)


def reads_purchases(meta: Meta) -> bool:
    """Whether it asks a supplier by name; a table at an address is anybody's."""
    return Can.PURCHASES in meta.can and meta.hosts != OWN


@cache
def suppliers() -> tuple[Supported, ...]:
    """Every supplier that is known by name, by label."""
    data: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    metas = {one.meta.name: one.meta for one in connectors("supplier").values() if reads_purchases(one.meta)}
    mails = merchants()
    found = []
    for name in {**data, **metas, **mails}:
        meta, row = metas.get(name), data.get(name, {})
        label = meta.label if meta else row["label"]  # sender rules without a label here are a mistake
        found.append(Supported(name=name, label=label, aka=tuple(row.get("aka", ())), meta=meta, mails=mails.get(name)))
    return tuple(sorted(found, key=lambda one: one.label.casefold()))


def find(query: str) -> tuple[Supported, ...]:
    """Those whose name holds all words of ``query``; everything for an empty one."""
    words = query.casefold().split()
    return tuple(one for one in suppliers() if all(word in _searched(one) for word in words))


def _searched(one: Supported) -> str:
    domains = one.mails.domains if one.mails else ()
    return " ".join((one.name, one.label, *one.aka, *domains)).casefold()
