"""Processes: ``up`` is pages, hooks, mail and workers on one loop; ``part`` is some of them, and any number of such
processes share one PostgreSQL.

A process stops in this order: no new connections, requests in flight are answered (``GRACE_S``), workers finish or hand
back, the writer stores what was accepted, exit. A second Ctrl-C exits at once; nothing acknowledged is lost then
either.
"""

import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import uvicorn
import uvloop
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.urls import get_resolver
from django.utils.module_loading import import_string

from doorstep.app import inbox, loop, steady
from doorstep.app.log import logger
from doorstep.app.operate import upgrade
from doorstep.app.process import handover, holds, wire
from doorstep.app.process.bridge import App, Bridge, Receive, Scope, Send, answered, plain
from doorstep.app.receive.smtp import Receiver
from doorstep.core.message import Message

HOOKS: Final = "doorstep.web.hooks.receive.application"  # by name: app knows no web
HEALTH: Final = "doorstep.web.health.Health"
WORK: Final = "doorstep.app.process.work.run"
HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
GRACE_S: Final = 5
Parts = frozenset[Literal["pages", "hooks", "mail", "work"]]
EVERYTHING: Final[Parts] = frozenset({"pages", "hooks", "mail", "work"})
Work = Callable[[asyncio.Event], Awaitable[None]]
log = logger(__name__)


class CannotStart(Exception):
    """Something of this machine is in the way; ``message`` says what."""

    def __init__(self, key: str, **values: str | int) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a running Doorstep listens; '' = not there."""

    url: str
    public_url: str
    smtp: str = ""
    migrated: int = 0
    backup: str = ""


class Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would end the process before the writer is done."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to ``_obey``."""
        yield


def up(ready: Callable[[Place], None], work: Work | None = None) -> int:
    """Serve everything until SIGINT or SIGTERM; ``ready`` is told where, once it listens. Returns the exit code; the
    caller must end the process with ``os._exit``, as views that hang are not waited for. Raises CannotStart and
    upgrade.TooNew.
    """
    Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
    with alone(Path(settings.DATA_DIR)), _listen(settings.HOST, settings.PORT) as listener:
        migrated, copy = upgrade.upgrade()
        if connection.vendor == "sqlite":  # alone: PostgreSQL's other workers hold leases of their own
            holds.bury_the_dead()
        here = Place(url=_url(listener), public_url=settings.PUBLIC_URL, migrated=migrated, backup=str(copy or ""))
        return _run(EVERYTHING, listener, _beside_chores(work or import_string(WORK)), here, ready)


def _beside_chores(work: Work) -> Work:
    async def both(stop: asyncio.Event) -> None:
        async with handover.taking(Path(settings.DATA_DIR)):
            await work(stop)

    return both


def do(chore: str, /, **arguments: Any) -> dict[str, Any]:
    """Do what a command asks for (a chore of ``handover.CHORES``): here, while nobody else holds the data folder, or by
    the ``up`` that does. Raises handover.Refused, and CannotStart when that one takes no chores.
    """
    folder = Path(settings.DATA_DIR)
    try:
        with alone(folder):
            return handover.do(chore, arguments)
    except CannotStart:
        with contextlib.suppress(handover.Away):
            return handover.give(folder, chore, arguments)
        raise


def part(parts: Parts, ready: Callable[[Place], None], port: int) -> int:
    """Serve some parts beside other processes on one PostgreSQL; otherwise as ``up``. ``port`` 0: nothing listens for
    HTTP. The database must have been brought to this version before. Raises CannotStart and upgrade.TooNew.
    """
    if connection.vendor != "postgresql":
        raise CannotStart("serve.needs_postgres")
    now = upgrade.standing()
    if now.unknown:
        raise upgrade.TooNew(list(now.unknown))
    if now.missing:
        raise CannotStart("doctor.not_migrated", count=len(now.missing))
    with _listen(settings.HOST, port) if port else contextlib.nullcontext() as listener:
        here = Place(url=_url(listener) if listener else "", public_url=settings.PUBLIC_URL)
        return _run(parts, listener, import_string(WORK), here, ready)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _run(parts: Parts, listener: socket.socket | None, work: Work, here: Place, ready: Callable[[Place], None]) -> int:
    root = _root(parts)
    steady.watch()

    def told(smtp: str) -> None:
        ready(replace(here, smtp=smtp))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(root, listener, work if "work" in parts else _nothing, "mail" in parts, told))


