"""What programs change goes the way of the console: the same use cases, the same refusals, the same audit trail."""

import json
from typing import Any

import pytest

from doorstep.app import clock
from doorstep.app.api import api_answers
from doorstep.app.audit import unbroken
from doorstep.app.order.order_view import names
from doorstep.app.reading.understand import understand
from doorstep.db.models import ApiAnswer, Audit, Claim, Order, Parcel, Push
from tests.app.ledger import OTHER, USPS, Ledger, cj
from tests.web.api.contract import Program, program
from tests.web.conftest import NUMBER


def test_a_number_is_put_on_an_order_and_taken_back(me: Program, shop: Ledger) -> None:
    order = shop.order(1002)
    made = me.post(f"/orders/{order.id}/numbers", {"text": USPS, "carrier": "USPS"})
    assert made.status_code == 201 and shop.order(1002).state == "shipped"
    number = made.json()
    assert made.headers["Location"] == f"/api/v1/numbers/{number['id']}" and number["carrier"] == "usps"
    assert me.ask("DELETE", f"/orders/{order.id}/numbers/{number['id']}").status_code == 204
    assert shop.order(1002).state == "placed"
    assert me.ask("DELETE", f"/orders/{shop.order(1001).id}/numbers/{number['id']}").status_code == 404


def test_part_of_an_order_can_be_said(me: Program, shop: Ledger) -> None:
    order = shop.order(1002)
    (line,) = me.get(f"/orders/{order.id}").json()["lines"]
    contents = [{"line": line["ref"], "quantity": 1}]
    assert me.post(f"/orders/{order.id}/numbers", {"text": USPS, "contents": contents}).status_code == 201
    assert Claim.objects.get(ws=shop.ws, order_id=order.id).contents == [[line["ref"], 1]]


def test_what_is_no_tracking_number_has_to_be_confirmed(me: Program, shop: Ledger) -> None:
    path = f"/orders/{shop.order(1002).id}/numbers"
    doubt = me.post(path, {"text": "1002"})
    assert (doubt.status_code, doubt.json()["code"]) == (422, "hold.is_order_number")
    assert "/#doubtful" in doubt.json()["type"]
    assert me.post(path, {"text": "1002", "confirmed": True}).status_code == 201
    assert me.post(path, {"text": "----", "confirmed": True}).status_code == 422
    assert me.post(path, {"text": USPS, "carrier": "Nobody at all"}).json()["code"] == "refuse.carrier"


def test_a_parcel_of_no_shop_is_followed_once(me: Program, shop: Ledger) -> None:
    first, again = (me.post("/numbers", {"text": text}) for text in (OTHER, OTHER.lower()))
    assert first.status_code == again.status_code == 201 and first.json()["id"] == again.json()["id"]
    (parcel,) = me.rows(f"/parcels?number_id={first.json()['id']}")
    assert me.get(f"/orders/{parcel['orders'][0]}").json()["number"].startswith("H-")


def test_the_carrier_of_a_number_can_be_named(me: Program, shop: Ledger) -> None:
    (number,) = me.rows(f"/numbers?text={NUMBER}")
    changed = me.ask("PATCH", f"/numbers/{number['id']}", {"carrier": "usps"})
    assert (changed.json()["carrier"], changed.json()["carrier_by"]) == ("usps", "person")
    assert me.ask("PATCH", "/numbers/1", {"carrier": "usps"}).status_code == 404


def test_a_purchase_is_said_to_be_of_an_order(me: Program, shop: Ledger) -> None:
    shop.hears(shop.cj(cj("77", "nobody-knows", number=None, sku_line="1")))
    (free,) = me.rows("/purchases?matched=false")
    path, order = f"/purchases/{free['id']}/match", str(shop.order(1002).id)
    assert me.post(path, {"order_id": order}).json()["lines"][0]["order_id"] == order
    assert me.post(path, {"order_id": None}).json()["lines"][0]["order_id"] is None
    assert me.post(path, {"order_id": "1"}).status_code == me.post("/purchases/1/match", {"order_id": None}).status_code
    assert me.post(path, {}).json()["errors"][0]["path"] == "$"


