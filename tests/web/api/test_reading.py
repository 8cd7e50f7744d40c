"""Reading the ledger through the API: every answer is checked against the OpenAPI document by the asking itself."""

from datetime import timedelta
from typing import Any

import pytest

from doorstep.app.receive.manual import follow_number
from doorstep.db.models import Change, Number, Order, Parcel
from tests.app.ledger import START, Ledger, woo
from tests.web.api.contract import ROOT, Program, program
from tests.web.conftest import NUMBER


def test_an_order_is_told_with_its_lines_and_parcels(me: Program, shop: Ledger) -> None:
    (order,) = me.rows("/orders?number=1001")
    assert (order["state"], order["external_id"]) == ("partly_shipped", "1001")
    assert [(one["sku"], one["quantity"]) for one in order["lines"]] == [("LAMP-1", 2), ("SHADE-2", 1)]
    assert me.get(f"/orders/{order['id']}").json() == order
    (parcel,) = me.rows(f"/parcels?order_id={order['id']}")
    assert order["parcels"] == [parcel["id"]] and parcel["orders"] == [order["id"]]
    assert (parcel["status"], parcel["numbers"][0]["text"]) == ("out_for_delivery", NUMBER)
    assert me.get(f"/parcels/{parcel['id']}").json() == parcel
    assert me.rows(f"/orders?store_id={shop.store.id}&state=partly_shipped") == [order]


def test_nothing_of_a_buyer_leaves(me: Program) -> None:
    paths = ("/orders", "/parcels", "/numbers", "/purchases", "/pushes", "/findings", "/connections", "/resyncs")
    told = b"".join(me.get(path).content for path in paths)
    assert not [word for word in (b"Ines", b"Aroso", b"buyer.example", b"4000-123", b"351900000001") if word in told]


def test_numbers_are_found_by_the_whole_the_beginning_and_the_end(me: Program, shop: Ledger) -> None:
    for text in ("LX999999990CN", "LX1%34567"):
        follow_number(shop.ws, text, "", "user:1", confirmed=True)
    assert [one["text"] for one in me.rows("/numbers?starts_with=lx%2012")] == [NUMBER]
    assert [one["text"] for one in me.rows("/numbers?starts_with=LX1%25")] == ["LX1%34567"]
    assert [one["text"] for one in me.rows("/numbers?ends_with=079-cn")] == [NUMBER]
    (number,) = me.rows(f"/numbers?text={NUMBER.lower()}")
    assert me.get(f"/numbers/{number['id']}").json() == number and number["carrier"] and number["parcels"]
    assert me.rows(f"/numbers?parcel_id={number['parcels'][0]}&carrier={number['carrier']}") == [number]
    assert me.get("/numbers?ends_with=CN&limit=1").status_code == 422


def test_events_come_in_the_order_in_which_they_became_known(me: Program, shop: Ledger) -> None:
    number = Number.objects.get(ws=shop.ws, norm=NUMBER)
    every = me.rows(f"/events?number_id={number.id}")
    assert [one["text"] for one in every][-1] == "Shipment information sent to carrier" or len(every) == 3
    assert every == sorted(every, key=lambda one: (one["known_at"], one["id"]))
    parcel = Parcel.objects.get(ws=shop.ws)
    assert me.rows(f"/events?parcel_id={parcel.id}") == every == me.rows(f"/events?order_id={shop.order(1001).id}")
    assert [one for one in every if one["gone"]] == []
    assert walked(me, f"/events?number_id={number.id}", 1) == every
    assert me.get("/events").json()["code"] == "api.whose_events"


def test_what_was_bought_pushed_and_connected_is_told(me: Program, shop: Ledger) -> None:
    (bought,) = me.rows("/purchases?matched=true")
    assert bought["lines"][0]["order_id"] == str(shop.order(1001).id)
    assert me.get(f"/purchases/{bought['id']}").json() == bought
    assert me.rows("/purchases?matched=false") == []
    assert me.rows(f"/purchases?order_id={shop.order(1001).id}&supplier_id={shop.supplier.id}&state=dispatched") in (
        [bought],
        [],
    )
    (push,) = me.rows(f"/pushes?order_id={shop.order(1001).id}")
    assert push["number"] == NUMBER and me.get(f"/pushes/{push['id']}").json() == push
    kinds = {one["kind"] for one in me.rows("/connections")}
    assert kinds == {"store", "supplier", "carrier"}
    (store,) = me.rows("/connections?kind=store")
    assert me.get(f"/connections/{store['id']}").json() == store and "credentials" not in store


def test_findings_say_what_to_do_and_can_be_answered(me: Program, shop: Ledger) -> None:
    order = shop.order(1002).id
    (finding, *_) = me.rows(f"/orders/{order}/findings")
    assert finding["answer"] == "" and finding["text"] and finding in me.rows("/findings")
    assert walked(me, "/findings", 1) == me.rows("/findings")
    for said, shown in (("told", "told"), ("later", "later"), ("fine", "fine"), ("open", "")):
        answer = me.post(f"/orders/{order}/findings/answer", {"key": finding["key"], "answer": said})
        assert answer.json()["data"][0]["answer"] == shown
    wrong = {"key": "nothing", "answer": "fine"}
    for path in (f"/orders/{order}/findings/answer", "/orders/1/findings/answer"):
        assert me.post(path, wrong).status_code == 404
    assert me.get("/orders/1/findings").status_code == 404


