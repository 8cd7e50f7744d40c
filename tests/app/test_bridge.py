"""The bridge between the ASGI server and Django's WSGI, over a real server on the loopback."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import uvicorn

from doorstep.app.process import bridge, serve
from doorstep.app.process.bridge import Bridge
from doorstep.app.process.serve import Server

Started = Callable[[str, list[tuple[str, str]]], Any]


def listener() -> socket.socket:
    found = socket.socket()
    for port in range(18_500, 18_600):
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            continue
        found.listen()
        return found
    raise AssertionError("no free port")


@asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    with listener() as sock:
        config = uvicorn.Config(Bridge(app, **options), lifespan="off", access_log=False, log_config=None, ws="none")
        server = Server(config)
        task = asyncio.create_task(server.serve(sockets=[sock]))
        async with aiohttp.ClientSession() as session:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}", session
        server.should_exit = True
        await task


def echo(env: dict[str, Any], start: Started) -> Iterable[bytes]:
    body = env["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", " a=1"), ("X-Method", env["REQUEST_METHOD"])])
    keys = (
        "PATH_INFO",
        "QUERY_STRING",
        "CONTENT_LENGTH",
        "HTTP_X_TWICE",
        "HTTP_COOKIE",
        "CONTENT_TYPE",
        "HTTP_X_FORGED",
    )
    return [repr({key: env.get(key) for key in keys}).encode(), b"|", body]


async def test_a_request_arrives_whole_and_its_answer_leaves_whole():
    async with serving(echo) as (url, client):
        headers = [("X-Twice", "1"), ("X-Twice", "2"), ("Cookie", "a=1"), ("X_Forged", "1"), ("Content-Type", "text/x")]
        async with client.post(f"{url}/gr%C3%BC%C3%9Fe?q=%C3%BC", data=b"body", headers=headers) as answer:
            said, body = (await answer.read()).split(b"|")
            assert answer.status == 200 and answer.headers["Set-Cookie"] == "a=1" and body == b"body"
        env = eval(said)  # noqa: S307 - our own repr
        assert env["PATH_INFO"].encode("latin1").decode() == "/grüße" and env["QUERY_STRING"] == "q=%C3%BC"
        assert (env["HTTP_X_TWICE"], env["HTTP_COOKIE"], env["CONTENT_TYPE"]) == ("1,2", "a=1", "text/x")
        assert env["HTTP_X_FORGED"] is None and env["CONTENT_LENGTH"] == "4"


async def test_a_chunked_body_has_its_length_told():
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 100

    async with serving(echo) as (url, client), client.post(url, data=pieces()) as answer:
        said = await answer.text()
        assert "'CONTENT_LENGTH': '300'" in said and said.endswith("|" + "x" * 300)


async def test_head_has_no_body():
    async with serving(echo) as (url, client), client.head(url) as answer:
        assert answer.status == 200 and answer.headers["X-Method"] == "HEAD" and await answer.read() == b""


async def test_too_large_a_body_is_refused_before_a_view_is_used():
    ran = []
    async with serving(lambda env, start: ran.append(1) or echo(env, start), max_body=1000) as (url, client):
        async with client.post(url, data=b"x" * 1001) as answer:
            assert answer.status == 413 and "too large" in await answer.text()
        assert ran == []


async def test_a_program_is_told_in_the_shape_of_all_its_problems():
    async with (
        serving(echo, max_body=1000) as (url, client),
        client.post(f"{url}/api/v1/numbers", data=b"x" * 1001) as answer,
    ):
        assert (answer.status, answer.content_type) == (413, "application/problem+json")
        said = await answer.json(content_type=None)
    assert (said["code"], said["status"], said["errors"]) == ("too_large", 413, [])


async def test_a_body_that_does_not_come_is_given_up(monkeypatch):
    monkeypatch.setattr(bridge, "BODY_S", 0.1)
    async with serving(echo) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()


async def test_a_client_that_leaves_within_its_body_uses_no_view():
    ran = []
    async with serving(lambda env, start: ran.append(1) or echo(env, start)) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        await writer.drain()
        writer.close()
        await asyncio.sleep(0.1)
    assert ran == []


async def test_more_than_the_backlog_is_refused_and_slow_views_stop_nobody():
    go = threading.Event()

    def view(env: dict[str, Any], start: Started) -> Iterable[bytes]:
        if env["PATH_INFO"] == "/slow":
            go.wait(10)
        start("200 OK", [])
        return [b"done"]

    async def status(url: str, client: aiohttp.ClientSession) -> int:
        async with client.get(url) as answer:
            return answer.status

    async with serving(view, threads=4, turns=1, slow_s=0.01, backlog=4) as (url, client):
        slow = [asyncio.create_task(status(f"{url}/slow", client)) for _ in range(3)]
        await asyncio.sleep(0.2)
        started = time.monotonic()
        assert await status(url, client) == 200
        assert time.monotonic() - started < 5
        slow.append(asyncio.create_task(status(f"{url}/slow", client)))
        await asyncio.sleep(0.2)
        assert await status(url, client) == 503
        go.set()
        assert await asyncio.gather(*slow) == [200] * 4


async def test_a_view_that_fails_gives_500_and_its_thread_lives_on():
    def view(env: dict[str, Any], start: Started) -> Iterable[bytes]:
        if env["PATH_INFO"] == "/bad":
            raise ValueError("broken view")
        return echo(env, start)

    async with serving(view, threads=1) as (url, client):
        for path, expected in (("/bad", 500), ("/", 200), ("/bad", 500), ("/", 200)):
            async with client.get(url + path) as answer:
                assert answer.status == expected


class Streamed:
    """A streaming answer as Django gives it."""

    streaming = True

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces, self.closed = pieces, threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)

    def close(self) -> None:
        self.closed.set()


async def test_a_stream_is_sent_piece_by_piece_and_closed():
    answer_of_view = Streamed([b"a" * 100_000, b"b"])

    def view(env: dict[str, Any], start: Started) -> Any:
        start("200 OK", [("Content-Type", "text/csv")])
        return answer_of_view

    async with serving(view) as (url, client), client.get(url) as answer:
        assert len(await answer.read()) == 100_001
    assert answer_of_view.closed.is_set()


async def test_a_stream_whose_reader_has_gone_ends():
    def endless() -> Iterable[bytes]:
        for _ in range(2000):
            yield b"x" * 10_000
            time.sleep(0.005)

    answer_of_view = Streamed(endless())

    def view(env: dict[str, Any], start: Started) -> Any:
        start("200 OK", [])
        return answer_of_view

    async with serving(view) as (url, client):
        async with client.get(url) as answer:
            await answer.content.read(10)
            answer.close()
        assert await asyncio.to_thread(answer_of_view.closed.wait, 8)


async def test_a_file_is_read_in_large_pieces(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 200_000)
    sizes = []

    class File(Streamed):
        def __init__(self) -> None:
            super().__init__([])
            self.file_to_stream = self
            self.file = path.open("rb")

        def read(self, size: int) -> bytes:
            sizes.append(size)
            return self.file.read(size)

        def close(self) -> None:
            self.file.close()

    def view(env: dict[str, Any], start: Started) -> Any:
        start("200 OK", [("Content-Length", "200000")])
        return File()

    async with serving(view) as (url, client), client.get(url) as answer:
        assert len(await answer.read()) == 200_000
    assert sizes == [bridge.CHUNK] * 5


@pytest.mark.parametrize("server", [None, ("10.0.0.1", 8000)])
def test_the_environment_is_complete_without_a_peer(server):
    import io

    scope = {
        "method": "GET", "path": "/", "query_string": b"", "http_version": "1.1", "scheme": "https",
        "headers": [], "server": server, "client": None,
    }  # fmt: skip
    env = bridge.environ(scope, io.BytesIO(), 0)
    assert env["REMOTE_ADDR"] == "" and env["wsgi.url_scheme"] == "https"
    assert env["SERVER_NAME"] == ("10.0.0.1" if server else "localhost")


@pytest.mark.parametrize("path", ["/t/somewhere", "/api/v1/parcels"])
async def test_a_request_that_is_in_the_way_of_stopping_is_refused_in_words(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    root, begun = serve._root(frozenset({"pages"})), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await root(scope, receive, send)

    with listener() as sock:
        server = Server(uvicorn.Config(app, lifespan="off", log_config=None, ws="none", timeout_graceful_shutdown=0))
        task = asyncio.create_task(server.serve(sockets=[sock]))
        reader, writer = await asyncio.open_connection(*sock.getsockname())
        writer.write(f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf".encode())
        await begun.wait()
        server.should_exit = True
        await task
        told = (await reader.read()).decode()
        writer.close()
    assert told.startswith("HTTP/1.1 503") and "retry-after: 5" in told and bridge.STOPPING in told
    assert ('"code": "busy"' in told) == path.startswith("/api/")
    assert not [one for one in caplog.records if one.exc_info]
