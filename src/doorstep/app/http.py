"""The only HTTP client. Connectors describe requests; here they are sent, within bounds.

Bounds: a time-out per request, a size limit per answer, the connector's own hosts only, public addresses only, the
connector's pace. Credentials never follow a redirect to another host. Logged are method, host, path, status and time:
of what went well at DEBUG only, a line being a seventh of what a poll costs.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

import aiohttp
from django.conf import settings
from multidict import CIMultiDictProxy
from yarl import URL

from doorstep import __version__
from doorstep.app import addresses, clock, loop, measures
from doorstep.app.log import logger
from doorstep.app.pace import slot
from doorstep.connectors.contract import (
    ALSO,
    OWN,
    Account,
    Answer,
    Broken,
    Busy,
    Connector,
    Flow,
    Meta,
    Refused,
    Request,
    Trouble,
)
from doorstep.core.message import Message

T = TypeVar("T")
MAX_BYTES: Final = 10 << 20
MAX_REDIRECTS: Final = 3
CONNECT_S: Final = 10.0
SOCKETS: Final = 512  # at once, to all vendors together
IDLE_S: Final = 4.0  # a connection is kept open so long: shorter than the five seconds of Apache and Node
OnAnswer = Callable[[Request, Answer], Awaitable[None]]
OnRequest = Callable[[Request], None]
OnEnd = Callable[[Request, int, float], Awaitable[None]]
log = logger(__name__)


class Unsure(Trouble):
    """No usable answer, but the request may have reached the vendor: never repeat a changing one blindly."""


class Unreached(Busy):
    """The request did not leave the house; it can be repeated."""


class Interrupted(Busy, Unsure):
    """The line went dead after the request was (perhaps partly) sent."""


class Oversized(Broken, Unsure):
    """An answer larger than ``MAX_BYTES``."""


async def run(
    flow: Flow[T],
    *,
    connector: Connector,
    account: Account,
    connection_id: int = 0,
    on_answer: OnAnswer | None = None,
    on_request: OnRequest | None = None,
    on_end: OnEnd | None = None,
) -> T:
    """Drive a Flow to its result: send its Requests, give it the Answers, throw Trouble into it so it can clean up.

    ``on_answer(request, answer)`` gets the Answers of Requests with a ``what``; what it raises ends the run.
    ``on_request(request)`` is told of each before it leaves, ``on_end(request, status, seconds)`` of how each ended
    (status 0 = no answer). Raises Trouble.
    ``connection_id`` keeps the pace of a connection; 0 (not saved yet) keeps one per address.
    """
    hosts = hosts_of(connector.meta, account)
    pace = (connector.meta.name, str(connection_id or account.base_url))
    try:
        step = next(flow)
        while True:
            if on_request:
                on_request(step)
            try:
                await slot(pace, connector.meta.polls_per_minute)
                answer = await _timed(connector.meta.name, step, send(step, hosts), on_end)
            except Trouble as trouble:
                step = flow.throw(trouble)
                continue
            if step.what and on_answer:
                await on_answer(step, answer)
            step = flow.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        flow.close()


async def _timed(name: str, request: Request, sending: Awaitable[Answer], on_end: OnEnd | None) -> Answer:
    began, status = clock.monotonic(), 0
    try:
        answer = await sending
        status = answer.status
        return answer
    finally:
        seconds = clock.monotonic() - began
        measures.exchanged(name, seconds)
        if on_end:
            await on_end(request, status, seconds)


def hosts_of(meta: Meta, account: Account) -> frozenset[str]:
    """The hosts a connector may talk to: the vendor's, or the merchant's own shop."""
    if meta.hosts != OWN:
        return frozenset(meta.hosts)
    return frozenset({URL(account.base_url).host or "", *account.settings.get(ALSO, "").split()})


async def send(request: Request, hosts: frozenset[str]) -> Answer:
    """Send one Request to one of ``hosts``. Every HTTP status is an Answer; Trouble is raised when there is none."""
    url, method = _url(request.url), request.method
    if request.query:
        url = url.update_query(request.query)
    for _ in range(MAX_REDIRECTS + 1):
        target, headers = _aim(url, hosts, request.headers)
        status, received, body = await _exchange(request, method, target, headers)
        if status not in {301, 302, 303, 307, 308} or "Location" not in received:
            return Answer(
                what=request.what,
                status=status,
                headers={name.lower(): value for name, value in received.items()},
                body=body,
                context=request.context,
                received_at=clock.now(),
            )
        there = url.join(_url(received["Location"]))
        if method != "GET" or there.host != url.host or there.scheme not in {"https", url.scheme}:
            raise Broken(message=_message("trouble.redirect", url, to=str(there.with_query(None))))
        url = there
    raise Broken(message=_message("trouble.redirects", url))


def _url(text: str) -> URL:
    """An address that a vendor or a merchant wrote. Raises Broken."""
    try:
        return URL(text)
    except ValueError:
        raise Broken(message=Message(id="trouble.host", values={"host": text[:200]})) from None


def _aim(url: URL, hosts: frozenset[str], headers: Mapping[str, str]) -> tuple[URL, dict[str, str]]:
    """Where to connect really, and the headers to send. Raises Refused for a host that is not the connector's."""
    if url.scheme not in {"http", "https"} or not url.host or url.host not in hosts:
        raise Refused(message=_message("trouble.host", url))
    mapped = addresses.host_map().get(url.host)
    if mapped:
        return _diverted(url, mapped), {**headers, "Host": url.host}
    if addresses.literal(url.host):
        try:
            addresses.permit(url.host, url.port or 0, url.host)
        except addresses.PrivateAddress as problem:
            raise Refused(str(problem), message=_message("trouble.private_address", url)) from None
    return url, dict(headers)


