"""The shop, driven over HTTP like a real client would."""

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import quote

import aiohttp
import jsonschema
import pytest

from sandbox.oauth import base_string, signature
from sandbox.store import KEY, SECRET

ORDERS = "/wc/v3/orders"


def trackings(order):
    return f"/wc-shipment-tracking/v3/orders/{order}/shipment-trackings"


def as_json_schema(schema):
    """WordPress writes ``type: mixed`` and ``date-time`` as types, and lists required fields inside the properties."""
    if isinstance(schema, list):
        return [as_json_schema(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kinds = {"mixed": {}, "date-time": {"type": ["string", "null"]}, "string": {"type": ["string", "null"]}}
    kept = {
        name: as_json_schema(schema[name]) for name in ("items", "minimum", "maximum", "enum", "type") if name in schema
    }
    kind = kept.pop("type", None)
    said = kinds.get(kind, {"type": kind}) if not isinstance(kind, list) else {"type": kind}
    fields = schema.get("properties")
    inner = {"properties": {name: as_json_schema(one) for name, one in fields.items()}} if fields else {}
    return {**kept, **(said if kind else {}), **inner}


async def test_base_string_is_that_of_the_rfc(vendor_schema):
    vectors = vendor_schema("derived/signature_vectors.json")["vectors"]
    rfc = next(one for one in vectors if "base_string" in one and one["scheme"].startswith("oauth1"))
    assert base_string(rfc["method"], rfc["url"], rfc["params"].items()) == rfc["base_string"]


async def test_signed_call_is_let_in_and_says_what_the_shop_speaks(town):
    assert (await town.shop("GET", ORDERS)).body == []
    index = await town.shop("GET", "/")
    assert {"wc/v3", "wc-shipment-tracking/v3"} <= set(index.body["namespaces"])
    assert town.world.store.connected.is_set()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"oauth_signature": "d3Jvbmc="}, "provided signature does not match"),
        ({"oauth_consumer_key": "ck_other"}, "Consumer key is invalid"),
        ({"oauth_signature_method": "PLAINTEXT"}, "signature method is invalid"),
        ({"oauth_timestamp": "1700000000"}, "Invalid timestamp"),
        ({"oauth_timestamp": "soon"}, "Invalid timestamp"),
        ({"oauth_nonce": ""}, "Missing OAuth parameters: oauth_nonce"),
    ],
)
async def test_wrong_signature_is_refused(town, changed, words):
    reply = await town.shop("GET", ORDERS, **changed)
    assert reply.status == 401
    assert words in reply.body["message"]
    assert not town.world.store.connected.is_set()


async def test_nonce_works_once(town):
    assert (await town.shop("GET", ORDERS, oauth_nonce="once")).status == 200
    now = str(int(town.world.clock.now().timestamp()))
    replies = [await town.shop("GET", ORDERS, oauth_nonce="twice", oauth_timestamp=now) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 401]


async def test_signature_may_ride_in_the_authorization_header(town):
    url = f"http://127.0.0.1:{town.ports.store}/wp-json{ORDERS}"
    now = str(int(town.world.clock.now().timestamp()))
    pairs = {
        "oauth_consumer_key": KEY,
        "oauth_nonce": "n",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": now,
    }
    signed = signature("GET", url, [*pairs.items(), ("per_page", "5")], SECRET)
    fields = ", ".join(
        f'{name}="{quote(value, safe="")}"' for name, value in [*pairs.items(), ("oauth_signature", signed)]
    )
    async with town.session.get(url, params={"per_page": "5"}, headers={"Authorization": f"OAuth {fields}"}) as answer:
        assert answer.status == 200


async def test_basic_and_query_keys_are_refused_on_plain_http(town):
    url = f"http://127.0.0.1:{town.ports.store}/wp-json{ORDERS}"
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    async with town.session.get(url, headers={"Authorization": f"Basic {basic}"}) as answer:
        assert answer.status == 401
    async with town.session.get(url, params={"consumer_key": KEY, "consumer_secret": SECRET}) as answer:
        assert (await answer.json())["code"] == "woocommerce_rest_cannot_view"


