"""The supplier, driven over HTTP like a real client would."""

import base64
import hashlib
import hmac
import json

import jsonschema
import pytest

from sandbox.supplier import API_KEY, OPEN_ID, POINTS
from sandbox.supplier_order import STAGES

LIST, DETAIL, TRACK = "/shopping/order/list", "/shopping/order/getOrderDetail", "/logistic/trackInfo"


@pytest.fixture
def fits(vendor_schema):
    """Checks a body against the schema written from CJ's documentation."""

    def check(name, body):
        whole = vendor_schema("derived/cj_schemas.json")
        jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": whole["$defs"]}).validate(body)

    return check


async def placed(town, journey="smooth"):
    return (await town.control("POST", "orders", {"journey": journey, "route": "api"})).body


async def detail(town, case):
    return (await town.cj("GET", DETAIL, query=[("orderId", case["purchase"])])).body["data"]


async def row(town, number):
    rows = (await town.cj("GET", TRACK, query=[("trackNumber", number)])).body["data"]
    return rows[0] if rows else None


async def test_token_opens_the_api_until_it_expires(town, fits):
    refused = await town.cj("GET", LIST)
    assert (refused.status, refused.body["code"]) == (401, 1600001)
    tokens = await town.login()
    assert tokens["openId"] == OPEN_ID
    assert (await town.cj("GET", LIST)).body["code"] == 200
    await town.days(15)
    expired = await town.cj("GET", LIST)
    assert expired.body["code"] == 1600001
    fits("ErrorResponse", expired.body)


async def test_refresh_token_works_once_and_gives_new_tokens(town, fits):
    tokens = await town.login()
    await town.days(20)
    body = {"refreshToken": tokens["refreshToken"]}
    renewed = await town.cj("POST", "/authentication/refreshAccessToken", body=body)
    fits("GetAccessTokenResponse", renewed.body)
    town.token = renewed.body["data"]["accessToken"]
    assert (await town.cj("GET", LIST)).body["result"] is True
    assert (await town.cj("POST", "/authentication/refreshAccessToken", body=body)).body["code"] == 1600003
    await town.cj("POST", "/authentication/logout")
    assert (await town.cj("GET", LIST)).body["code"] == 1600001


async def test_token_is_given_once_in_five_minutes_and_only_for_the_right_key(town):
    wrong = await town.cj("POST", "/authentication/getAccessToken", body={"apiKey": "no"})
    assert wrong.body["result"] is False
    await town.login()
    again = await town.cj("POST", "/authentication/getAccessToken", body={"apiKey": API_KEY}, impatient="1")
    assert (again.status, again.body["code"]) == (429, 1600200)
    await town.days(6 / 1440)
    assert await town.login()


async def test_order_goes_from_unpaid_to_delivered(town, fits):
    case = await placed(town)
    await town.login()
    seen = []
    for days in (0, 0.3, 0.4, 0.7, 5):
        await town.days(days)
        order = await detail(town, case)
        seen.append(
            (order["orderStatus"], order["subStatus"], bool(order["trackNumber"]), bool(order["outWarehouseTime"]))
        )
    assert seen == [
        ("UNPAID", None, False, False),
        ("UNSHIPPED", "PENDING", False, False),
        ("UNSHIPPED", "PROCESSING", True, False),
        ("SHIPPED", None, True, True),
        ("DELIVERED", None, True, True),
    ]
    fits("OrderDetailResponse", (await town.cj("GET", DETAIL, query=[("orderId", case["order"])])).body)


async def test_orders_are_listed_in_pages_and_filtered(town, fits):
    cases = [await placed(town) for _ in range(3)]
    await town.login()
    reply = await town.cj("GET", LIST, query=[("pageNum", "2"), ("pageSize", "2")])
    fits("OrderListResponse", reply.body)
    data = reply.body["data"]
    assert (data["total"], [one["orderId"] for one in data["list"]]) == (3, [cases[0]["purchase"]])
    one = await town.cj("GET", LIST, query=[("orderIds", cases[1]["purchase"])])
    assert [order["orderNum"] for order in one.body["data"]["list"]] == [cases[1]["order"]]
    assert (await town.cj("GET", LIST, query=[("status", "SHIPPED")])).body["data"]["list"] == []
    assert (await town.cj("GET", LIST, query=[("pageSize", "0")])).body["code"] == 1600100


async def test_products_carry_the_stores_own_line_ids(town):
    case = await placed(town)
    await town.login()
    order = (await town.shop("GET", f"/wc/v3/orders/{case['order']}")).body
    bought = (await detail(town, case))["productList"]
    assert [one["storeLineItemId"] for one in bought] == [str(line["id"]) for line in order["line_items"]]
    assert [one["quantity"] for one in bought] == [line["quantity"] for line in order["line_items"]]


