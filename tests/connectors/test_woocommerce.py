"""WooCommerce: connecting, asking for orders, webhooks."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Delivery,
    Denied,
    NotFound,
    Refused,
    Request,
)
from doorstep.connectors.signing import hmac_base64, oauth_signature
from doorstep.connectors.stores.woo.ways import ADVANCED, PLAIN
from doorstep.connectors.stores.woocommerce import CONNECTOR
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.woocommerce_shop import ACCOUNT, WOO, wrong

# connecting


def test_check_proves_the_key_and_finds_the_way() -> None:
    index = answer({"name": "Lamps", "namespaces": ["wp/v2", "wc/v3", PLAIN, ADVANCED]})
    done = drive(CONNECTOR, ACCOUNT, WOO.check(ACCOUNT), [index, answer([])])
    assert done.result.settings == {"way": ADVANCED, "auth": "basic", "channel": "woocommerce"}
    assert (done.result.external_id, done.result.label, done.result.notes) == ("shop.example", "Lamps", ())
    assert "Authorization" not in done.requests[0].headers, "the index is public: no key goes where none is needed"
    assert done.requests[1].headers["Authorization"] == "Basic Y2tfMTpjc18x"


def test_check_takes_the_query_where_the_host_strips_the_header() -> None:
    index = answer({"name": "", "namespaces": [PLAIN]})
    done = drive(CONNECTOR, ACCOUNT, WOO.check(ACCOUNT), [index, wrong("x", "no", 401), answer([])])
    assert done.result.settings == {"way": PLAIN, "auth": "query", "channel": "woocommerce"}
    assert ("consumer_secret", "cs_1") in done.requests[2].query
    assert done.result.label == "shop.example"
    later = WOO.orders(replace(ACCOUNT, settings=done.result.settings), None)
    assert ("consumer_key", "ck_1") in drive(CONNECTOR, ACCOUNT, later, [answer([])]).requests[0].query


@pytest.mark.parametrize(
    ("index", "note"),
    [
        (wrong("rest_cannot_access", "hidden", 401), "stores.woocommerce.no_index"),
        (answer({"namespaces": "?"}), "stores.woocommerce.no_index"),
    ],
)
def test_check_says_when_numbers_cannot_be_given(index: Answer, note: str) -> None:
    done = drive(CONNECTOR, ACCOUNT, WOO.check(ACCOUNT), [index, answer([])])
    assert [one.id for one in done.result.notes] == [note]
    assert done.result.settings["way"] == ""


@pytest.mark.parametrize("status", [200, 404])
def test_check_says_that_a_page_is_not_an_api(status: int) -> None:
    with pytest.raises(NotFound) as caught:
        drive(CONNECTOR, ACCOUNT, WOO.check(ACCOUNT), [answer("<html>", status=status)])
    assert caught.value.message and caught.value.message.id == "stores.woocommerce.no_api"


def test_check_refuses_a_wrong_key_in_words() -> None:
    with pytest.raises(Denied) as caught:
        drive(CONNECTOR, ACCOUNT, WOO.check(ACCOUNT), [answer({"namespaces": []}), *[wrong("x", "No.", 401)] * 2])
    assert caught.value.message and caught.value.message.id == "stores.woocommerce.denied"


def test_plain_http_is_signed_with_oauth() -> None:
    account = replace(ACCOUNT, base_url="http://shop.example/wp/")
    done = drive(CONNECTOR, account, WOO.orders(account, None), [answer([])])
    request = done.requests[0]
    assert request.url == "http://shop.example/wp/wp-json/wc/v3/orders"
    assert "Authorization" not in request.headers
    *signed, (name, signature) = request.query
    assert name == "oauth_signature"
    assert signature == oauth_signature("GET", request.url, tuple(signed), secret="cs_1")


def test_two_equal_requests_of_one_second_differ_in_their_nonce() -> None:
    account = replace(ACCOUNT, base_url="http://shop.example")
    first, second = (drive(CONNECTOR, account, WOO.order(account, "1"), [answer({})]).requests[0] for _ in "12")
    assert dict(first.query)["oauth_nonce"] != dict(second.query)["oauth_nonce"]


@pytest.mark.parametrize("typed", ["shop.example", "https://shop.example/", "https://shop.example/wp-json/wc/v3"])
def test_address_may_be_typed_in_many_ways(typed: str) -> None:
    account = replace(ACCOUNT, base_url=typed)
    done = drive(CONNECTOR, account, WOO.order(account, "5"), [answer({})])
    assert done.requests[0].url == "https://shop.example/wp-json/wc/v3/orders/5"


# reading


def test_orders_are_asked_page_by_page_since_an_instant() -> None:
    since = datetime(2026, 6, 30, 2, tzinfo=timezone(timedelta(hours=2)))
    pages = [answer([{}], x_wp_totalpages="2"), answer([{}], x_wp_totalpages="2")]
    done = drive(CONNECTOR, ACCOUNT, WOO.orders(ACCOUNT, since), pages)
    query = dict(done.requests[0].query)
    assert query == {
        "per_page": "100",
        "orderby": "id",
        "order": "asc",
        "modified_after": "2026-06-30T00:00:00",
        "dates_are_gmt": "true",
        "page": "1",
    }
    assert [(one.what, one.subject) for one in done.requests] == [("orders", "1"), ("orders", "2")]
    assert done.requests[0].context == {"way": ADVANCED}


def test_pages_end_where_the_shop_has_nothing_more_whatever_it_counts() -> None:
    lying = [answer([{}], x_wp_totalpages="999"), answer([], x_wp_totalpages="999")]
    assert len(drive(CONNECTOR, ACCOUNT, WOO.orders(ACCOUNT, None), lying).requests) == 2
    silent = [answer([{}] * 100), answer([{}])]
    assert len(drive(CONNECTOR, ACCOUNT, WOO.orders(ACCOUNT, None), silent).requests) == 2


@pytest.mark.parametrize(
    ("canned", "kind"),
    [
        (wrong("woocommerce_rest_cannot_view", "No.", 403), Denied),
        (wrong("rest_no_route", "No route", 404), NotFound),
        (answer("busy", status=503, retry_after="5"), Busy),
        (answer("<html><title>Maintenance</title>"), Broken),
        (wrong("rest_invalid_param", "Invalid parameter(s): per_page", 400), Refused),
    ],
)
def test_polls_end_in_trouble_not_in_an_empty_list(canned: Answer, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        drive(CONNECTOR, ACCOUNT, WOO.orders(ACCOUNT, None), [canned])


def test_order_ref_that_is_no_id_never_reaches_the_shop() -> None:
    with pytest.raises(NotFound):
        drive(CONNECTOR, ACCOUNT, WOO.order(ACCOUNT, "../users"), [])


def test_scalar_instead_of_orders_is_broken() -> None:
    with pytest.raises(Broken):
        WOO.read(Answer(what="orders", body=b"7", received_at=NOW))


# webhooks


def test_subscribe_makes_two_webhooks_once() -> None:
    hooks: list[dict[str, Any]] = []

    def shop(request: Request) -> Answer:
        if request.method == "GET":
            return answer(hooks)
        body = json.loads(request.body)
        if request.method == "POST":
            hooks.append({"id": len(hooks) + 1, **body})
            return answer(hooks[-1], status=201)
        return answer({"id": int(request.url.rpartition("/")[2]), **body})

    for secret in ("first", "second"):
        done = drive(CONNECTOR, ACCOUNT, WOO.subscribe(ACCOUNT, "https://me.example/hooks/x", secret), shop)
        assert done.result == {"hook_secret": secret, "hook_ids": "1 2"}
    assert [one["topic"] for one in hooks] == ["order.created", "order.updated"]
    assert [one.method for one in done.requests] == ["GET", "PUT", "PUT"]


def delivery(body: bytes, secret: str = "hush", **headers: str) -> Delivery:
    signed = {"x-wc-webhook-signature": hmac_base64(secret, body), "x-wc-webhook-delivery-id": "d1", **headers}
    return Delivery(headers=signed, body=body, received_at=NOW)


HOOKED = replace(ACCOUNT, credentials={**ACCOUNT.credentials, "hook_secret": "hush"})


def test_signed_webhook_is_an_order() -> None:
    received = WOO.receive(HOOKED, delivery(b'{"id":1,"status":"completed","date_created_gmt":"2026-06-01T00:00:00"}'))
    assert received.answer and received.knock is False
    (order,) = WOO.read(received.answer).orders
    assert (order.ref, order.shipments) == ("1", ())


def test_two_orders_of_one_second_have_two_keys() -> None:
    """The delivery id is a hash of webhook and second."""
    first, second = (WOO.receive(HOOKED, delivery(body)).key for body in (b"1", b"2"))
    assert first != second
    assert first.startswith("d1-")
    assert WOO.receive(HOOKED, delivery(b"1", **{"x-wc-webhook-delivery-id": ""})).key == ""


@pytest.mark.parametrize(
    ("account", "sent"),
    [
        (HOOKED, delivery(b"{}", secret="other")),
        (HOOKED, Delivery(headers={}, body=b"{}", received_at=NOW)),
        (ACCOUNT, delivery(b"{}", secret="")),
        (HOOKED, replace(delivery(b"{}"), body=b"{} ")),
    ],
)
def test_webhook_with_a_wrong_signature_is_denied(account: Account, sent: Delivery) -> None:
    with pytest.raises(Denied):
        WOO.receive(account, sent)


def test_ping_is_accepted_and_teaches_nothing() -> None:
    assert WOO.receive(HOOKED, Delivery(headers={}, body=b"webhook_id=12", received_at=NOW)).answer is None