async def test_orders_come_in_pages_of_at_most_100(town):
    for _ in range(5):
        await town.control("POST", "orders", {})
    reply = await town.shop("GET", ORDERS, [("per_page", "2"), ("page", "3"), ("orderby", "id"), ("order", "asc")])
    assert (reply.headers["X-WP-Total"], reply.headers["X-WP-TotalPages"]) == ("5", "3")
    assert [order["id"] for order in reply.body] == [1045]
    for query in ([("per_page", "101")], [("page", "0")], [("orderby", "mood")], [("modified_after", "yesterday")]):
        assert (await town.shop("GET", ORDERS, query)).status == 400


async def test_modified_after_reads_the_zone_as_the_shop_does(town):
    await town.control("POST", "orders", {"days_ago": 3, "route": "manual"})
    await town.control("POST", "orders", {"route": "manual"})
    now = town.world.clock.now()
    yesterday = (now - timedelta(days=1)).replace(tzinfo=None, microsecond=0).isoformat()
    for extra in ([("dates_are_gmt", "true")], []):
        reply = await town.shop("GET", ORDERS, [("modified_after", yesterday), *extra])
        assert [order["number"] for order in reply.body] == ["1042"]
    half_past = (now + timedelta(minutes=30)).replace(tzinfo=None).isoformat()
    # Half an hour ahead in GMT is half an hour ago on the shop's wall clock, one hour east.
    assert (await town.shop("GET", ORDERS, [("modified_after", half_past), ("dates_are_gmt", "true")])).body == []
    assert len((await town.shop("GET", ORDERS, [("modified_after", half_past)])).body) == 1


async def test_orders_fit_the_vendors_schema(town, vendor_schema):
    for journey, route in (("smooth", "store"), ("never_scanned", "api"), ("smooth", "manual")):
        await town.control("POST", "orders", {"journey": journey, "route": route})
    await town.days(3)
    schema = as_json_schema(
        vendor_schema("woocommerce/woocommerce_10.9.1_wc_v3_schemas.json")["WC_REST_Orders_Controller"]["item_schema"]
    )
    # A product without a picture has an empty image id in real answers, against the schema.
    schema["properties"]["line_items"]["items"]["properties"].pop("image")
    orders = (await town.shop("GET", ORDERS)).body
    assert len(orders) == 3
    for order in orders:
        jsonschema.Draft4Validator(schema).validate(order)
        assert set(schema["properties"]) - set(order) <= {"set_paid", "manual_update"}


async def test_number_typed_into_the_shop_completes_the_order(town):
    case = (await town.control("POST", "orders", {"journey": "smooth", "route": "store"})).body
    await town.days(2)
    order = (await town.shop("GET", f"{ORDERS}/{case['order']}")).body
    assert order["status"] == "completed"
    [meta] = [one for one in order["meta_data"] if one["key"] == "_wc_shipment_tracking_items"]
    assert meta["value"][0]["tracking_number"] == case["number"]
    [tracking] = (await town.shop("GET", trackings(case["order"]))).body
    assert tracking["tracking_number"] == case["number"]
    assert tracking["tracking_provider"]


async def test_posting_a_number_is_counted_and_completes_the_order(town):
    case = (await town.control("POST", "orders", {"route": "manual"})).body
    body = {"tracking_provider": "usps", "tracking_number": "9400111206206406260787", "status_shipped": 1}
    made = await town.shop("POST", trackings(case["order"]), body=body)
    assert (made.status, made.body["tracking_provider"]) == (201, "USPS")
    assert (await town.shop("GET", f"{ORDERS}/{case['order']}")).body["status"] == "completed"
    await town.shop("POST", trackings(case["order"]), body={**body, "replace_tracking": 1})
    pushes = (await town.control("GET", "pushes")).body
    assert pushes["duplicates"] == [{"order": case["order"], "number": "9400111206206406260787", "posts": 2}]
    assert len((await town.shop("GET", trackings(case["order"]))).body) == 1