def test_a_push_is_withdrawn_where_it_can_be(me: Program, shop: Ledger) -> None:
    push = Push.objects.get(ws=shop.ws)
    if push.state not in {"held", "due"}:
        pytest.fail(push.state)
    assert me.post(f"/pushes/{push.id}/withdraw").json()["state"] == "superseded"
    refused = me.post(f"/pushes/{push.id}/withdraw")
    assert (refused.status_code, refused.json()["code"]) == (409, "push.not_now")
    assert me.post(f"/pushes/{push.id}/retry").status_code == 409
    assert me.post("/pushes/1/withdraw").status_code == me.post("/pushes/1/retry").status_code == 404
    assert me.post(f"/orders/{push.order_id}/push").json()["id"] == str(push.order_id)
    assert me.post("/orders/1/push").status_code == 404


def test_fresh_data_is_asked_for_within_its_cool_down(me: Program, shop: Ledger) -> None:
    parcel = Parcel.objects.get(ws=shop.ws)
    asked = me.post(f"/parcels/{parcel.id}/resync")
    assert asked.status_code == 201 and asked.json()["place"] == "api" and asked.json()["running"]
    assert me.get(asked.headers["Location"].removeprefix("/api/v1")).json()["target_id"] == str(parcel.id)
    soon = me.post(f"/parcels/{parcel.id}/resync")
    assert soon.status_code == 409 and soon.json()["code"].startswith("resync.")
    assert me.post("/parcels/1/resync").status_code == 404


def test_a_store_is_asked_about_and_stopped(me: Program, shop: Ledger) -> None:
    asked = me.post("/resyncs", {"store_id": str(shop.store.id), "range": "60d"})
    assert asked.status_code == 201, asked.content
    job = asked.json()
    assert (job["scope"], job["place"], job["total"]) == ("store", "api", 1)
    assert me.post("/resyncs", {"store_id": str(shop.store.id)}).status_code == 409
    assert me.post(f"/resyncs/{job['id']}/cancel").json()["outcome"]
    assert [one["id"] for one in me.rows("/resyncs?scope=store")] == [job["id"]]
    assert me.post("/resyncs/1/cancel").status_code == me.post("/resyncs", {"store_id": "1"}).status_code == 404


def test_a_table_is_brought_looked_at_confirmed_and_undone(me: Program, shop: Ledger) -> None:
    text = f"order,tracking_number\n1002,{USPS}\n9999,{OTHER}\n"
    brought = me.post("/imports", {"text": text, "name": "week 47"})
    assert brought.status_code == 201
    table = brought.json()
    assert [one["state"] for one in table["rows"]] == ["new", "refused"] and table["table"]["state"] == "open"
    path = f"/imports/{table['table']['id']}"
    assert me.post(f"{path}/confirm").json()["table"]["state"] == "done" and shop.order(1002).state == "shipped"
    assert me.rows("/imports")[0]["numbers"] == 1
    assert me.post(f"{path}/undo").json()["table"]["state"] == "undone" and shop.order(1002).state == "placed"
    assert me.post(f"{path}/undo").json()["code"] == "import.nothing_to_undo"
    assert me.ask("DELETE", path).status_code == 204
    assert me.get(path).status_code == me.post("/imports/1/confirm").status_code == 404
    assert me.post("/imports", {"text": " \n"}).status_code == 422
    unreadable = me.post("/imports", {"text": "just words"}).json()
    assert unreadable["trouble"] or unreadable["rows"] == []


# --- many at once ---


def test_many_parcels_are_answered_row_by_row_and_read_soon(me: Program, shop: Ledger) -> None:
    rows = [
        {"number": USPS, "order": "1002"},
        {"number": OTHER, "reference": "PO-7"},
        {"number": NUMBER},
        {"number": OTHER},
        {"number": "ines@buyer.example"},
        {"number": "---"},
        {"number": USPS, "order": "4711"},
    ]
    answer = me.post("/parcels/bulk", {"parcels": rows})
    assert answer.status_code == 202
    told = answer.json()
    states = [one["state"] for one in told["rows"]]
    assert states == ["new", "new", "known", "refused", "refused", "refused", "refused"]
    assert (told["new"], told["known"], told["refused"]) == (2, 1, 4)
    assert told["rows"][2]["order_id"] == str(shop.order(1001).id)
    assert told["rows"][3]["problem"]["code"] == "import.twice"
    while understand():
        pass
    assert shop.order(1002).state == "shipped"
    (made,) = me.rows(f"/orders?external_id={told['rows'][1]['external_id']}")
    assert made["number"] == "PO-7" and made["parcels"]
    path = f"/imports/{told['import_id']}"
    assert me.get(path).json()["table"]["state"] == "done"
    assert me.post(f"{path}/undo").status_code == 200
    while understand():
        pass
    assert me.get(path).json()["table"]["state"] == "undone" and shop.order(1002).state == "placed"


