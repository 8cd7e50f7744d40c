"""``doorstep doctor``: what is misconfigured, and how to mend it. Looks only, changes nothing."""

import shutil
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import dns.exception
import dns.resolver
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Max, Q

from doorstep.app import addresses, audit, clock, http, loop, vault
from doorstep.app.connections import lending
from doorstep.app.ledger import retention
from doorstep.app.operate import upgrade
from doorstep.app.reading import reread
from doorstep.connectors.contract import Request, Trouble
from doorstep.core.message import Message, Value
from doorstep.db.models import Connection, Inbox, Postbox, Workspace

Grade = Literal["good", "note", "bad"]
MIN_FREE_MB: Final = 500
MOST_HOSTS: Final = 5  # mail servers named in one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. ``note``: works, but should be known; ``bad``: has to be mended."""

    grade: Grade
    message: Message


def examine() -> list[Finding]:
    """Look at everything."""
    findings = [*_data(), *_key(), *_mail_out(), *_public_url(), *_allowed_hosts(), *_mail_domain(), *_demo()]
    try:
        findings += _database()
    except DatabaseError as problem:
        findings.append(_found("bad", "database_unreachable", problem=str(problem).strip()))
    return findings


def _found(grade: Grade, key: str, **values: Value) -> Finding:
    return Finding(grade=grade, message=Message(id=f"doctor.{key}", values=values))


def _data() -> Iterator[Finding]:
    folder = Path(settings.DATA_DIR)
    free_mb = shutil.disk_usage(folder).free >> 20
    if free_mb < MIN_FREE_MB:
        yield _found("bad", "disk_full", folder=str(folder), free_mb=free_mb)
    else:
        yield _found("good", "disk", folder=str(folder), free_mb=free_mb)


def _key() -> Iterator[Finding]:
    path = Path(settings.DATA_DIR) / "key"
    if not path.exists():
        yield _found("good", "key_in_environment")
    elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield _found("bad", "key_readable", path=str(path))
    else:
        yield _found("good", "key", path=str(path))


def _mail_out() -> Iterator[Finding]:
    if settings.EMAIL_HOST:
        yield _found("good", "mail_out", host=settings.EMAIL_HOST)
    else:
        yield _found("note", "mail_out_missing")


def _public_url() -> Iterator[Finding]:
    """Whether vendors and shoppers can reach us; without it everything works by polling."""
    url = settings.PUBLIC_URL
    host = urlsplit(url).hostname or ""
    if not _is_public(host):
        yield _found("note", "polling_only", url=url)
        return
    if not url.startswith("https://"):
        yield _found("bad", "public_url_plain", url=url)
    try:
        loop.call(http.send(Request(method="GET", url=f"{url}/"), frozenset({host})))
    except Trouble as trouble:
        yield _found("bad", "public_url_unreachable", url=url, problem=type(trouble).__name__)
    else:
        yield _found("good", "public_url", url=url)