async def test_unknown_provider_is_taken_with_an_empty_carrier(town):
    case = (await town.control("POST", "orders", {"route": "manual"})).body
    made = await town.shop(
        "POST", trackings(case["order"]), body={"tracking_provider": "pigeon", "tracking_number": "X1"}
    )
    assert (made.status, made.body["tracking_provider"], made.body["tracking_link"]) == (201, "", "")
    custom = {
        "custom_tracking_provider": "Pigeon",
        "custom_tracking_link": "https://p.example/1",
        "tracking_number": "X2",
    }
    named = await town.shop("POST", trackings(case["order"]), body={**custom, "date_shipped": "2026-01-02"})
    assert (named.body["tracking_provider"], named.body["date_shipped"]) == ("Pigeon", "2026-01-02")


async def test_plugin_answers_under_both_its_names(town):
    case = (await town.control("POST", "orders", {"route": "manual"})).body
    await town.shop("POST", trackings(case["order"]), body={"tracking_number": "X1", "status_shipped": 2})
    other = await town.shop("GET", f"/wc-ast/v3/orders/{case['order']}/shipment-trackings")
    assert [one["tracking_number"] for one in other.body] == ["X1"]
    assert (await town.shop("GET", f"{ORDERS}/{case['order']}")).body["status"] == "partial-shipped"


async def test_tracking_can_be_read_and_deleted(town):
    case = (await town.control("POST", "orders", {"route": "manual"})).body
    ref = (await town.shop("POST", trackings(case["order"]), body={"tracking_number": "X1"})).body["tracking_id"]
    one = f"{trackings(case['order'])}/{ref}"
    assert (await town.shop("GET", one)).body["tracking_number"] == "X1"
    assert (await town.shop("DELETE", one)).status == 200
    assert (await town.shop("GET", one)).status == 404
    for body in ({}, {"tracking_number": "X", "date_shipped": "soon"}, ["X"]):
        assert (await town.shop("POST", trackings(case["order"]), body=body)).status == 400


async def test_unknown_orders_and_routes_answer_in_the_shops_words(town):
    assert (await town.shop("GET", f"{ORDERS}/7")).body["code"] == "woocommerce_rest_shop_order_invalid_id"
    assert (await town.shop("GET", "/wc/v3/moods")).body["code"] == "rest_no_route"
    case = (await town.control("POST", "orders", {"route": "manual"})).body
    assert (await town.shop("PUT", f"{ORDERS}/{case['order']}", body={"status": "sad"})).status == 400
    assert (await town.shop("PUT", f"{ORDERS}/{case['order']}", body={"status": "on-hold"})).body["status"] == "on-hold"


async def hook(town, ear, topic="order.updated"):
    body = {"name": "d", "topic": topic, "delivery_url": ear.url, "secret": "s3"}
    return (await town.shop("POST", "/wc/v3/webhooks", body=body)).body["id"]


async def test_webhook_pings_then_tells_once_for_many_changes(town, ear):
    case = (await town.control("POST", "orders", {"route": "manual"})).body
    number = await hook(town, ear)
    [(_, ping)] = await ear.until(1)
    assert ping == f"webhook_id={number}".encode()
    for status in ("on-hold", "processing", "completed"):
        await town.shop("PUT", f"{ORDERS}/{case['order']}", body={"status": status})
    await ear.until(2)
    await asyncio.sleep(0.4)
    assert len(ear.heard) == 2
    headers, body = ear.heard[1]
    wanted = base64.b64encode(hmac.new(b"s3", body, hashlib.sha256).digest()).decode()
    assert headers["x-wc-webhook-signature"] == wanted
    assert (headers["x-wc-webhook-topic"], headers["x-wc-webhook-id"]) == ("order.updated", str(number))
    assert len(headers["x-wc-webhook-delivery-id"]) == 32
    assert json.loads(body)["status"] == "completed"