def test_many_known_parcels_make_nothing(me: Program, shop: Ledger) -> None:
    before = Order.objects.filter(ws=shop.ws).count()
    told = me.post("/parcels/bulk", {"parcels": [{"number": NUMBER}, {"number": NUMBER, "order": "1001"}]}).json()
    assert [one["state"] for one in told["rows"]] == ["known", "known"] and told["import_id"] is None
    assert Order.objects.filter(ws=shop.ws).count() == before


def test_a_thousand_parcels_are_one_call(me: Program, shop: Ledger) -> None:
    rows = [{"number": f"YT{2_400_000_000_000_000 + n}"} for n in range(450)]
    told = me.post("/parcels/bulk", {"parcels": rows}).json()
    assert told["new"] == 450
    while understand():
        pass
    assert Parcel.objects.filter(ws=shop.ws).count() == 451
    assert me.post("/parcels/bulk", {"parcels": rows}).json()["known"] == 450


# --- once, and who did it ---


def test_a_repetition_is_answered_as_the_first_time(me: Program, shop: Ledger) -> None:
    first = me.post("/numbers", {"text": OTHER}, idempotency_key="k-1")
    again = me.post("/numbers", {"text": OTHER}, idempotency_key="k-1")
    assert again.content == first.content and again.status_code == 201
    assert again.headers["Location"] == first.headers["Location"]
    assert (again.headers["Idempotency-Replayed"], first.headers.get("Idempotency-Replayed")) == ("true", None)
    assert Audit.objects.filter(ws=shop.ws, verb="number.type").count() == 1
    other = me.post("/numbers", {"text": USPS}, idempotency_key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert me.post("/numbers", {"text": USPS}, idempotency_key="k-2").status_code == 201


def test_a_refusal_gives_the_name_of_the_request_back(me: Program) -> None:
    assert me.post("/numbers", {"text": "ines@buyer.example"}, idempotency_key="k").status_code == 422
    assert me.post("/numbers", {"text": OTHER}, idempotency_key="k").status_code == 201
    assert me.post("/numbers", {"text": OTHER}, idempotency_key="x" * 256).status_code == 400


def test_a_key_of_another_program_is_another_name(me: Program, shop: Ledger) -> None:
    other = program(shop.ws)
    me.post("/numbers", {"text": OTHER}, idempotency_key="k")
    assert other.post("/numbers", {"text": USPS}, idempotency_key="k").status_code == 201


def test_what_is_still_being_done_is_not_done_beside_it(me: Program, shop: Ledger, monkeypatch: Any) -> None:
    me.post("/numbers", {"text": OTHER}, idempotency_key="k")
    ApiAnswer.objects.update(status=0)
    waits = me.post("/numbers", {"text": OTHER}, idempotency_key="k")
    assert (waits.status_code, waits.headers["Retry-After"]) == (409, "1")
    ApiAnswer.objects.update(at=clock.now() - 2 * api_answers.KEPT / 24 / 30)  # four minutes: it was broken off
    assert me.post("/numbers", {"text": OTHER}, idempotency_key="k").status_code == 201


def test_answers_are_kept_for_a_day(me: Program, shop: Ledger) -> None:
    me.post("/numbers", {"text": OTHER}, idempotency_key="k")
    ApiAnswer.objects.update(at=clock.now() - api_answers.KEPT)
    again = me.post("/numbers", {"text": OTHER}, idempotency_key="k")
    assert again.status_code == 201 and "Idempotency-Replayed" not in again.headers


def test_what_a_key_did_is_in_the_audit_trail(shop: Ledger) -> None:
    someone = program(shop.ws, "parcels:write")
    someone.post(f"/orders/{shop.order(1002).id}/numbers", {"text": USPS})
    entry = Audit.objects.get(ws=shop.ws, verb="number.type")
    assert entry.actor.startswith("key:") and names(shop.ws, {entry.actor}) == {entry.actor: "a program"}
    assert unbroken(shop.ws)
    assert USPS not in json.dumps(list(Audit.objects.values_list("subject", "actor", "verb")))