def _is_public(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except OSError:
        return False
    return any(addresses.public(str(one[4][0])) for one in found)


def _allowed_hosts() -> Iterator[Finding]:
    for item in filter(None, (item.strip() for item in settings.ALLOW_HOSTS.split(","))):
        host, _, port = item.rpartition(":")
        if not host or not port.isdigit():
            yield _found("bad", "allow_host_unreadable", item=item)
        else:
            yield _found("note", "allow_host", item=item)


def _mail_domain() -> Iterator[Finding]:
    domain = settings.MAIL_DOMAIN
    if domain.endswith("localhost"):
        yield _found("note", "mail_domain_local", domain=domain)
        return
    try:
        answer = dns.resolver.resolve(domain, "MX", lifetime=5)
        servers = ", ".join(sorted(str(one.exchange).rstrip(".") for one in answer))
    except dns.exception.DNSException:
        yield _found("bad", "mail_domain_without_mx", domain=domain)
    else:
        yield _found("good", "mail_domain", domain=domain, servers=servers)


def _app() -> Iterator[Finding]:
    """The shoppers' app: closed unless somebody opened it, and of no use without mail."""
    if not settings.SHOPPER_APP:
        return
    yield _found("note", "app_open", url=f"{settings.PUBLIC_URL}/my/")
    if not settings.EMAIL_HOST:
        yield _found("bad", "app_without_mail")
    if not Connection.objects.filter(ws=lending.HOUSE, kind="carrier", state="active").exists():
        yield _found("bad", "app_asks_nobody")
    for name in ("privacy", "terms"):
        if not (Path(settings.DATA_DIR) / f"{name}.txt").is_file():
            yield _found("note", "app_own_words", name=name, path=str(Path(settings.DATA_DIR) / f"{name}.txt"))
    yield from _postboxes()


def _postboxes() -> Iterator[Finding]:
    """Shoppers' mailboxes that cannot be read: how many and where, never whose. Each owner was told; what is wrong with
    a server is wrong for many of them.
    """
    every = Postbox.objects.exclude(state="paused")
    failing = every.filter(Q(state="denied") | Q(failures__gt=0))
    count, hosts = failing.count(), sorted(set(failing.values_list("host", flat=True)))
    if count:
        refused, shown = failing.filter(state="denied").count(), ", ".join(hosts[:MOST_HOSTS])
        yield _found("note", "postboxes_failing", count=count, all=every.count(), refused=refused, hosts=shown)
    elif every.exists():
        yield _found("good", "postboxes", count=every.count())


def _demo() -> Iterator[Finding]:
    if settings.DEMO:
        yield _found("note", "demo", rate=settings.CLOCK.rpartition("@")[2] or "1")


def _database() -> Iterator[Finding]:
    now = upgrade.standing()
    if now.unknown:
        yield _found("bad", "database_too_new", newest=now.unknown[-1])
    elif now.missing:
        yield _found("bad", "database_behind", count=len(now.missing))
    else:
        yield _found("good", "database", kind=connection.display_name)
        yield from _time()
        yield from _connections()
        yield from _reread()
        yield from _audit()
        yield from _bodies()
        yield from _app()


def _audit() -> Iterator[Finding]:
    """Whether every trail still holds together: a broken one was written by somebody else, or restored in part."""
    broken = [one.name for one in Workspace.objects.order_by("id") if not audit.unbroken(one.id)]
    for name in broken:
        yield _found("bad", "audit_broken", workspace=name)
    if not broken:
        yield _found("good", "audit")


def _bodies() -> Iterator[Finding]:
    """How long raw answers and mails are kept, and whether emptying them is behind."""
    days = round(settings.KEEP_BODIES_DAYS, 2)
    if waiting := retention.overdue():
        yield _found("note", "bodies_waiting", count=waiting, days=days)
    else:
        yield _found("good", "bodies", days=days)


def _reread() -> Iterator[Finding]:
    """Whether connectors that read better now still have old answers before them."""
    if waiting := reread.waiting():
        yield _found("note", "reread_waiting", count=waiting)


def _time() -> Iterator[Finding]:
    """A clock that is behind what was already received has been set back."""
    newest = Inbox.objects.aggregate(at=Max("received_at"))["at"]
    if newest and newest > clock.now():
        yield _found("bad", "clock_behind", newest=newest.isoformat())
    else:
        yield _found("good", "clock", now=clock.now().replace(microsecond=0).isoformat())


def _connections() -> Iterator[Finding]:
    readable = True
    for one in Connection.objects.filter(lent_id=0).order_by("ws", "kind", "label"):
        try:
            vault.unseal(one.credentials_enc)
        except vault.WrongKey:
            readable = False
            yield _found("bad", "credentials_unreadable", label=one.label, workspace=one.ws)
        if one.state == "denied":
            if one.ws == lending.HOUSE:
                yield _found("bad", "lent_denied", label=one.label, connector=one.connector)
            else:
                yield _found("bad", "connection_denied", label=one.label, workspace=one.ws)
    if readable:
        yield _found("good", "credentials")