async def test_new_order_is_told_to_the_created_topic(town, ear):
    await hook(town, ear, "order.created")
    await ear.until(1)
    case = (await town.control("POST", "orders", {})).body
    assert json.loads((await ear.until(2))[1][1])["number"] == case["order"]


async def test_webhook_that_nobody_answers_is_disabled(town, ear):
    case = (await town.control("POST", "orders", {"route": "manual"})).body
    number = await hook(town, ear)
    await ear.until(1)
    ear.answers = [500] * 6
    for turn in range(6):
        await town.shop("PUT", f"{ORDERS}/{case['order']}", body={"status": "on-hold"})
        await ear.until(2 + turn)
    await asyncio.sleep(0.05)
    assert (await town.shop("GET", f"/wc/v3/webhooks/{number}")).body["status"] == "disabled"


async def test_webhooks_are_listed_changed_and_deleted(town, ear):
    number = await hook(town, ear)
    listed = await town.shop("GET", "/wc/v3/webhooks")
    assert [one["id"] for one in listed.body] == [number]
    assert "secret" not in listed.body[0]
    one = f"/wc/v3/webhooks/{number}"
    assert (await town.shop("PUT", one, body={"status": "paused"})).body["status"] == "paused"
    assert (await town.shop("DELETE", one)).status == 501
    assert (await town.shop("DELETE", one, [("force", "true")])).status == 200
    assert (await town.shop("GET", one)).status == 404
    for body in ({"topic": "mood.changed", "delivery_url": ear.url}, {"topic": "order.updated", "delivery_url": "x"}):
        assert (await town.shop("POST", "/wc/v3/webhooks", body=body)).status == 400


@pytest.mark.parametrize("fault", ["lost", "cut"])
async def test_answer_may_be_lost_after_the_work_is_done(town, fault):
    case = (await town.control("POST", "orders", {"route": "manual"})).body
    await town.control("POST", "faults", {"vendor": "store", "fault": fault, "method": "POST"})
    with pytest.raises(aiohttp.ClientError):
        await town.shop("POST", trackings(case["order"]), body={"tracking_number": "X1"})
    [row] = (await town.control("GET", "pushes")).body["fulfillments"]
    assert row == {"order": case["order"], "number": "X1", "posts": 1}
    assert len((await town.control("GET", "calls")).body["store"]) == 1


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [("401", 401, "{"), ("429", 429, "T"), ("500", 500, "I"), ("html", 200, "<"), ("garbage", 200, "{")],
)
async def test_shop_misbehaves_when_asked_to(town, fault, status, start):
    await town.control("POST", "faults", {"vendor": "store", "fault": fault, "calls": 1, "path": "/wp-json/wc/v3"})
    url = f"http://127.0.0.1:{town.ports.store}/wp-json{ORDERS}"
    async with town.session.get(url) as answer:
        assert answer.status == status
        assert (await answer.text()).startswith(start)
    assert (await town.shop("GET", ORDERS)).status == 200


async def test_slow_answers_are_right_and_faults_can_be_cleared(town):
    await town.control("POST", "faults", {"vendor": "store", "fault": "slow", "calls": 1, "seconds": 0.2})
    began = asyncio.get_running_loop().time()
    assert (await town.shop("GET", ORDERS)).status == 200
    assert asyncio.get_running_loop().time() - began >= 0.2
    await town.control("POST", "faults", {"vendor": "store", "fault": "500", "calls": 9})
    await town.control("DELETE", "faults")
    assert (await town.shop("GET", ORDERS)).status == 200
    assert (await town.control("POST", "faults", {"vendor": "moon", "fault": "500"})).status == 400
    assert (await town.control("POST", "faults", {"vendor": "store", "fault": "mood"})).status == 400
