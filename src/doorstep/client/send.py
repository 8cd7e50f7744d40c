"""How the client sends: with a key, with patience, and never twice what must be done once.

What could not be done yet (429, 502, 503, 504, a line that broke) is sent again, after as long as the server says, else
after 0.5 s, 1 s, 2 s ... with some chance in it. A POST carries an ``Idempotency-Key`` of its own, so that a repetition
changes nothing. An answer that was had before is asked for with its ETag, and comes from memory when it is the same.
"""

import json
import random
import time
import urllib.error
import urllib.request
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final
from urllib.parse import quote, urlencode

AGAIN: Final = frozenset({429, 502, 503, 504})
LONGEST_S: Final = 60.0  # a server that wants more patience than this is told of by its Problem
REMEMBERED: Final = 128  # answers


class Problem(Exception):
    """The server declined (RFC 9457). ``status`` of HTTP; ``code`` for programs; ``detail`` says what to do;
    ``errors``: what is wrong where (``path``, ``text``). ``retry_after``: seconds, None where it says nothing of that.
    """

    def __init__(self, status: int, said: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.code = str(said.get("code", ""))
        self.detail = str(said.get("detail") or said.get("title") or f"HTTP {status}")
        self.errors: Sequence[Mapping[str, str]] = said.get("errors") or ()
        self.retry_after = retry_after
        super().__init__(f"{self.detail} ({status}{' ' + self.code if self.code else ''})")


class Unreachable(Exception):
    """No usable answer, however often it was tried. What was to be changed may have been changed."""


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a key does not go where somebody else points."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Nowhere."""


class Sender:
    """Sends requests to one Doorstep with one key. ``timeout``: seconds of one try; ``tries``: of one call at most. May
    be used by several threads. Raises ValueError for an address that is none.
    """

    def __init__(self, url: str, key: str, *, timeout: float = 30.0, tries: int = 5) -> None:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"{url} is no address of a web server")
        self._base, self._key = f"{url.rstrip('/')}/api/v1", key
        self._timeout, self._tries = timeout, tries
        self._opener = urllib.request.build_opener(_Straight)
        self._known: OrderedDict[str, tuple[str, Any]] = OrderedDict()

    def _call(self, method: str, path: str, query: Mapping[str, Any], body: Any = None) -> Any:
        """The answer, None where there is none. Raises Problem, Unreachable."""
        asked = urlencode({name: _written(value) for name, value in query.items() if value is not None})
        url = f"{self._base}{path}{'?' + asked if asked else ''}"
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        known = self._known.get(url) if method == "GET" else None
        if known:
            headers["If-None-Match"] = known[0]
        for number in range(self._tries):
            problem = self._try(urllib.request.Request(url, data, headers, method=method))  # noqa: S310 - see above
            if not isinstance(problem, (Problem, Unreachable)):
                return problem
            self._wait(problem, number)
        raise AssertionError("the last try raises")

    def _try(self, request: urllib.request.Request) -> Any:
        """The answer, or what may pass. Raises what will not."""
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return self._remember(request, answer.headers.get("ETag"), json.loads(answer.read() or b"null"))
        except urllib.error.HTTPError as refused:
            with refused:
                if refused.code == 304:
                    return self._known[request.full_url][1]
                return _declined(refused)
        except (OSError, HTTPException, ValueError) as broken:
            return Unreachable(f"{request.method} {request.full_url}: {broken}")

    def _remember(self, request: urllib.request.Request, tag: str | None, answer: Any) -> Any:
        if tag and request.method == "GET":
            self._known[request.full_url] = tag, answer
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return answer

    def _wait(self, problem: Problem | Unreachable, number: int) -> None:
        """Rest before the next try. Raises the problem after the last one."""
        rest = 0.5 * 2**number * random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients, guards nothing
        if isinstance(problem, Problem) and problem.retry_after is not None:
            rest = max(rest, problem.retry_after)
        if number + 1 >= self._tries or rest > LONGEST_S:
            raise problem
        time.sleep(rest)

    def _each(self, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
        """Every row of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self._call("GET", path, {**query, "cursor": cursor})
            yield from page["data"]
            cursor = page["next_cursor"]
            if not cursor:
                return


def segment(value: str) -> str:
    """A value as a part of a path."""
    return quote(value, safe="")


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, (list, tuple)) else str(value)


def _declined(refused: urllib.error.HTTPError) -> Problem:
    """What may pass. Raises what will not."""
    try:
        said = json.loads(refused.read())
    except (OSError, HTTPException, ValueError):
        said = {}
    try:
        rest = float(refused.headers.get("Retry-After") or "")
    except ValueError:
        rest = None
    problem = Problem(refused.code, said if isinstance(said, dict) else {}, rest)
    if refused.code in AGAIN or problem.code == "under_way":
        return problem
    raise problem
