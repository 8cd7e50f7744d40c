"""The order's screen and what can be done on it."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from doorstep.app import clock, doors
from doorstep.app.order.order_view import order_view
from doorstep.db.models import Connection, Number, Order, Outbox, Parcel, ParcelNumber, Push, Resync, Sync, Watch
from doorstep.web.tags import in_words
from tests.app.ledger import Ledger, cj, connect, track17, woo
from tests.web.conftest import NUMBER, SCANS


def test_order_shows_parcels_numbers_pushes_and_history(order: Order, alice: Client) -> None:
    text = alice.get(f"/orders/{order.id}").content.decode()
    for part in (
        NUMBER,
        "China Post",
        "Out for delivery",
        "LAMP-1",
        "1 not in a parcel yet",
        "Due",
        "The order came in",
    ):
        assert part in text


def test_matrix_tells_what_is_in_which_parcel(order: Order) -> None:
    view = order_view(order.ws, order.id, clock.now())
    assert view is not None
    assert [(row.line.sku, row.in_parcels, row.left) for row in view.matrix] == [
        ("LAMP-1", (2,), 0),
        ("SHADE-2", (0,), 1),
    ]
    assert view.left == 1


def test_replaced_number_stays_visible(shop: Ledger, order: Order, alice: Client) -> None:
    shop.hears(shop.cj(cj(number="LX123459509CN", method="CJPacket Liquid")))
    text = alice.get(f"/orders/{order.id}").content.decode()
    assert "replaced by LX123459509CN" in text
    assert f'was">{NUMBER}' in text


def test_typed_number_ships_the_chosen_quantity(shop: Ledger, alice: Client) -> None:
    shop.hears(shop.woo(woo(1005, lines=((801, "LAMP-1", 3),))))
    order = shop.order(1005)
    view = order_view(order.ws, order.id, clock.now())
    assert view is not None
    field = f"qty-{view.matrix[0].line.id}"
    alice.post(f"/orders/{order.id}/numbers", {"text": "LX123459509CN", field: "2"})
    assert shop.order(1005).state == "partly_shipped"
    alice.post(f"/orders/{order.id}/numbers", {"text": "LX123456140CN", field: "1"})
    assert shop.order(1005).state == "shipped"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"text": NUMBER, "qty": "9"}, "cannot be sent"),
        ({"text": NUMBER, "qty": "x"}, "cannot be sent"),
        ({"text": NUMBER, "qty": "0"}, "Choose at least one piece"),
        ({"text": NUMBER, "carrier": "Nobody Express"}, "No carrier is called"),
        ({"text": ""}, "There is no tracking number in this"),
    ],
)
def test_wrong_input_is_refused_in_words(shop: Ledger, alice: Client, sent: dict[str, str], said: str) -> None:
    order = shop.order(1002)
    view = order_view(order.ws, order.id, clock.now())
    assert view is not None
    form = {**sent, f"qty-{view.matrix[0].line.id}": sent.get("qty", "1")}
    assert said in alice.post(f"/orders/{order.id}/numbers", form, follow=True).content.decode()
    assert shop.order(1002).state == "placed"


def test_order_number_typed_as_tracking_number_must_be_confirmed(shop: Ledger, alice: Client) -> None:
    order = shop.order(1002)
    text = alice.post(f"/orders/{order.id}/numbers", {"text": "1002"}, follow=True).content.decode()
    assert "Use it anyway" in text
    assert shop.order(1002).state == "placed"
    alice.post(f"/orders/{order.id}/numbers", {"text": "1002", "confirmed": "on"})
    assert shop.order(1002).state == "shipped"


def test_carrier_is_changed_and_number_removed(shop: Ledger, alice: Client) -> None:
    order = shop.order(1002)
    alice.post(f"/orders/{order.id}/numbers", {"text": "LX123459509CN"})
    number = Number.objects.get(ws=shop.ws, norm="LX123459509CN")
    alice.post(f"/orders/{order.id}/numbers/{number.id}/carrier", {"carrier": "USPS"})
    assert Number.objects.get(id=number.id).carrier == "usps"
    alice.post(f"/orders/{order.id}/numbers/{number.id}/remove")
    assert shop.order(1002).state == "placed"


def test_resync_from_the_console_shares_the_cooldown(shop: Ledger, order: Order, alice: Client) -> None:
    Watch.objects.filter(ws=shop.ws).update(asked_at=clock.now() - timedelta(hours=1))
    parcel = Parcel.objects.get(ws=shop.ws)
    path = f"/orders/{order.id}/parcels/{parcel.id}/resync"
    alice.post(path)
    text = alice.post(path, follow=True).content.decode()
    assert "You can ask again from" in text
    assert "Asking the carrier" in text
    assert Resync.objects.filter(ws=shop.ws).count() == 1
    assert alice.post(f"/orders/{order.id}/parcels/1/resync").status_code == 404


def test_refused_push_can_be_tried_again(shop: Ledger, order: Order, alice: Client) -> None:
    push = Push.objects.get(ws=shop.ws)
    Push.objects.filter(id=push.id).update(state="refused", reason={"id": "trouble.refused", "values": {"said": "No"}})
    text = alice.get(f"/orders/{order.id}").content.decode()
    assert "Declined over there: No" in text
    alice.post(f"/orders/{order.id}/pushes/{push.id}/again")
    assert Push.objects.get(id=push.id).state == "due"


def test_push_that_cannot_be_taken_back_says_why(shop: Ledger, order: Order, alice: Client) -> None:
    push = Push.objects.get(ws=shop.ws)
    Push.objects.filter(id=push.id).update(state="refused")
    text = alice.post(f"/orders/{order.id}/pushes/{push.id}/withdraw", follow=True).content.decode()
    assert "This cannot be done while the push is refused" in text
    assert alice.post(f"/orders/{order.id}/pushes/1/withdraw").status_code == 404


def test_page_link_is_made_shown_and_closed(order: Order, alice: Client, bob: Client) -> None:
    path = f"/orders/{order.id}"
    assert "There is no link" in alice.get(path).content.decode()
    bob.post(f"{path}/page", {"do": "make"})
    address = doors.page_url(order.ws, order.id)
    assert address in alice.get(path).content.decode()
    bob.post(f"{path}/page", {"do": "revoke"})
    assert address in alice.get(path).content.decode()
    alice.post(f"{path}/page", {"do": "revoke"})
    assert "There is no link" in alice.get(path).content.decode()


def test_findings_come_with_advice_and_a_date(shop: Ledger, order: Order, alice: Client) -> None:
    from tests.app.ledger import scan

    failed = scan(5.4, "DeliveryFailure_NoBody", "Nobody was home")
    shop.hears(shop.track(track17(NUMBER, *SCANS, failed, key=3011)))
    text = alice.get(f"/orders/{order.id}").content.decode()
    assert "The delivery failed" in text
    assert "Next step:" in text


def test_order_screen_needs_few_queries(order: Order, alice: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(40):
        alice.get(f"/orders/{order.id}")


def test_order_made_by_hand_is_recognized_and_followed(charlie: Client) -> None:
    text = charlie.get("/recognize", {"number": NUMBER}).content.decode()
    assert "China Post" in text
    assert "certain" in text
    made = charlie.post("/recognize", {"number": NUMBER, "carrier": "china_post"})
    assert re.fullmatch(r"/orders/\d+", made.headers["Location"])
    screen = charlie.get(made.headers["Location"]).content.decode()
    assert NUMBER in screen
    assert "China Post" in screen


def test_doubtful_number_is_followed_only_when_confirmed(charlie: Client) -> None:
    answer = charlie.post("/recognize", {"number": "hello@example.org"})
    assert b"Use it anyway" in answer.content
    assert not Order.objects.filter(number__startswith="H-").exists()


def test_sayers_of_a_number_are_named_once_and_escaped_once(shop: Ledger, order: Order, alice: Client) -> None:
    Connection.objects.filter(id=shop.supplier.id).update(label="Lantern & Thread")
    supplier = shop.supplier.id
    said_by = f"{supplier},{supplier}:last_mile,person"
    ParcelNumber.objects.filter(ws=shop.ws, until=None).update(said_by=said_by)
    text = alice.get(f"/orders/{order.id}").content.decode()
    assert "said by Lantern &amp; Thread and typed by hand" in text
    ParcelNumber.objects.filter(ws=shop.ws, until=None).update(said_by="person")
    assert "typed by hand" in alice.get(f"/orders/{order.id}").content.decode()


def test_account_with_the_scans_speaks_for_the_parcel(shop: Ledger, order: Order, alice: Client) -> None:
    other = Connection.objects.create(
        ws=shop.ws, kind="carrier", connector="seventeen_track", label="Second account", connected_at=clock.now()
    )
    number = Number.objects.get(ws=shop.ws, norm=NUMBER)
    Watch.objects.create(
        ws=shop.ws,
        number_id=number.id,
        connection_id=other.id,
        answer="not_found",
        said="-1 Unheard of",
        answered_at=clock.now() + timedelta(days=1),
    )
    Watch.objects.filter(ws=shop.ws).update(asked_at=clock.now())
    text = alice.get(f"/orders/{order.id}").content.decode()
    assert "it sent its scans" in text
    assert "Unheard of" not in text


@pytest.mark.parametrize(("answer", "quoted"), [("nothing", False), ("not_found", False), ("rejected", True)])
def test_vendor_is_quoted_only_where_our_words_do_not_say_enough(
    shop: Ledger, order: Order, alice: Client, answer: str, quoted: bool
) -> None:
    Watch.objects.filter(ws=shop.ws).update(answer=answer, said="-18019909 No tracking information")
    assert ("-18019909" in alice.get(f"/orders/{order.id}").content.decode()) is quoted


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ("outWarehouseTime 2026-06-23 02:15:00", "the supplier’s warehouse time"),
        ("orderStatus SHIPPED", "the supplier’s order status"),
        ("Handed to the carrier", "Handed to the carrier"),
        ("dispatched", "dispatched"),
        ("", ""),
    ],
)
def test_evidence_of_a_dispatch_is_said_in_words(evidence: str, said: str) -> None:
    assert in_words(evidence) == said


def test_a_payment_service_that_found_no_payment_is_told_again(shop: Ledger, order: Order, alice: Client) -> None:
    bank = connect(shop.ws, "payment", "paypal", shop.store.connected_at)
    Order.objects.filter(id=order.id).update(transaction="8MC1")
    number = Number.objects.filter(ws=shop.ws).earliest("id")
    row = Sync.objects.create(
        ws=shop.ws, connection_id=bank.id, order_id=order.id, number_id=number.id, state="no_transaction",
        said="INVALID_TRANSACTION_ID", changed_at=clock.now(),
    )  # fmt: skip
    text = alice.get(f"/orders/{order.id}").content.decode()
    assert "INVALID_TRANSACTION_ID" in text and "whether the payment was captured" in text
    assert alice.post(f"/orders/{order.id}/payments/{row.id}/again").status_code == 302
    assert Sync.objects.get(id=row.id).state == "due"
    assert Outbox.objects.get(ws=shop.ws, lane="payment").state == "due"
    assert "Tell it again" not in alice.get(f"/orders/{order.id}").content.decode()
    assert alice.post(f"/orders/{order.id}/payments/1/again").status_code == 404
