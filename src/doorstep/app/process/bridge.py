"""Django's WSGI application behind an ASGI server, on daemon threads.

Measured against the alternatives: never Django's own ASGI handler. Only ``turns`` views run at a time, so that hooks
get the processor within milliseconds; a view that takes longer than ``slow_s`` (it waits for something) gives its turn
back. A body is read whole before a thread is used, and what is too much is refused instead of queued.
"""

import asyncio
import contextlib
import json
import queue
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import IO, Any, Final

from doorstep.app.log import logger

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

BODY_S: Final = 60.0  # a client has this long to send its body
PIECE_S: Final = 60.0  # and this long to take a piece of a streamed answer
IN_MEMORY: Final = 1 << 20
CHUNK: Final = 1 << 16
log = logger(__name__)


class Cut(Exception):
    """A body that will not come: the client has gone, or it is refused with ``status`` and ``text``."""

    def __init__(self, status: int = 0, text: str = "") -> None:
        super().__init__(text)
        self.status, self.text = status, text


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; status 0 = it was streamed already."""

    status: int = 0
    headers: Headers | None = None
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Job:
    """One request on its way to a thread."""

    environ: dict[str, Any]
    receive: Receive
    send: Send
    future: asyncio.Future[Reply]

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self.future.get_loop()


class Bridge:
    """The ASGI side. ``backlog``: how many whole requests may wait or run before more are refused (503)."""

    def __init__(
        self,
        app: Wsgi,
        *,
        threads: int = 8,
        turns: int = 2,
        slow_s: float = 0.05,
        backlog: int = 64,
        max_body: int = 12 << 20,
    ) -> None:
        self._app, self._slow_s, self._backlog, self._max_body = app, slow_s, backlog, max_body
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._turns = asyncio.Semaphore(turns)
        self._inside = 0
        for number in range(threads):
            threading.Thread(target=self._work, name=f"view-{number}", daemon=True).start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:
                length = await read_body(receive, body, self._max_body)
                await self._answer(environ(scope, body, length), receive, send)
        except Cut as cut:
            if cut.status:
                await refuse(scope, send, cut)

    async def _answer(self, env: dict[str, Any], receive: Receive, send: Send) -> None:
        if self._inside >= self._backlog:
            raise Cut(503, "Too many requests at once. Try again in a moment.")
        self._inside += 1
        try:
            reply = await self._run(Job(env, receive, send, asyncio.get_running_loop().create_future()))
        finally:
            self._inside -= 1
        if reply.status:
            await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
            await send({"type": "http.response.body", "body": reply.body})

    async def _run(self, job: Job) -> Reply:
        await self._turns.acquire()
        held = [True]

        def give_back() -> None:
            if held:
                held.clear()
                self._turns.release()

        timer = job.loop.call_later(self._slow_s, give_back)
        try:
            self._jobs.put(job)
            return await asyncio.shield(job.future)  # the thread goes on with the body, whoever gives up
        finally:
            timer.cancel()
            give_back()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                result: Reply | BaseException = self._call(job)
            except BaseException as problem:  # it belongs to the request
                result = problem
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                job.loop.call_soon_threadsafe(_settle, job.future, result)
            del job, result

    def _call(self, job: Job) -> Reply:
        head: list[tuple[int, Headers]] = []

        def start(status: str, headers: list[tuple[str, str]], _problem: object = None) -> None:
            head[:] = [(int(status[:3]), [(name.lower().encode("latin1"), text(value)) for name, value in headers])]

        pieces: Any = self._app(job.environ, start)
        try:
            status, headers = head[0]
            if getattr(pieces, "streaming", False):
                _stream(job, status, headers, pieces)
                return Reply()
            body = b"" if job.environ["REQUEST_METHOD"] == "HEAD" else b"".join(pieces)
            return Reply(status, headers, body)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()  # Django gives its database connection back here


def _stream(job: Job, status: int, headers: Headers, pieces: Any) -> None:
    """Send a streamed answer piece by piece; ends early when the client has gone."""
    gone = threading.Event()

    async def watch() -> None:
        while (await job.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    def put(event: Event) -> None:
        asyncio.run_coroutine_threadsafe(_send(job.send, event), job.loop).result(PIECE_S)

    watching = asyncio.run_coroutine_threadsafe(watch(), job.loop)
    try:
        put({"type": "http.response.start", "status": status, "headers": headers})
        file = getattr(pieces, "file_to_stream", None)
        for piece in iter(lambda: file.read(CHUNK), b"") if file else pieces:
            if gone.is_set():
                return
            put({"type": "http.response.body", "body": piece, "more_body": True})
        put({"type": "http.response.body", "body": b""})
    finally:
        watching.cancel()


async def _send(send: Send, event: Event) -> None:
    await send(event)


def _settle(future: asyncio.Future[Reply], result: Reply | BaseException) -> None:
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)


async def read_body(receive: Receive, body: IO[bytes], limit: int) -> int:
    """Write the request's body into ``body`` and rewind it; returns its length. Raises Cut."""
    size, more = 0, True
    try:
        async with asyncio.timeout(BODY_S):
            while more:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise Cut
                piece = event.get("body", b"")
                size, more = size + len(piece), event.get("more_body", False)
                if size > limit:
                    raise Cut(413, f"This is too large: at most {limit >> 20 or 1} MB can be sent.")
                body.write(piece)
    except TimeoutError:
        raise Cut(408, f"The request took longer than {BODY_S:g} seconds to arrive.") from None
    body.seek(0)
    return size


