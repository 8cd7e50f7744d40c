"""The words of mails to shoppers: the store's own, else Doorstep's, by event and language. Every version is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.app.say import ENGLISH, catalog
from doorstep.core.letter import Event, problems
from doorstep.core.message import Message
from doorstep.db.models import Connection, LetterText


class Wrong(ValueError):
    """The words cannot be kept; ``messages`` says what is wrong, by field."""

    def __init__(self, messages: Mapping[str, Message]) -> None:
        super().__init__(", ".join(messages))
        self.messages = messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A template. ``version`` 0: nobody has changed it yet; ``own``: they are the store's."""

    subject: str
    body: str
    version: int = 0
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version that was kept; without ``own`` words it went back to Doorstep's."""

    version: int
    by: str
    at: datetime
    own: bool


def words(ws: int, store_id: int, event: Event, language: str) -> Words:
    """The words that count now."""
    row = _versions(ws, store_id, event, language).first()
    if row is None or not row.body:
        return default(event, language, row.version if row else 0)
    return Words(subject=row.subject, body=row.body, version=row.version, own=True)


def default(event: Event, language: str, version: int = 0) -> Words:
    """Doorstep's own words."""
    known = catalog(language) if f"letter.{event.value}.body" in catalog(language) else catalog(ENGLISH)
    subject, body = (known[f"letter.{event.value}.{part}"] for part in ("subject", "body"))
    return Words(subject=subject, body=body.strip(), version=version)


def own(ws: int, store_id: int) -> frozenset[tuple[str, str]]:
    """For which (event, language) a store has words of its own."""
    rows = LetterText.objects.filter(ws=ws, store_id=store_id).order_by("version")
    newest = {(one.event, one.language): bool(one.body) for one in rows}
    return frozenset(key for key, kept in newest.items() if kept)


def versions(ws: int, store_id: int, event: Event, language: str) -> list[Version]:
    """All of them, newest first."""
    rows = _versions(ws, store_id, event, language)
    return [Version(version=one.version, by=one.by, at=one.at, own=bool(one.body)) for one in rows]


def save(ws: int, store_id: int, event: Event, language: str, subject: str, body: str, actor: str) -> None:
    """Keep a new version. Raises Wrong."""
    subject, body = subject.strip(), body.replace("\r\n", "\n").strip()
    if wrong := problems(subject, body):
        raise Wrong(wrong)
    _keep(ws, store_id, event, language, (subject, body), actor)


def reset(ws: int, store_id: int, event: Event, language: str, actor: str) -> None:
    """Go back to Doorstep's own words."""
    _keep(ws, store_id, event, language, ("", ""), actor)


def bring_back(ws: int, store_id: int, event: Event, language: str, version: int, actor: str) -> None:
    """Make an earlier version the newest. Raises LetterText.DoesNotExist."""
    row = _versions(ws, store_id, event, language).get(version=version)
    _keep(ws, store_id, event, language, (row.subject, row.body), actor)


def _keep(ws: int, store_id: int, event: Event, language: str, texts: tuple[str, str], actor: str) -> None:
    with transaction.atomic():
        Connection.objects.select_for_update().get(ws=ws, id=store_id)  # one version after the other
        last = _versions(ws, store_id, event, language).first()
        if (last.subject, last.body) == texts if last else texts == ("", ""):
            return
        LetterText.objects.create(
            ws=ws,
            store_id=store_id,
            event=event.value,
            language=language,
            version=(last.version if last else 0) + 1,
            subject=texts[0],
            body=texts[1],
            by=actor,
            at=clock.now(),
        )
        record(ws, actor, "letters.words", f"connection:{store_id}", after={"event": event.value, "body": texts[1]})


def _versions(ws: int, store_id: int, event: Event, language: str) -> QuerySet[LetterText]:
    mine = LetterText.objects.filter(ws=ws, store_id=store_id, event=event.value, language=language)
    return mine.order_by("-version")
