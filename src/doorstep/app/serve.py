"""``doorstep up``: web, hooks, mail and workers in one process on one loop.

It stops in this order: no new connections, requests in flight are answered (``GRACE_S``), workers finish or are
cancelled, the writer stores what was accepted, exit. A second Ctrl-C exits at once; nothing acknowledged is lost then
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
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
import uvloop
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.urls import get_resolver
from django.utils.module_loading import import_string

from doorstep.app import holds, inbox, loop, upgrade
from doorstep.app.bridge import Bridge, Receive, Scope, Send
from doorstep.app.log import logger
from doorstep.app.smtp import Receiver
from doorstep.core.message import Message

HOOKS: Final = "doorstep.web.hooks.receive.application"  # by name: app knows no web
WORK: Final = "doorstep.app.work.run"
GRACE_S: Final = 5
Work = Callable[[asyncio.Event], Awaitable[None]]
log = logger(__name__)


class CannotStart(Exception):
    """Something of this machine is in the way; ``message`` says what."""

    def __init__(self, key: str, **values: str | int) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a running Doorstep listens."""

    url: str
    public_url: str
    smtp: str
    migrated: int
    backup: str


class Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would end the process before the writer is done."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to ``_obey``."""
        yield


def up(ready: Callable[[Place], None], work: Work | None = None) -> int:
    """Serve until SIGINT or SIGTERM; ``ready`` is told where, once it listens. Returns the exit code; the caller must
    end the process with ``os._exit``, as views that hang are not waited for. Raises CannotStart and upgrade.TooNew.
    """
    Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
    with alone(Path(settings.DATA_DIR)), _listen(settings.HOST, settings.PORT) as listener:
        migrated, copy = upgrade.upgrade()
        if connection.vendor == "sqlite":  # alone: PostgreSQL's other workers hold leases of their own
            holds.bury_the_dead()
        wsgi = get_wsgi_application()
        _ = get_resolver().url_patterns  # loads all pages: what is broken is known now, and the first visitor is quick

        def told(smtp_port: int) -> None:
            host, port = listener.getsockname()[:2]
            smtp = f"{settings.SMTP_HOST}:{smtp_port}"
            url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            ready(Place(url=url, public_url=settings.PUBLIC_URL, smtp=smtp, migrated=migrated, backup=str(copy or "")))

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(Bridge(wsgi), listener, work or import_string(WORK), told))


async def _serve(pages: Bridge, listener: socket.socket, work: Work, told: Callable[[int], None]) -> int:
    hooks, stop = import_string(HOOKS), asyncio.Event()

    async def root(scope: Scope, receive: Receive, send: Send) -> None:
        await (hooks if scope["path"].startswith("/hooks/") else pages)(scope, receive, send)

    loop.serve_here()
    _obey(stop)
    server = Server(_config(root))
    mail = Receiver(settings.SMTP_HOST, settings.SMTP_PORT)
    await _open(mail)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    working = asyncio.ensure_future(work(stop))
    told(mail.port)
    gc.collect()
    gc.freeze()  # what is loaded now stays: no reason to look at it again and again
    gc.set_threshold(100_000, 50, 100)
    await asyncio.wait([serving, working, asyncio.ensure_future(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    crashed = not stop.is_set()
    stop.set()
    server.should_exit = True
    await asyncio.gather(serving, mail.stop(), return_exceptions=True)
    await _finish(working)
    await asyncio.to_thread(inbox.WRITER.stop)
    await loop.end()
    await asyncio.to_thread(loop.BENCH.close)
    return int(crashed)


def _config(root: Callable[[Scope, Receive, Send], Awaitable[None]]) -> uvicorn.Config:
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
        forwarded_allow_ips="127.0.0.1",  # a proxy on this machine; nobody else may say who the client is
        timeout_graceful_shutdown=GRACE_S,
    )


async def _open(mail: Receiver) -> None:
    try:
        await mail.start()
    except OSError as problem:
        raise CannotStart(
            "doctor.smtp_port_taken", host=settings.SMTP_HOST, port=settings.SMTP_PORT, problem=str(problem)
        ) from None


async def _finish(working: asyncio.Future[None]) -> None:
    """Give the workers their grace, then cancel them; an interrupted request is recovered by its lease."""
    await asyncio.wait([working], timeout=GRACE_S)
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


def end(code: int) -> None:
    """End the process without waiting for threads that hang."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
