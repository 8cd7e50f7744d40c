"""Presses on an HTTP server: ``python -m benchmarks.load PORT CONNECTIONS SECONDS FILE``.

``FILE`` holds prepared requests, each behind its length (4 bytes, big-endian). Every connection sends one, waits for
its answer, takes the next that nobody has sent yet; when all were sent it begins again. Prints one line of JSON: rate,
p50 and p99 in ms, and the answers by status.
"""

import asyncio
import itertools
import json
import re
import statistics
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Pressed:
    """What came of it: answers per second, latency in ms, answers by status."""

    rate: float
    p50: float
    p99: float
    statuses: dict[str, int]


class Line(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, requests: Iterator[bytes], times: list[float], statuses: Counter[str]) -> None:
        self._requests, self._times, self._statuses = requests, times, statuses
        self._heard, self._began, self.closed = b"", 0.0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        end = self._heard.find(b"\r\n\r\n")
        length = LENGTH.search(self._heard, 0, end) if end >= 0 else None
        empty = end >= 0 and self._heard[9:12] == b"304"
        if not empty and (length is None or len(self._heard) < end + 4 + int(length[1])):
            return
        self._times.append(time.perf_counter() - self._began)
        self._statuses[self._heard[9:12].decode()] += 1
        self._heard = b""
        if not self.closed:
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed:
            self._statuses["lost"] += 1

    def _ask(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(next(self._requests))

    def close(self) -> None:
        self.closed = True
        self._transport.close()


def main() -> None:
    """Press as the arguments say."""
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    requests = itertools.cycle(list(unpack(Path(sys.argv[4]).read_bytes())))
    found = uvloop.run(_press(port, connections, seconds, requests))
    print(json.dumps(found.__dict__))


async def _press(port: int, connections: int, seconds: float, requests: Iterator[bytes]) -> Pressed:
    times: list[float] = []
    statuses: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    lines = [
        (await loop.create_connection(lambda: Line(requests, times, statuses), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    spent = time.perf_counter() - began
    for line in lines:
        line.close()
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    return Pressed(len(times) / spent, cuts[49] * 1000, cuts[98] * 1000, dict(statuses))


def press(port: int, connections: int, seconds: float, file: Path) -> Pressed:
    """The same from another script, in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.load", str(port), str(connections), str(seconds), str(file)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    return Pressed(**json.loads(done.stdout))


def pack(requests: Iterable[bytes]) -> bytes:
    """Requests as ``FILE`` holds them."""
    return b"".join(struct.pack(">I", len(one)) + one for one in requests)


def unpack(packed: bytes) -> Iterator[bytes]:
    """The other way round."""
    at = 0
    while at < len(packed):
        (size,) = struct.unpack_from(">I", packed, at)
        yield packed[at + 4 : at + 4 + size]
        at += 4 + size


def get(path: str, cookie: str = "") -> bytes:
    """A page request."""
    extra = f"Cookie: {cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}Connection: keep-alive\r\n\r\n".encode()


def post(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A delivery."""
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{said}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


if __name__ == "__main__":
    main()
