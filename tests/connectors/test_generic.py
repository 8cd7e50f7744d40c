"""Any shop: its description, its webhooks, and the whole road over HTTP against the sandbox's own shop."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.connectors.contract import Account, Broken, Busy, Delivery, Denied, NotFound, Refused, Shipment
from doorstep.connectors.stores import generic_call
from doorstep.connectors.stores.generic import CONNECTOR, Generic
from doorstep.core.order import Content
from sandbox.callbacks import Callbacks
from sandbox.clock import Clock
from sandbox.generic import SECRET, TOKEN, OwnOrder, OwnShop
from tests.connectors.flow import NOW, Driven, answer, drive
from tests.connectors.vendor_specs import file
from tests.sandbox.vendors import line

ANY = Generic()
SETTINGS = {
    "call_url": "/api/orders/{order}/tracking?notify={notify}",
    "call_body": '{"number": "{number}", "carrier": "{carrier}", "lines": {lines}}',
    "ref_path": "data.shipment.id",
    "orders_url": "/api/orders?since={since}",
    "order_url": "/api/orders/{order}",
}
ACCOUNT = Account(
    base_url="https://shop.example/",
    settings=SETTINGS,
    credentials={"call_headers": f"Authorization: Bearer {TOKEN}\n\nX-Shop: 1", "webhook_secret": SECRET},
    now=NOW,
)
SHIPMENT = Shipment(order="A-1", number='R"B\\1', key="k1", carrier_name="CTT", contents=(Content(line="1", qty=2),))
TOOK = answer({"data": {"shipment": {"id": 7}}}, status=201)


def described(**changed: str) -> Account:
    return replace(ACCOUNT, settings={**SETTINGS, **changed})


def push(account: Account = ACCOUNT, shipment: Shipment = SHIPMENT, said: Any = TOOK) -> Driven[Any]:
    return drive(CONNECTOR, account, ANY.push(account, shipment), [said])


def refused(account: Account) -> str:
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, account, ANY.check(account), [answer([])])
    assert caught.value.message
    return caught.value.message.id


# the call


def test_call_is_made_as_described() -> None:
    done = push()
    (request,) = done.requests
    assert (request.method, request.url) == ("POST", "https://shop.example/api/orders/A-1/tracking")
    assert request.query == (("notify", "true"),)
    assert json.loads(request.body) == {"number": 'R"B\\1', "carrier": "CTT", "lines": [{"line": "1", "quantity": 2}]}
    assert (request.headers["Authorization"], request.headers["X-Shop"]) == (f"Bearer {TOKEN}", "1")
    assert (request.headers["Idempotency-Key"], request.changes) == ("k1", True)
    assert done.result.ref == "7"


@given(number=st.text(max_size=20), order=st.text(min_size=1, max_size=20))
def test_no_number_breaks_out_of_its_place(number: str, order: str) -> None:
    told = generic_call.values(ACCOUNT, replace(SHIPMENT, number=number, order=order))
    try:
        number.encode()
        order.encode()
    except UnicodeEncodeError:
        return
    assert json.loads(generic_call.body('{"n": "{number}", "o": {"x": "{order}"}}', told)) == {
        "n": number,
        "o": {"x": order},
    }
    url, query = generic_call.address(ACCOUNT, "/orders/{order}/tracking", told)
    assert (url.count("/"), query) == (5, ())


def test_number_is_the_ref_where_no_other_is_described() -> None:
    assert push(described(ref_path="")).result.ref == SHIPMENT.number
    with pytest.raises(Broken) as caught:
        push(said=answer({"data": []}))
    assert caught.value.message and caught.value.message.id == "generic.no_ref"


@pytest.mark.parametrize(
    ("found", "path", "said"),
    [
        ({"a": [{"b": 1}]}, "a.0.b", "1"),
        ([], "0", ""),
        ("x", "a", ""),
        ({"a": True}, "a", ""),
        ({"a": "r"}, " a ", "r"),
    ],
)
def test_id_is_found_by_its_path(found: Any, path: str, said: str) -> None:
    assert generic_call.at_path(found, path) == said


@pytest.mark.parametrize(
    ("account", "message"),
    [
        (described(call_url="https://elsewhere.example/{order}"), "generic.other_host"),
        (described(call_url="http://shop.example/{order}"), "generic.other_host"),
        (described(call_body='{"n": {number}}'), "generic.not_json"),
        (described(call_body='{"n": "{numbr}"}'), "generic.unknown_place"),
        (described(call_method="delete"), "generic.bad_method"),
        (replace(ACCOUNT, credentials={"call_headers": "Authorization Bearer"}), "generic.bad_header"),
        (replace(ACCOUNT, credentials={"call_headers": "Host: elsewhere.example"}), "generic.bad_header"),
    ],
)
def test_wrong_description_is_told_before_it_is_saved(account: Account, message: str) -> None:
    assert refused(account) == message


def test_check_shows_what_would_be_sent() -> None:
    done = drive(CONNECTOR, ACCOUNT, ANY.check(ACCOUNT), [answer([])])
    assert [(one.method, one.changes) for one in done.requests] == [("GET", False)]
    (note,) = done.result.notes
    assert note.values["url"] == "https://shop.example/api/orders/1041/tracking"
    assert '"RB123456785PT"' in str(note.values["body"]) and TOKEN not in str(note.values)


def test_shop_that_only_sends_is_asked_for_nothing() -> None:
    account = described(orders_url="", order_url="")
    assert drive(CONNECTOR, account, ANY.orders(account, None), []).requests == []
    with pytest.raises(Refused):
        drive(CONNECTOR, account, ANY.order(account, "1"), [])
    assert drive(CONNECTOR, account, ANY.check(account), [answer("<html>")]).result.label == "shop.example"


def test_pages_are_followed_as_the_shop_links_them_and_no_page_twice() -> None:
    first = answer({"orders": [], "next": "/api/orders?page=2"})
    done = drive(CONNECTOR, ACCOUNT, ANY.orders(ACCOUNT, NOW), [first, first])
    assert [one.query for one in done.requests] == [(("since", "2026-07-01T12:00:00+00:00"),), (("page", "2"),)]
    away = answer({"orders": [], "next": "https://elsewhere.example/orders"})
    with pytest.raises(Refused):
        drive(CONNECTOR, ACCOUNT, ANY.orders(ACCOUNT, None), [away])


# webhooks


def delivery(body: bytes = b"[]", at: datetime = NOW, **headers: str) -> Delivery:
    return Delivery(headers={name.replace("_", "-"): said for name, said in headers.items()}, body=body, received_at=at)


def test_published_signature_is_verified_for_five_minutes() -> None:
    vectors = json.loads(file("derived/signature_vectors.json").read_text())["vectors"]
    (one,) = [vector for vector in vectors if vector["scheme"] == "standard-webhooks"]
    account = replace(ACCOUNT, credentials={"webhook_secret": one["secret"]})
    headers = {**one["headers"], "webhook-signature": f"v1,AAAA {one['expected']}"}
    at = datetime.fromtimestamp(int(one["headers"]["webhook-timestamp"]), UTC)
    body = one["body"].encode()
    received = ANY.receive(account, delivery(body, at, **headers))
    assert received.answer and (received.key, received.answer.body) == (one["headers"]["webhook-id"], body)
    for late in (-301, 301):
        with pytest.raises(Denied):
            ANY.receive(account, delivery(body, at + timedelta(seconds=late), **headers))


@pytest.mark.parametrize("secret", ["a secret of my own choosing", "whsec_not base64"])
def test_hub_signature_is_verified(secret: str) -> None:
    account = replace(ACCOUNT, credentials={"webhook_secret": secret})
    proof = hmac.new(secret.encode(), b"[]", hashlib.sha256).hexdigest()
    assert ANY.receive(account, delivery(x_hub_signature_256=f"sha256={proof}")).answer
    with pytest.raises(Denied):
        ANY.receive(account, delivery(webhook_id="1", webhook_timestamp=str(int(NOW.timestamp()))))


@pytest.mark.parametrize(
    "headers", [{}, {"x_hub_signature_256": "sha256=00"}, {"webhook_id": "1", "webhook_timestamp": "soon"}]
)
def test_unsigned_webhooks_are_refused(headers: dict[str, str]) -> None:
    for account in (ACCOUNT, replace(ACCOUNT, credentials={})):
        with pytest.raises(Denied):
            ANY.receive(account, delivery(**headers))


@pytest.mark.parametrize(("secret", "message"), [(SECRET, "generic.hook_by_hand"), ("", "generic.no_hook_secret")])
def test_webhook_is_entered_in_the_shop_by_a_person(secret: str, message: str) -> None:
    account = replace(ACCOUNT, credentials={"webhook_secret": secret})
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, account, ANY.subscribe(account, "https://me.example/hooks/x", ""), [])
    assert caught.value.message and caught.value.message.id == message


# the whole road


@pytest.fixture
def shop() -> OwnShop:
    there = OwnShop(clock=Clock(NOW, 1), callbacks=Callbacks())
    for ref in ("A-1", "A-2", "A-3"):
        lines = {"1": ("Lamp", 2), "2": ("Bulb", 1)}
        there.orders[ref] = OwnOrder(id=ref, placed_at=NOW, updated_at=NOW, email="ana@example.com", lines=lines)
    return there


async def test_orders_are_read_numbers_given_and_rules_kept(shop: OwnShop) -> None:
    async with line(shop.app(), Clock(NOW, 1)) as to_it:
        account = replace(ACCOUNT, base_url=to_it.url)
        await to_it.run(CONNECTOR, account, ANY.check(account))
        await to_it.run(CONNECTOR, account, ANY.orders(account, NOW - timedelta(days=1)))
        assert [one.ref for page in to_it.read for one in page.orders] == ["A-1", "A-2", "A-3"]
        refs = [await to_it.run(CONNECTOR, account, ANY.push(account, SHIPMENT)) for _ in range(2)]
        assert [one.ref for one in refs] == ["s1", "s1"], "the key tells a repetition"
        for shipment, said in (
            (replace(SHIPMENT, key="k2"), "used already"),
            (replace(SHIPMENT, key="k3", number="RB2"), "More than was ordered"),
        ):
            with pytest.raises(Refused, match=said):
                await to_it.run(CONNECTOR, account, ANY.push(account, shipment))
        await to_it.run(CONNECTOR, account, ANY.push(account, replace(SHIPMENT, key="k4", number="RB2", contents=())))
        await to_it.run(CONNECTOR, account, ANY.order(account, "A-1"))
        (order,) = to_it.read[-1].orders
        assert [one.number for one in order.shipments or ()] == [SHIPMENT.number, "RB2"]
        with pytest.raises(NotFound):
            await to_it.run(CONNECTOR, account, ANY.order(account, "A-9"))
        stranger = replace(account, credentials={})
        with pytest.raises(Denied):
            await to_it.run(CONNECTOR, stranger, ANY.check(stranger))
        shop.calls_left = 0
        with pytest.raises(Busy):
            await to_it.run(CONNECTOR, account, ANY.order(account, "A-1"))


async def test_webhook_of_the_shop_is_believed(shop: OwnShop) -> None:
    sent: list[Any] = []
    shop.hook = "http://127.0.0.1:1/hooks/x"
    shop._callbacks.post = sent.append  # type: ignore[method-assign]  # what would be posted, without a listener
    shop.place(replace(shop.orders["A-1"], id="A-4"))
    (message,) = sent
    account = replace(ACCOUNT, now=datetime.now(UTC))
    headers = {name.lower(): said for name, said in message.headers.items()}
    received = ANY.receive(account, Delivery(headers=headers, body=message.body, received_at=shop._clock.now()))
    assert received.answer
    assert [one.ref for one in ANY.read(received.answer).orders] == ["A-4"]
