"""What can be connected, found by its name or by a carrier that it answers for."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from doorstep.app.connections import connect
from doorstep.app.connections.connection_view import KINDS
from doorstep.connectors.contract import Meta
from doorstep.connectors.registry import Kind
from doorstep.core.message import Message
from doorstep.core.number import carrier, carrier_named, carriers
from doorstep.db.models import Connection

LETTERS: Final = 3  # so many of a carrier's name find it; fewer are in most of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that can be connected. ``connected``: how often it is. ``why``: why it was found where it is not by its
    own name.
    """

    meta: Meta
    connected: int
    why: Message | None


def offers(ws: int, query: str) -> dict[str, list[Offer]]:
    """What can be connected, by kind, whose name has all words of ``query``, or which answers for a carrier of that
    name: first what is called so. Everything for an empty query.
    """
    query = " ".join(query.casefold().split())
    meant = _carriers(query)
    rows = Connection.objects.filter(ws=ws).exclude(state="removed").values_list("kind", "connector")
    here = Counter(rows)
    found: dict[str, list[Offer]] = {}
    for kind in KINDS:
        fit = [Offer(meta=meta, connected=here[kind, meta.name], why=why) for meta, why in _fitting(kind, query, meant)]
        if fit:
            found[kind] = sorted(fit, key=lambda one: one.why is not None)
    return found


def _fitting(kind: Kind, query: str, meant: frozenset[str]) -> Iterator[tuple[Meta, Message | None]]:
    for meta in connect.choices(kind):
        called = f"{meta.label} {meta.name}".casefold()
        if all(word in called for word in query.split()):
            yield meta, None
        elif kind == "carrier" and (answered := meant & meta.carriers if meta.carriers else meant):
            yield meta, _answers_for(answered)


def _answers_for(codes: frozenset[str]) -> Message:
    if len(codes) > 1:
        return Message(id="connect.answers_for_some", values={"count": len(codes)})
    return Message(id="connect.answers_for", values={"carrier": carrier(min(codes)).name})


def _carriers(query: str) -> frozenset[str]:
    """The codes of the carriers that the query names, or whose names have all of its words."""
    if len(query) < LETTERS:
        return frozenset()
    named = carrier_named(query)
    found = {one.code for one in carriers() if all(word in one.name.casefold() for word in query.split())}
    return frozenset(found | {named} if named else found)
