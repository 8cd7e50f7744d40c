"""The one HTTP client, against a real server on the loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from aiohttp import web

from doorstep.app import http, loop, pace
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Broken,
    Busy,
    Denied,
    Facts,
    Flow,
    Meta,
    Refused,
    Request,
    Trouble,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Shop:
    """A vendor on the loopback whose answers a test writes."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Handler = self._plain
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, str(request.rel_url), dict(request.headers), await request.read()))
        return await self.answer(request)

    async def _plain(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True}, headers={"X-WP-TotalPages": "2"})


@pytest.fixture
async def shop(settings: Any) -> AsyncIterator[Shop]:
    shop = Shop()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", shop.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    for port in range(18_400, 18_500):
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            continue
        shop.port = port
        break
    settings.ALLOW_HOSTS = f"127.0.0.1:{shop.port}, localhost:{shop.port}"
    settings.HTTP_TIMEOUT_S = 2.0
    yield shop
    await loop.end()
    await runner.cleanup()


def get(url: str, **more: Any) -> Request:
    return Request(method="GET", url=url, **more)


async def sent(url: str, *, hosts: str = "127.0.0.1", **more: Any) -> Answer:
    return await http.send(get(url, **more), frozenset(hosts.split()))


async def trouble(request: Request, *, hosts: str = "127.0.0.1") -> Trouble:
    with pytest.raises(Trouble) as caught:
        await http.send(request, frozenset(hosts.split()))
    return caught.value


def told(problem: Trouble) -> str:
    assert problem.message is not None
    return problem.message.id


async def test_an_answer_carries_everything_a_reader_needs(shop):
    answer = await sent(f"{shop.url}/orders", what="orders", query=(("after", "a b&c"),), context={"page": "1"})
    assert (answer.what, answer.status, answer.body, answer.context) == ("orders", 200, b'{"ok": true}', {"page": "1"})
    assert answer.headers["x-wp-totalpages"] == "2"
    assert answer.received_at.tzinfo is not None
    assert shop.seen[0][1] == "/orders?after=a+b%26c"


async def test_a_body_and_its_headers_arrive_as_given(shop):
    request = Request(method="POST", url=f"{shop.url}/x", body=b'{"a":1}', headers={"Content-Type": "application/json"})
    await http.send(request, frozenset({"127.0.0.1"}))
    method, _, headers, body = shop.seen[0]
    assert (method, headers["Content-Type"], body) == ("POST", "application/json", b'{"a":1}')
    assert headers["User-Agent"].startswith("Doorstep/")


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_every_status_is_an_answer_for_the_connector_to_judge(shop, status):
    async def refuse(request):
        return web.Response(status=status, text="<html>no</html>", content_type="text/html")

    shop.answer = refuse
    answer = await sent(shop.url)
    assert (answer.status, answer.body) == (status, b"<html>no</html>")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_request_that_was_cut_off_is_not_repeated_behind_our_back(shop, method):
    """A repeated OAuth nonce would be refused, and the connection would be taken for one with wrong keys."""
    await http.send(get(f"{shop.url}/first"), frozenset({"127.0.0.1"}))  # its connection is used again

    async def hang_up(request):
        request.transport.abort()
        return web.Response()

    shop.answer = hang_up
    problem = await trouble(Request(method=method, url=f"{shop.url}/second"))
    assert isinstance(problem, http.Unsure) and told(problem) == "trouble.cut_off"
    assert [one[1] for one in shop.seen] == ["/first", "/second"]


async def test_a_silent_server_is_busy_and_may_have_understood(shop, settings):
    settings.HTTP_TIMEOUT_S = 0.2

    async def sleep(request):
        await asyncio.sleep(5)
        return web.Response()

    shop.answer = sleep
    problem = await trouble(get(shop.url))
    assert isinstance(problem, Busy) and isinstance(problem, http.Unsure)
    assert told(problem) == "trouble.timeout"