@pytest.mark.parametrize(
    "path", ["orders", "parcels", "numbers", "purchases", "pushes", "connections", "resyncs", "imports"]
)
def test_what_is_not_there_is_not_found(me: Program, path: str) -> None:
    for number in (1, (1 << 63) - 1, (1 << 63), 10**18):
        assert me.get(f"/{path}/{number}").status_code == 404


# --- pages, fields, ETags ---


def walked(me: Program, path: str, limit: int) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    found: list[dict[str, Any]] = []
    mark, cursor = "&" if "?" in path else "?", ""
    for _ in range(50):
        page = me.get(f"{path}{mark}limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json()
        found += page["data"]
        cursor = page["next_cursor"]
        if not cursor:
            return found
    raise AssertionError("the list does not end")


def test_pages_neither_repeat_nor_miss_rows_while_new_ones_come(me: Program, shop: Ledger) -> None:
    at = START - timedelta(hours=1)
    shop.hears(*(shop.woo(woo(2000 + n, at=at)) for n in range(6)))  # of one instant: the id decides
    before = [one["id"] for one in me.rows("/orders")]
    page = me.get("/orders?limit=3").json()
    seen = [one["id"] for one in page["data"]]
    for n in range(4):
        shop.hears(shop.woo(woo(3000 + n, at=START + timedelta(hours=n))), shop.woo(woo(4000 + n, at=at)))
        page = me.get(f"/orders?limit=3&cursor={page['next_cursor']}").json()
        seen += [one["id"] for one in page["data"]]
        if not page["next_cursor"]:
            break
    assert len(seen) == len(set(seen)) and [one for one in seen if one in before] == before[: len(seen)]


@pytest.mark.parametrize("path", ["/orders", "/parcels", "/numbers", "/purchases", "/pushes", "/resyncs"])
def test_a_list_is_the_same_in_pages_of_one(me: Program, shop: Ledger, path: str) -> None:
    follow_number(shop.ws, "9261290100130739674442", "usps", "user:1")
    every = me.rows(path)
    assert walked(me, path, 1) == every
    assert len({one["id"] for one in every}) == len(every)


@pytest.mark.parametrize("cursor", ["x", "e30", "WzFd", "W251bGxd", "WyJhIiwiYiJd", "WzFlOTld", "W3RydWUsMV0", "4pi6"])
@pytest.mark.parametrize("path", ["/orders", "/parcels", "/numbers", "/findings"])
def test_a_cursor_of_another_hand_is_refused(me: Program, path: str, cursor: str) -> None:
    answer = me.get(f"{path}?cursor={cursor}")
    assert answer.status_code in {200, 422}
    if answer.status_code == 422:
        assert answer.json()["errors"][0]["path"] == "$.cursor"


def test_only_chosen_fields_are_told(me: Program, shop: Ledger) -> None:
    order = shop.order(1001)
    assert me.get(f"/orders/{order.id}?fields=number,state").json() == {
        "id": str(order.id),
        "number": "1001",
        "state": "partly_shipped",
    }
    assert me.rows("/parcels?fields=id,numbers")[0].keys() == {"id", "numbers"}
    answer = me.get("/orders?fields=id,buyer")
    assert answer.status_code == 422 and "no field buyer" in answer.json()["detail"]


def test_what_is_not_chosen_is_not_read(me: Program, shop: Ledger, django_assert_num_queries: Any) -> None:
    me.get("/orders")
    with django_assert_num_queries(2):  # the key, the orders
        me.get("/orders?fields=id,state")
    order = shop.order(1001).id
    with django_assert_num_queries(2):  # the key, the order with its lines and parcels
        me.get(f"/orders/{order}")


def test_an_unchanged_answer_is_not_sent_again(me: Program, shop: Ledger) -> None:
    first = me.get("/orders")
    tag = first.headers["ETag"]
    again = me.get("/orders", if_none_match=f'"other", W/{tag}')
    assert (again.status_code, again.content) == (304, b"") and "Content-Type" not in again.headers
    assert again.headers["ETag"] == tag
    shop.hears(shop.woo(woo(1003)))
    assert me.get("/orders", if_none_match=tag).status_code == 200


def test_head_is_get_without_a_body(me: Program) -> None:
    full, head = me.get("/orders"), me.ask("HEAD", "/orders")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(full.content)) and head.headers["ETag"] == full.headers["ETag"]


def test_reading_changes_nothing(me: Program, shop: Ledger) -> None:
    before = (Change.objects.count(), list(Order.objects.values_list("version", flat=True)))
    for path in ("/orders", "/parcels", "/numbers", "/pushes", "/findings", "/connections"):
        me.get(path)
    assert before == (Change.objects.count(), list(Order.objects.values_list("version", flat=True)))


def test_a_text_is_recognized_without_any_scope(shop: Ledger) -> None:
    someone = program(shop.ws, "imports:read")
    told = someone.get(f"/recognize?text={NUMBER}").json()
    assert told["readings"][0]["confidence"] and told["number"] == NUMBER
    assert someone.get("/recognize?text=ORDER-12").json()["readings"] == []
    assert someone.get("/recognize").status_code == 422


def test_the_document_is_served_and_is_openapi(shop: Ledger) -> None:
    answer = Program("").client.get(f"{ROOT}/openapi.json")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/openapi+json")
    said = answer.json()
    assert said["openapi"] == "3.1.0"
    names = [one["operationId"] for by_method in said["paths"].values() for one in by_method.values()]
    assert len(names) == len(set(names)) >= 30
