"""A store's own domain: proven before it answers, and nothing under it but this store's pages."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.conf import settings as configured
from django.test import Client

from doorstep.app import doors
from doorstep.app.connections import domains
from doorstep.db.models import Door, Order
from tests.app.ledger import Ledger, connect, ledger, woo

HOST = "track.shop.example"


@pytest.fixture(autouse=True)
def _only_named_hosts(settings: pytest.FixtureRequest) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]  # type: ignore[attr-defined]


def txt(shop: Ledger) -> domains.Lookup:
    """DNS in which the record is set."""
    door = domains.of(shop.ws, shop.store.id)
    assert door is not None
    return {f"_doorstep.{HOST}": domains.proof(door).encode()}.get


@pytest.fixture
def opened(shop: Ledger) -> Ledger:
    """The shop with its own domain."""
    domains.ask(shop.ws, shop.store.id, f"https://{HOST.upper()}/", "user:1")
    domains.check(shop.ws, shop.store.id, "user:1", txt(shop))
    return shop


def under(host: str = HOST) -> Client:
    return Client(HTTP_HOST=host)


def test_pages_of_the_store_answer_under_its_domain_and_links_lead_there(
    opened: Ledger, order: Order, page: str
) -> None:
    url = doors.page_url(opened.ws, order.id)
    assert url.startswith(f"https://{HOST}/t/")
    path = url.removeprefix(f"https://{HOST}")
    shown = under().get(path)
    assert shown.status_code == 200 and "1001" in shown.content.decode()
    assert under().post(f"{path}/message", {"body": "Hello"}).status_code == 303
    find = doors.lookup_url(opened.ws, opened.store.id).removeprefix(f"https://{HOST}")
    assert under(f"{HOST}:443").get(find).status_code == 200
    assert Client().get(path).status_code == 200  # the public address goes on


def test_nothing_else_answers_under_it(opened: Ledger, order: Order, alice: Client) -> None:
    alice.defaults["HTTP_HOST"] = HOST
    for path in (
        "/",
        "/connections",
        "/accounts/login/",
        f"/orders/{order.id}",
        "/api/v1/orders",
        "/t/AAAA",
        "/find/x",
        "/s/x",
    ):
        answer = alice.get(path)
        assert answer.status_code == 404, path
        assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == (
            "nosniff",
            "private, no-store",
        )


def test_pages_of_another_store_do_not_answer_under_it(opened: Ledger, order: Order) -> None:
    second = connect(opened.ws, "store", "woocommerce", opened.store.connected_at, settings=opened.store.settings)
    opened.hears(opened.arrival(second, "order", woo(2001), way="wc-shipment-tracking/v3"))
    theirs = Order.objects.get(store_id=second.id)
    strange = ledger(email="zoe@example.org")
    strange.hears(strange.woo(woo(3001)))
    for ws, one in ((opened.ws, theirs), (strange.ws, strange.order(3001))):
        path = doors.page_url(ws, one.id).removeprefix(configured.PUBLIC_URL)
        assert Client().get(path).status_code == 200
        assert under().get(path).status_code == 404
    lookup = doors.lookup_url(opened.ws, second.id).removeprefix(configured.PUBLIC_URL)
    assert under().get(lookup).status_code == 404


def test_name_that_nobody_proved_is_refused(shop: Ledger, page: str) -> None:
    domains.ask(shop.ws, shop.store.id, HOST, "user:1")
    assert under().get(page).status_code == 400
    assert doors.page_url(shop.ws, shop.order(1001).id).startswith(configured.PUBLIC_URL)
    assert Client().get("/domains/known", {"domain": HOST}).status_code == 404


def test_proxy_is_told_which_names_are_proven(opened: Ledger) -> None:
    assert Client().get("/domains/known", {"domain": HOST}).status_code == 200
    domains.remove(opened.ws, opened.store.id, "user:1")
    assert Client().get("/domains/known", {"domain": HOST}).status_code == 404
    assert under().get("/t/AAAA").status_code == 400


def test_name_belongs_to_one_store_until_it_is_taken_away_there(opened: Ledger) -> None:
    other = ledger(email="zoe@example.org")
    domains.ask(other.ws, other.store.id, HOST, "user:2")
    with pytest.raises(domains.Refused, match="taken"):
        domains.check(other.ws, other.store.id, "user:2", txt(other))
    domains.remove(opened.ws, opened.store.id, "user:1")
    domains.check(other.ws, other.store.id, "user:2", txt(other))
    assert domains.opened(HOST) == (other.ws, other.store.id)
    assert Door.objects.filter(kind="domain", revoked_at=None).count() == 1


@pytest.mark.parametrize(
    "name",
    ["", "localhost", "shop.example", "10.0.0.1", "a b.shop.example", "testserver", "-x.shop.example", "x" * 300],
)
def test_name_that_cannot_be_is_refused_with_a_reason(shop: Ledger, alice: Client, name: str) -> None:
    answer = alice.post(f"/connections/{shop.store.id}/domain", {"do": "ask", "name": name}, follow=True)
    assert "is no name for this" in answer.content.decode()


def test_name_with_other_letters_is_kept_as_dns_has_it(shop: Ledger) -> None:
    domains.ask(shop.ws, shop.store.id, "paket.müller.example", "user:1")
    door = domains.of(shop.ws, shop.store.id)
    assert door is not None and door.label == "paket.xn--mller-kva.example"


def test_merchant_names_it_reads_what_to_do_and_takes_it_away(
    shop: Ledger, alice: Client, bob: Client, charlie: Client
) -> None:
    path = f"/connections/{shop.store.id}/domain"
    screen = alice.post(path, {"do": "ask", "name": HOST}, follow=True).content.decode()
    door = domains.of(shop.ws, shop.store.id)
    assert door is not None and domains.proof(door) in screen and f"_doorstep.{HOST}" in screen
    assert alice.post(path, {"do": "sell"}).status_code == 404
    assert bob.post(path, {"do": "remove"}).status_code == 403
    assert charlie.post(path, {"do": "remove"}).status_code == 404
    assert "under this instance" in alice.post(path, {"do": "remove"}, follow=True).content.decode()
    assert "no name to check" in alice.post(path, {"do": "check"}, follow=True).content.decode()


class Answers(BaseHTTPRequestHandler):
    """A web server of the merchant with one file."""

    text = b""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == domains.FILE else 404)
        self.end_headers()
        self.wfile.write(self.text + b"\n")

    def log_message(self, *said: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def server(settings: pytest.FixtureRequest) -> Iterator[HTTPServer]:
    found = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    settings.DEMO, settings.HOST_MAP = True, f"{HOST}=127.0.0.1:{found.server_port}"  # type: ignore[attr-defined]
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


@pytest.mark.django_db(transaction=True)
def test_file_on_the_domain_proves_it_and_one_without_the_text_does_not(server: HTTPServer) -> None:
    shop = ledger(email="zoe@example.org")
    domains.ask(shop.ws, shop.store.id, HOST, "user:1")
    door = domains.of(shop.ws, shop.store.id)
    assert door is not None
    with pytest.raises(domains.Refused, match="not_proven"):
        domains.check(shop.ws, shop.store.id, "user:1", lambda name: None)
    Answers.text = domains.proof(door).encode()
    domains.check(shop.ws, shop.store.id, "user:1", lambda name: None)
    assert domains.opened(HOST) == (shop.ws, shop.store.id)


@pytest.mark.django_db(transaction=True)
def test_name_that_leads_nowhere_is_not_proven() -> None:
    shop = ledger(email="zoe@example.org")
    domains.ask(shop.ws, shop.store.id, "nowhere.shop.invalid", "user:1")

    def silent(name: str) -> bytes | None:
        raise TimeoutError(name)

    with pytest.raises(domains.Refused, match="not_proven"):
        domains.check(shop.ws, shop.store.id, "user:1", silent)
    with pytest.raises(domains.Refused, match="no_store"):
        domains.ask(shop.ws, 1, HOST, "user:1")
