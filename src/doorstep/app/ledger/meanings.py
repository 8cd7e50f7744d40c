"""What people said that words mean which no connector knows: looked up when such a word is met, and only then.

A connector's own word always counts before a person's: theirs holds for a scan of which nothing could be read, whose
code the connector does not have.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, cast

from doorstep.connectors.registry import Kind, connectors
from doorstep.core.status import Reason, Status
from doorstep.db.load import fetch
from doorstep.db.models import Connection, Meaning

LONGEST: Final = 200  # characters of a vendor's word; the whole is in the inbox


class Meant(NamedTuple):
    """What a person said that a word means."""

    status: Status
    reason: Reason | None


class _Source(NamedTuple):
    """``said`` of the words of a source, and the words that its connector knows itself."""

    said: Mapping[str, Meant]
    known: Mapping[str, Status]


class Meanings:
    """Those of one workspace. Made for one piece of work: it looks no more than once, and not at all as long as every
    scan can be read.
    """

    __slots__ = ("_sources", "_ws")

    def __init__(self, ws: int) -> None:
        self._ws = ws
        self._sources: dict[int, _Source] | None = None

    def of(self, source: int, code: str, text: str) -> Meant | None:
        """What a scan of a source means of which nothing could be read; None where nobody said."""
        if self._sources is None:
            self._sources = dict(_sources(self._ws))
        here = self._sources.get(source)
        if here is None or code in here.known:
            return None
        return next((here.said[one] for one in words_of(code, text) if one in here.said), None)


def explained(ws: int, connector: str) -> frozenset[str]:
    """The words of a connector that a person has explained, be it that they say nothing."""
    return frozenset(row.word for row in fetch(Meaning, ws, "status <> ''") if row.connector == connector)


def words_of(code: str, text: str) -> Iterator[str]:
    """The words by which a scan may be known: its code, the parts of a code that has several (the last is the finer
    one), its text.
    """
    if code:
        yield code
        if "/" in code:
            yield from reversed(code.split("/"))
    yield text[:LONGEST]


def _sources(ws: int) -> Iterator[tuple[int, _Source]]:
    said: dict[str, dict[str, Meant]] = {}
    for row in fetch(Meaning, ws, "status NOT IN ('', 'unknown')"):
        reason = Reason(row.reason) if row.reason else None
        said.setdefault(row.connector, {})[row.word] = Meant(Status(row.status), reason)
    accounts = Connection.objects.filter(ws=ws, connector__in=said) if said else ()
    for account in accounts:
        every = connectors(cast(Kind, account.kind))
        known = every[account.connector].status if account.connector in every else {}
        yield account.id, _Source(said[account.connector], known)