TEXT: Final = b"text/plain; charset=utf-8"
PROBLEM: Final = b"application/problem+json"
CODES: Final = {408: "unreadable", 413: "too_large", 503: "busy"}  # as ``web.api.problem`` calls them


STOPPING: Final = "Doorstep is stopping. Try again in a moment."


async def answered(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """Have a request answered. One that the server cancels, because a stopping process has waited long enough, is
    refused: nothing was promised, and its sender comes again.
    """
    try:
        await app(scope, receive, send)
    except asyncio.CancelledError:
        with contextlib.suppress(RuntimeError):  # its answer has begun
            await refuse(scope, send, Cut(503, STOPPING))


async def refuse(scope: Scope, send: Send, cut: Cut) -> None:
    """Say why a request is not done, to programs as they are told all problems."""
    later = [(b"retry-after", b"5")] if cut.status == 503 else []
    if scope["path"].startswith("/api/"):
        await plain(send, cut.status, _problem(cut), later, kind=PROBLEM)
    else:
        await plain(send, cut.status, cut.text, later)


def _problem(cut: Cut) -> bytes:
    """What programs are told, in the shape of all problems of the API (RFC 9457)."""
    code = CODES[cut.status]
    said = {"type": f"/api/v1/#{code}", "title": cut.text, "status": cut.status, "detail": cut.text, "code": code}
    return json.dumps({**said, "errors": []}).encode()


async def plain(
    send: Send, status: int, body: str | bytes, headers: Iterable[tuple[bytes, bytes]] = (), kind: bytes = TEXT
) -> None:
    """A short answer, of text where nothing else is said."""
    content = body.encode() if isinstance(body, str) else body
    fixed = [(b"content-type", kind), (b"content-length", str(len(content)).encode())]
    fixed.append((b"x-content-type-options", b"nosniff"))
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": content})


def environ(scope: Scope, body: IO[bytes], length: int) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of an ASGI request. Headers with an underscore could pose as others: dropped."""
    host, port = scope.get("server") or ("localhost", 80)
    env: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin1"),
        "QUERY_STRING": scope["query_string"].decode("latin1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "CONTENT_LENGTH": str(length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin1"), raw_value.decode("latin1")
        if "_" in name or name in {"content-length", "transfer-encoding"}:
            continue
        key = "CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
        joint = "; " if name == "cookie" else ","
        env[key] = f"{env[key]}{joint}{value}" if key in env else value
    return env


def text(value: str) -> bytes:
    """A header value as bytes; Django writes cookies with a leading blank."""
    return value.strip().encode("latin1")