@functools.lru_cache(maxsize=256)
def _diverted(url: URL, to: str) -> URL:
    """The same place at ``address:port``, in plain HTTP."""
    host, _, port = to.rpartition(":")
    return url.with_scheme("http").with_host(host).with_port(int(port))


async def _exchange(
    request: Request, method: str, url: URL, headers: Mapping[str, str]
) -> tuple[int, CIMultiDictProxy[str], bytes]:
    """One request and its whole answer. Raises Trouble."""
    started, status = clock.monotonic(), 0
    try:
        patience, body = _timeout(settings.HTTP_TIMEOUT_S), request.body or None
        async with _session().request(
            method, url, headers=headers, data=body, allow_redirects=False, timeout=patience
        ) as response:
            status = response.status
            return status, response.headers, await _whole(response, url)
    except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
        raise _trouble(problem, url) from problem
    finally:
        ms = round((clock.monotonic() - started) * 1000)
        tell = log.debug if 200 <= status < 400 else log.info
        tell("http", method=method, host=url.host, path="" if request.sealed else url.path, status=status, ms=ms)


async def _whole(response: aiohttp.ClientResponse, url: URL) -> bytes:
    body = bytearray()
    while chunk := await response.content.readany():
        body += chunk
        if len(body) > MAX_BYTES:
            response.close()
            raise Oversized(message=_message("trouble.too_large", url, limit_mb=MAX_BYTES >> 20))
    return bytes(body)


def _trouble(problem: Exception, url: URL) -> Trouble:
    """What an exception of the client means; most telling first."""
    if isinstance(getattr(problem, "os_error", None), addresses.PrivateAddress):
        return Refused(message=_message("trouble.private_address", url))
    kind, key = next(row[1:] for row in MEANING if isinstance(problem, row[0]))
    return kind(message=_message(key, url, seconds=settings.HTTP_TIMEOUT_S))


MEANING: Final[tuple[tuple[type[Exception], type[Trouble], str], ...]] = (
    (aiohttp.ClientSSLError, Unreached, "trouble.tls"),
    (aiohttp.ConnectionTimeoutError, Unreached, "trouble.connect_timeout"),
    (aiohttp.ClientConnectorDNSError, Unreached, "trouble.name"),
    (aiohttp.ClientConnectorError, Unreached, "trouble.unreachable"),
    (TimeoutError, Interrupted, "trouble.timeout"),
    (aiohttp.InvalidURL, Refused, "trouble.host"),
    (aiohttp.ClientError, Interrupted, "trouble.cut_off"),
    (ValueError, Refused, "trouble.host"),  # a name or a header that cannot be written down
)


def _message(key: str, url: URL, **values: str | float) -> Message:
    return Message(id=key, values={"host": url.host or str(url), **values})


@functools.lru_cache(maxsize=4)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_S, seconds))


_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()


def _session() -> aiohttp.ClientSession:
    """The session of the running loop; closed with it (``loop.end``)."""
    here = asyncio.get_running_loop()
    if here not in _sessions:
        _sessions[here] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=addresses.Resolver(), limit=SOCKETS, ttl_dns_cache=60, keepalive_timeout=IDLE_S
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"Doorstep/{__version__}"},
            trust_env=False,
        )
        # aiohttp has no public switch for it. A store refuses a signature whose nonce it knows already, and what may
        # have changed something is repeated by nobody but us.
        _sessions[here]._retry_connection = False
        loop.at_end(_close)
    return _sessions[here]


async def _close() -> None:
    await _sessions.pop(asyncio.get_running_loop()).close()