async def test_a_slow_body_ends_with_the_time_out(shop, settings):
    settings.HTTP_TIMEOUT_S = 0.3

    async def drip(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(50):
            await response.write(b"x")
            await asyncio.sleep(0.1)
        return response

    shop.answer = drip
    assert told(await trouble(get(shop.url))) == "trouble.timeout"


async def test_a_line_cut_in_the_answer_is_unsure(shop):
    async def cut(request):
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x")
        request.transport.close()
        return response

    shop.answer = cut
    problem = await trouble(get(shop.url))
    assert isinstance(problem, http.Interrupted) and told(problem) == "trouble.cut_off"


async def test_an_answer_without_end_is_cut_at_the_limit(shop, monkeypatch):
    monkeypatch.setattr(http, "MAX_BYTES", 1 << 20)

    async def flood(request):
        return web.Response(body=b"x" * (2 << 20))

    shop.answer = flood
    problem = await trouble(get(shop.url))
    assert isinstance(problem, Broken) and isinstance(problem, http.Unsure)
    assert told(problem) == "trouble.too_large"


async def test_nobody_there_means_the_request_never_left(shop, settings):
    settings.ALLOW_HOSTS = "127.0.0.1:18399, no-such-shop.invalid:80"
    problem = await trouble(get("http://127.0.0.1:18399/"))
    assert isinstance(problem, Busy) and not isinstance(problem, http.Unsure)
    assert told(problem) == "trouble.unreachable"
    assert told(await trouble(get("http://no-such-shop.invalid/"), hosts="no-such-shop.invalid")) == "trouble.name"


async def test_a_server_without_a_valid_certificate_is_not_spoken_to(shop):
    problem = await trouble(get(f"https://127.0.0.1:{shop.port}/"))
    assert isinstance(problem, http.Unreached) and told(problem) == "trouble.tls"
    assert ssl.HAS_TLSv1_2


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "ftp://127.0.0.1/", "http:///x", "http://127.1/", "http://127.0.0.1.evil.example/"]
)
async def test_a_host_that_is_not_the_connectors_is_refused(url):
    problem = await trouble(get(url), hosts="127.0.0.1")
    assert isinstance(problem, Refused) and told(problem) == "trouble.host"


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "10.1.2.3", "169.254.169.254", "localhost", "[::ffff:127.0.0.1]"),
        *("127.1", "2130706433", "017700000001", "127.0.0.1.", "0x7f.1", "0"),  # as only resolvers read them
    ],
)
async def test_private_addresses_are_refused_whatever_they_are_called(shop, settings, host):
    settings.ALLOW_HOSTS = ""
    problem = await trouble(get(f"http://{host}:{shop.port}/"), hosts=host.strip("[]") + " ::ffff:7f00:1")
    assert isinstance(problem, Refused) and told(problem) == "trouble.private_address"
    assert shop.seen == []


async def test_the_operator_may_list_a_private_shop_by_its_name(shop):
    assert (await sent(f"http://localhost:{shop.port}/", hosts="localhost")).status == 200


async def test_a_redirect_within_the_host_is_followed(shop):
    async def move(request):
        if request.path == "/old":
            raise web.HTTPFound("/new?page=1")
        return web.Response(text=request.path_qs)

    shop.answer = move
    assert (await sent(f"{shop.url}/old", headers={"Authorization": "Basic x"})).body == b"/new?page=1"
    assert shop.seen[1][2]["Authorization"] == "Basic x"


@pytest.mark.parametrize("place", ["http://evil.example/", "https://127.0.0.2/"])
async def test_credentials_never_follow_to_another_host(shop, place):
    async def move(request):
        raise web.HTTPFound(place)

    shop.answer = move
    problem = await trouble(
        get(shop.url, headers={"Authorization": "Basic x"}), hosts="127.0.0.1 evil.example 127.0.0.2"
    )
    assert isinstance(problem, Broken) and told(problem) == "trouble.redirect"
    assert problem.message.values["to"] == place


async def test_a_changing_request_is_never_redirected(shop):
    async def move(request):
        raise web.HTTPTemporaryRedirect("/new")

    shop.answer = move
    problem = await trouble(Request(method="POST", url=shop.url, body=b"x"))
    assert told(problem) == "trouble.redirect"
    assert len(shop.seen) == 1


async def test_running_in_circles_ends(shop):
    async def move(request):
        raise web.HTTPFound("/again")

    shop.answer = move
    assert told(await trouble(get(shop.url))) == "trouble.redirects"
    assert len(shop.seen) == 4


