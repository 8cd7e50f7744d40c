"""A store's own domain for its shoppers' pages. A merchant names it and proves that it is theirs, by a DNS record or a
file that holds a token; then the pages answer under it and links lead there.

It is a ``domain`` door: once it is proven its token is the name itself, so that a name leads to one store only. Until
then ``hint`` says so, and nothing answers.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Final

import idna
from django.conf import settings
from django.db import IntegrityError, transaction
from yarl import URL

from doorstep.app import clock, doors, http, loop
from doorstep.app.audit import record
from doorstep.app.log import logger
from doorstep.app.receive import mail_auth
from doorstep.connectors.contract import Request, Trouble
from doorstep.core.message import Message, Value
from doorstep.db.models import Connection, Door, Order

log = logger(__name__)
ASKED: Final = "asked"  # hint of a door that is not proven yet
FILE: Final = "/.well-known/doorstep.txt"
RECORD: Final = "_doorstep"
_NAME: Final = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){2,}[a-z]([a-z0-9-]{0,61}[a-z0-9])")
Lookup = Callable[[str], bytes | None]


class Refused(ValueError):
    """It is not done; ``message`` says why."""

    def __init__(self, key: str, **values: Value) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


def of(ws: int, store_id: int) -> Door | None:
    """The domain of a store, proven or not."""
    return Door.objects.filter(ws=ws, kind="domain", target_id=store_id, revoked_at=None).first()


def proof(door: Door) -> str:
    """What the DNS record or the file has to hold."""
    return f"doorstep-{doors.token_of(Door(id=door.id, kind='domain'))}"


def ask(ws: int, store_id: int, name: str, actor: str) -> None:
    """Name the domain; it has to be proven. Raises Refused."""
    if not Connection.objects.filter(ws=ws, id=store_id, kind="store").exists():
        raise Refused("domain.no_store")
    host = _host(name)
    with transaction.atomic():
        remove(ws, store_id, actor)
        door = Door(ws=ws, kind="domain", target_id=store_id, label=host, hint=ASKED, created_at=clock.now())
        door.token_sha256 = doors.hashed(f"asked:{door.id}")
        door.save(force_insert=True)
        record(ws, actor, "domain.ask", f"connection:{store_id}", after={"host": host})


def check(ws: int, store_id: int, actor: str, lookup: Lookup = mail_auth.txt) -> None:
    """Look for the proof, and open the domain. Waits for DNS and the network: never under a lock. Raises Refused."""
    door = of(ws, store_id)
    if door is None or not door.hint:
        raise Refused("domain.nothing_to_check")
    if not (_in_dns(door, lookup) or _in_file(door)):
        raise Refused("domain.not_proven", host=door.label)
    try:
        with transaction.atomic():
            mine = Door.objects.filter(ws=ws, id=door.id, revoked_at=None)
            mine.update(token_sha256=doors.hashed(door.label), hint="")
            record(ws, actor, "domain.open", f"connection:{store_id}", after={"host": door.label})
    except IntegrityError:
        raise Refused("domain.taken", host=door.label) from None


def remove(ws: int, store_id: int, actor: str) -> None:
    """Answer under it no longer; the name is free for another store."""
    door = of(ws, store_id)
    if door is None:
        return
    with transaction.atomic():
        gone = {"revoked_at": clock.now(), "token_sha256": doors.hashed(f"gone:{door.id}")}
        Door.objects.filter(ws=ws, id=door.id).update(**gone)
        record(ws, actor, "domain.remove", f"connection:{store_id}")


def opened(host: str) -> tuple[int, int] | None:
    """Workspace and store of a proven domain."""
    door = doors.find("domain", host.lower().rstrip("."))
    return (door.ws, door.target_id) if door else None


def shows(ws: int, store_id: int, path: str) -> bool:
    """Whether a page belongs to this store: under its domain there is nothing of another."""
    _, kind, token, *_ = [*path.split("/"), "", ""]
    if kind == "t":
        entered = doors.enter("page", token)
        return bool(
            entered
            and entered.ws == ws
            and Order.objects.filter(ws=ws, id=entered.target_id, store_id=store_id).exists()
        )
    if kind == "find":
        entered = doors.enter("lookup", token)
        return bool(entered and (entered.ws, entered.target_id) == (ws, store_id))
    return False


def _host(name: str) -> str:
    """The name as DNS has it. Raises Refused."""
    said = name.strip().casefold().removeprefix("https://").removeprefix("http://").split("/")[0].rstrip(".")
    try:
        host = idna.encode(said).decode() if said else ""
    except idna.IDNAError:
        host = ""
    if not _NAME.fullmatch(host):
        raise Refused("domain.no_name", name=said[:80])
    if host in _ours():
        raise Refused("domain.ours", host=host)
    return host


def _ours() -> set[str]:
    return {URL(settings.PUBLIC_URL).host or "", settings.MAIL_DOMAIN, *settings.ALLOWED_HOSTS}


def _in_dns(door: Door, lookup: Lookup) -> bool:
    try:
        return lookup(f"{RECORD}.{door.label}") == proof(door).encode()
    except TimeoutError:
        return False


def _in_file(door: Door) -> bool:
    """Ask the domain itself, through the one client that refuses private addresses."""
    request = Request(method="GET", url=f"https://{door.label}{FILE}")
    try:
        answer = loop.call(http.send(request, frozenset({door.label})))
    except (Trouble, asyncio.CancelledError) as problem:
        log.info("domain.file", host=door.label, problem=type(problem).__name__)
        return False
    return answer.status == 200 and answer.body.strip() == proof(door).encode()