async def test_local_number_comes_later(town, fits):
    case = await placed(town)
    await town.login()
    assert await row(town, case["number"]) is None
    await town.days(2)
    early = await row(town, case["number"])
    assert (early["trackingStatus"], early["lastTrackNumber"]) == ("In transit", None)
    await town.days(4)
    late = await row(town, case["number"])
    assert (late["trackingStatus"], late["lastTrackNumber"]) == ("Delivered", case["local_number"])
    fits("TrackInfoResponse", (await town.cj("GET", TRACK, query=[("trackNumber", case["local_number"])])).body)
    assert (await town.cj("GET", TRACK)).body["code"] == 1600100


async def test_swapped_number_changes_before_the_parcel_leaves(town):
    case = await placed(town, "number_swapped")
    await town.login()
    await town.days(0.7)
    assert (await detail(town, case))["trackNumber"] == case["first_number"]
    await town.days(0.22)
    after = await detail(town, case)
    assert (after["trackNumber"], after["orderStatus"]) == (case["number"], "UNSHIPPED")


async def test_never_scanned_parcel_is_shipped_and_stays_silent(town):
    case = await placed(town, "never_scanned")
    await town.login()
    await town.days(9)
    assert (await detail(town, case))["orderStatus"] == "SHIPPED"
    silent = await row(town, case["number"])
    assert (silent["trackingStatus"], silent["lastTrackNumber"]) == ("Created", None)


async def subscribe(town, url, kind="ENABLE"):
    setting = {"type": kind, "callbackUrls": [url]}
    body = dict.fromkeys(("product", "stock", "order", "logistics"), setting)
    return (await town.cj("POST", "/webhook/set", body=body)).body


async def test_webhooks_are_signed_with_the_open_id(town, ear, fits):
    await town.login()
    assert (await subscribe(town, ear.url))["result"] is True
    case = await placed(town)
    await town.days(6)
    heard = await ear.until(8)
    for headers, body in heard:
        wanted = base64.b64encode(hmac.new(str(OPEN_ID).encode(), body, hashlib.sha256).digest()).decode()
        assert headers["sign"] == wanted
    messages = [json.loads(body) for _, body in heard]
    assert len({one["messageId"] for one in messages}) == len(messages)
    for one in messages:
        fits("WebhookOrder" if one["type"] == "ORDER" else "WebhookLogistic", one)
    logistic = next(one["params"] for one in messages if one["type"] == "LOGISTIC")
    assert logistic["trackingNumber"] == case["number"]
    assert json.loads(logistic["logisticsTrackEvents"])[0]["status"] == logistic["trackingStatus"] == 12


async def test_webhook_is_repeated_until_it_is_taken(town, ear):
    await town.login()
    await subscribe(town, ear.url)
    ear.answers = [503]
    await placed(town)
    first, second = (await ear.until(2))[:2]
    assert first[1] == second[1]


async def test_callback_address_must_be_public_and_can_be_cancelled(town, ear):
    await town.login()
    assert (await subscribe(town, "http://shop.example/cj"))["code"] == 1607001
    assert (await subscribe(town, ear.url))["result"] is True
    assert (await subscribe(town, ear.url, "CANCEL"))["result"] is True
    await placed(town)
    assert ear.heard == []
    assert (await town.cj("POST", "/webhook/set", body={"order": {}})).body["code"] == 1600100


async def test_too_many_calls_in_a_second_are_refused(town):
    await town.login()
    replies = [await town.cj("GET", LIST, impatient="1") for _ in range(6)]
    assert [reply.status for reply in replies].count(429) >= 2
    assert replies[-1].body["code"] == 1600200


async def test_points_run_out(town):
    await town.login()
    town.world.supplier._points_used = POINTS
    setting = {"type": "ENABLE", "callbackUrls": ["https://shop.example/cj"]}
    body = dict.fromkeys(("product", "stock", "order", "logistics"), setting)
    reply = await town.cj("POST", "/webhook/set", body=body, impatient="1")
    assert (reply.status, reply.body["pointsInfo"]["remaining"]) == (429, 0)
    assert (await town.cj("GET", LIST)).status == 200
    await town.days(1)
    assert (await town.cj("POST", "/webhook/set", body=body)).status == 200


async def test_unknown_order_and_bad_bodies_answer_in_the_envelope(town, fits):
    await town.login()
    unknown = await town.cj("GET", DETAIL, query=[("orderId", "1")])
    assert unknown.body["code"] == 1603100
    fits("ErrorResponse", unknown.body)
    assert (await town.cj("POST", "/webhook/set", body=["x"])).body["code"] == 1600100
    nowhere = await town.cj("GET", "/nowhere")
    assert (nowhere.status, nowhere.body["result"]) == (404, False)
    assert (await town.cj("GET", "/setting/get")).body["data"]["setting"]["qpsLimit"] == 4


@pytest.mark.parametrize(("fault", "code"), [("401", 1600001), ("429", 1600200)])
async def test_supplier_words_its_troubles_itself(town, fault, code):
    await town.login()
    await town.control("POST", "faults", {"vendor": "supplier", "fault": fault})
    assert (await town.cj("GET", LIST, impatient="1")).body["code"] == code


def test_every_stage_is_in_the_vendors_list(vendor_schema):
    known = vendor_schema("derived/cj_schemas.json")["x-logistic-status"]
    assert {str(number) for number, _ in STAGES.values()} <= set(known)