async def test_the_demo_speaks_to_the_sandbox_under_the_vendors_name(shop, settings):
    settings.ALLOW_HOSTS = ""
    settings.HOST_MAP = f"api.vendor.example=127.0.0.1:{shop.port}, other.example=127.0.0.1:1"
    answer = await sent("https://api.vendor.example/v2/x?y=1", hosts="api.vendor.example")
    assert answer.status == 200
    assert shop.seen[0][1] == "/v2/x?y=1" and shop.seen[0][2]["Host"] == "api.vendor.example"


async def test_what_is_logged_holds_no_secret(shop, capsys, caplog):
    from structlog.testing import capture_logs

    with capture_logs() as lines:
        await sent(f"{shop.url}/orders", query=(("key", "hush"),), headers={"Authorization": "Bearer hush"})
        await sent(f"{shop.url}/hooks/hush", sealed=True)  # addresses that let in whoever knows them
    assert [line["path"] for line in lines] == ["/orders", ""]
    assert "hush" not in str(lines)


class Vendor:
    """A connector with nothing but its bounds."""

    status: ClassVar[dict[str, Any]] = {}
    unseen: frozenset[str] = frozenset()

    def __init__(self, per_minute: int = 6000) -> None:
        self.meta = Meta(name="vendor", label="Vendor", hosts=OWN, polls_per_minute=per_minute)

    def read(self, answer: Answer) -> Facts:
        return Facts()


async def test_a_flow_is_driven_to_its_result(shop):
    heard: list[str] = []

    def flow() -> Flow[str]:
        first = yield get(f"{shop.url}/token")
        heard.append(f"token {first.status}")
        second = yield get(f"{shop.url}/orders", what="orders")
        return second.body.decode()

    async def on_answer(request: Request, answer: Answer) -> None:
        heard.append(f"answer {answer.what}")

    def on_request(request: Request) -> None:
        heard.append(f"request {len(shop.seen) + 1}")

    account = Account(base_url=shop.url, now=NOW)
    result = await http.run(flow(), connector=Vendor(), account=account, on_answer=on_answer, on_request=on_request)
    assert result == '{"ok": true}'
    assert heard == ["request 1", "token 200", "request 2", "answer orders"]
    assert await http.run(flow(), connector=Vendor(), account=account) == result


async def test_trouble_is_thrown_into_the_flow_which_may_clean_up_or_go_on(shop):
    def patient() -> Flow[str]:
        try:
            yield get("http://evil.example/")
        except Refused:
            answer = yield get(f"{shop.url}/instead")
            return str(answer.status)
        return "never"

    def hopeless() -> Flow[str]:
        yield get("http://evil.example/")
        return "never"

    account = Account(base_url=shop.url, now=NOW)
    assert await http.run(patient(), connector=Vendor(), account=account) == "200"
    with pytest.raises(Refused):
        await http.run(hopeless(), connector=Vendor(), account=account)


async def test_a_failure_to_save_ends_the_run_and_closes_the_flow(shop):
    closed: list[bool] = []

    def flow() -> Flow[None]:
        try:
            yield get(f"{shop.url}/orders", what="orders")
            yield get(f"{shop.url}/never")
        finally:
            closed.append(True)

    async def on_answer(request: Request, answer: Answer) -> None:
        raise Denied("cannot save")

    with pytest.raises(Denied):
        await http.run(flow(), connector=Vendor(), account=Account(base_url=shop.url, now=NOW), on_answer=on_answer)
    assert closed == [True] and len(shop.seen) == 1


def test_slots_are_evenly_spaced_and_far_ones_are_refused():
    key = object()
    waits = [round(pace.reserve(key, 30, 100.0), 6) for _ in range(8)]
    assert waits == [0, 2, 4, 6, 8, 10, 12, 14]
    with pytest.raises(Busy) as caught:
        pace.reserve(key, 30, 100.0)
    assert caught.value.retry_after == 16
    assert pace.reserve(key, 30, 117.0) == 0


def test_slots_long_past_are_forgotten():
    pace._next.clear()
    for n in range(10_002):
        pace.reserve(n, 60, 0.0)
    pace.reserve("new", 60, 10.0)
    assert set(pace._next) == {"new"}


async def test_a_run_keeps_the_pace(shop):
    def flow() -> Flow[None]:
        for _ in range(4):
            yield get(shop.url)

    started = asyncio.get_running_loop().time()
    await http.run(
        flow(), connector=Vendor(per_minute=600), account=Account(now=NOW, base_url=shop.url), connection_id=9
    )
    assert asyncio.get_running_loop().time() - started >= 0.3
