"""The client against the real API over real HTTP: it walks lists, repeats what it may, and says what is wrong."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from doorstep.client import Client, Problem, Unreachable
from doorstep.client import send as sending
from tests.app.ledger import Ledger, ledger, woo
from tests.house import free_port
from tests.web.api.contract import program
from tests.web.compat.server import serving


@pytest.fixture
def shop(transactional_db: None) -> Ledger:
    shop = ledger(email="alice@example.org")
    shop.hears(*(shop.woo(woo(1000 + n, lines=((n, "LAMP-1", 1),))) for n in range(1, 6)))
    return shop


@pytest.fixture
def client(shop: Ledger) -> Iterator[Client]:
    with serving() as address:
        yield Client(f"{address}/", program(shop.ws).secret)


def test_lists_are_walked_and_numbers_put_on_orders(client: Client) -> None:
    orders = list(client.list_orders(limit=2, fields=["id", "number"]))
    assert [one["number"] for one in orders] == ["1005", "1004", "1003", "1002", "1001"]
    made = client.add_number_to_order(orders[0]["id"], {"text": "1Z999AA10123456784"})
    assert (made["text"], made["carrier"]) == ("1Z999AA10123456784", "ups")
    assert client.get_number(made["id"]) == client.get_number(made["id"])  # the second time from memory, by its ETag
    client.remove_number_from_order(orders[0]["id"], made["id"])
    assert client.recognize_number(text="1Z999AA10123456784")["readings"][0]["carrier"] == "ups"


def test_what_is_wrong_is_said(client: Client) -> None:
    with pytest.raises(Problem) as caught:
        client.get_order("1")
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    with pytest.raises(Problem, match="422"):
        client.follow_number({"text": ""})
    client._key = "dsk_wrong"
    with pytest.raises(Problem) as caught:
        list(client.list_imports())
    assert caught.value.status == 401


class Server(BaseHTTPRequestHandler):
    """Answers with what is next on its list, and remembers what it was asked."""

    answers: list[tuple[int, dict[str, str], Any]]
    asked: list[tuple[str, str, dict[str, str]]]

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, dict(self.headers)))
        status, headers, said = self.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())

    do_GET = do_POST = _answer  # noqa: N815 - as http.server names them

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Client, type[Server], list[float]]]:
    rests: list[float] = []
    monkeypatch.setattr(sending.time, "sleep", rests.append)

    class Own(Server):
        answers: list[tuple[int, dict[str, str], Any]] = []  # noqa: RUF012 - of this test
        asked: list[tuple[str, str, dict[str, str]]] = []  # noqa: RUF012

    with ThreadingHTTPServer(("127.0.0.1", free_port()), Own) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Client(f"http://127.0.0.1:{running.server_port}", "dsk_key", tries=3, timeout=5), Own, rests
        running.shutdown()
        thread.join(10)


def test_a_change_is_repeated_under_one_name(server: tuple[Client, type[Server], list[float]]) -> None:
    client, own, rests = server
    own.answers[:] = [(503, {}, b"<html>"), (429, {"Retry-After": "7"}, {"code": "too_many"}), (200, {}, {"id": "1"})]
    assert client.push_order("1/2")["id"] == "1"
    assert {path for _, path, _ in own.asked} == {"/api/v1/orders/1%2F2/push"}
    assert len({headers["Idempotency-Key"] for *_, headers in own.asked}) == 1 and len(own.asked) == 3
    assert 0.25 <= rests[0] <= 0.5 and rests[1] == 7.0


def test_patience_ends(server: tuple[Client, type[Server], list[float]]) -> None:
    client, own, rests = server
    own.answers[:] = [(503, {}, {"detail": "Later."})] * 3
    with pytest.raises(Problem, match="Later"):
        client.get_order("1")
    own.answers[:] = [(429, {"Retry-After": "3600"}, {})]
    with pytest.raises(Problem) as caught:
        client.get_order("1")
    assert caught.value.retry_after == 3600 and len(rests) == 2
    own.answers[:] = [(200, {}, b"<html>")] * 3
    with pytest.raises(Unreachable, match="/api/v1/orders/1"):
        client.get_order("1")
    with pytest.raises(ValueError, match="no address"):
        Client("file:///etc/passwd", "dsk_key")
    with pytest.raises(Unreachable):
        Client(f"http://127.0.0.1:{free_port()}", "dsk_key", tries=1).get_order("1")


def test_the_key_goes_nowhere_else(server: tuple[Client, type[Server], list[float]]) -> None:
    client, own, _ = server
    own.answers[:] = [(302, {"Location": "http://127.0.0.1:1/"}, {})]
    with pytest.raises(Problem) as caught:
        client.get_order("1")
    assert caught.value.status == 302 and len(own.asked) == 1


def test_an_unchanged_answer_comes_from_memory(server: tuple[Client, type[Server], list[float]]) -> None:
    client, own, _ = server
    own.answers[:] = [(200, {"ETag": '"a"'}, {"id": "1"}), (304, {}, b""), (200, {"ETag": '"b"'}, {"id": "1", "n": 2})]
    assert client.get_order("1") == client.get_order("1") == {"id": "1"}
    assert own.asked[1][2]["If-None-Match"] == '"a"'
    assert client.get_order("1") == {"id": "1", "n": 2}