def _root(parts: Parts) -> App:
    """What answers, by the beginning of the path."""
    hooks = import_string(HOOKS) if "hooks" in parts else _not_here
    health = import_string(HEALTH)(works="work" in parts)
    pages: App = _not_here
    if "pages" in parts:
        pages = Bridge(get_wsgi_application())
        _ = get_resolver().url_patterns  # loads all pages: what is broken is known now, and the first visitor is quick

    async def root(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        answer = hooks if path.startswith("/hooks/") else health if path in HEALTH_PATHS else pages
        await answered(answer, scope, receive, send)

    return root


async def _not_here(scope: Scope, receive: Receive, send: Send) -> None:
    await plain(send, 404, "Another process of this Doorstep answers here.")


async def _nothing(stop: asyncio.Event) -> None:
    await stop.wait()


async def _serve(
    root: App, listener: socket.socket | None, work: Work, with_mail: bool, told: Callable[[str], None]
) -> int:
    stop = asyncio.Event()
    loop.serve_here()
    _obey(stop)
    server = Server(_config(root))
    mail = await _open() if with_mail else None
    if connection.vendor == "postgresql":
        wire.WIRE.start()
    serving = asyncio.ensure_future(server.serve(sockets=[listener]) if listener else _nothing(stop))
    working = asyncio.ensure_future(work(stop))
    told(f"{settings.SMTP_HOST}:{mail.port}" if mail else "")
    gc.collect()
    gc.freeze()  # what is loaded now stays: no reason to look at it again and again
    gc.set_threshold(100_000, 50, 100)
    await asyncio.wait([serving, working, asyncio.ensure_future(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    crashed = not stop.is_set()
    stop.set()
    server.should_exit = True
    await asyncio.gather(serving, *([mail.stop()] if mail else ()), return_exceptions=True)
    await _finish(working)
    await asyncio.to_thread(inbox.WRITER.stop)
    await loop.end()
    await asyncio.to_thread(loop.BENCH.close)
    await asyncio.to_thread(wire.WIRE.stop)
    return int(crashed)


def _config(root: App) -> uvicorn.Config:
    return uvicorn.Config(
        root,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        limit_concurrency=1000,
        proxy_headers=True,
        forwarded_allow_ips=settings.TRUSTED_PROXIES,
        timeout_graceful_shutdown=GRACE_S,
    )


async def _open() -> Receiver:
    mail = Receiver(settings.SMTP_HOST, settings.SMTP_PORT)
    try:
        await mail.start()
    except OSError as problem:
        raise CannotStart(
            "doctor.smtp_port_taken", host=settings.SMTP_HOST, port=settings.SMTP_PORT, problem=str(problem)
        ) from None
    return mail


async def _finish(working: asyncio.Future[None]) -> None:
    """Give the workers their grace, and as long again on a starved machine to hand back what they hold; then cancel
    them: an interrupted request is recovered by its lease.
    """
    await asyncio.wait([working], timeout=2 * GRACE_S)
    working.cancel()
    (problem,) = await asyncio.gather(working, return_exceptions=True)
    if isinstance(problem, Exception):
        log.error("work.crashed", exc_info=problem)


def _obey(stop: asyncio.Event) -> None:
    """SIGINT and SIGTERM stop; the second one exits at once."""

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only server of a data directory (SQLite; PostgreSQL takes many). The lock ends with the process, however
    it ends. Raises CannotStart naming the process that is in the way.
    """
    with (folder / "up.lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if connection.vendor == "sqlite":
                file.seek(0)
                pid = file.read().strip() or "?"
                raise CannotStart("doctor.already_running", folder=str(folder), pid=pid) from None
        else:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield


@contextlib.contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket, so that a taken port is known before anything is touched."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except OSError as problem:
            raise CannotStart("doctor.port_taken", host=host, port=port, problem=str(problem)) from None
        yield listener


def end(code: int) -> NoReturn:
    """End the process without waiting for threads that hang."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
