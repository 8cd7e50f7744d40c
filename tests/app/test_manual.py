"""What people do by hand."""

import pytest

from doorstep.app.receive import manual
from doorstep.db.models import Audit, Claim, Inbox, Number, Order, Parcel
from tests.app.ledger import CJP, OTHER, USPS, Ledger, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db
TWO = ((501, "LAMP-1", 2), (502, "BULB", 1))


@pytest.fixture
def one() -> Ledger:
    one = ledger()
    one.hears(one.woo(woo(lines=TWO)))
    return one


def type_(one: Ledger, text: str, **how) -> int:
    return manual.type_number(one.ws, one.order().id, text, actor="user:1", **how)


def test_a_typed_number_ships_everything_that_is_left(one):
    type_(one, USPS, contents=[("501", 2), ("502", 0)])
    assert one.order().state == "partly_shipped"
    type_(one, OTHER, carrier="china_post")
    assert one.order().state == "shipped"
    assert sorted(push.contents for push in one.pushes()) == [[["501", 2]], [["502", 1]]]
    assert Audit.objects.filter(verb="number.type").count() == 2


@pytest.mark.parametrize(
    ("text", "key"), [("", "manual.empty"), ("???", "manual.empty"), ("#1001", "hold.is_order_number")]
)
def test_what_is_no_tracking_number_is_doubted(one, text, key):
    with pytest.raises(manual.Doubtful) as caught:
        type_(one, text)
    assert caught.value.message.id == key
    assert one.parcels() == []


def test_a_person_may_insist_but_not_on_nothing(one):
    type_(one, "1001", confirmed=True)
    assert Number.objects.get().norm == "1001"
    with pytest.raises(manual.Doubtful):
        type_(one, " - ", confirmed=True)


def test_a_pasted_link_tells_number_and_carrier(one):
    type_(one, f" https://tools.usps.com/go/TrackConfirmAction?tLabels={USPS} ")
    number = Number.objects.get()
    assert (number.norm, number.carrier) == (USPS, "usps")


def test_a_platform_number_is_known_as_one(one):
    type_(one, CJP)
    assert [held.role for held in one.numbers(one.parcels()[0])] == ["platform"]


def test_a_removed_number_is_not_this_orders_whoever_repeats_it(one):
    type_(one, USPS)
    number = Number.objects.get()
    manual.remove_number(one.ws, one.order().id, number.id, "user:1")
    assert one.order().state == "placed"
    assert [push.state for push in one.pushes()] == []
    type_(one, USPS)
    assert one.order().state == "shipped"


def test_another_workspace_cannot_be_written_to(one):
    other = ledger(email="bob@example.org")
    for act in (
        lambda: manual.type_number(other.ws, one.order().id, USPS, actor="user:2"),
        lambda: manual.remove_number(other.ws, one.order().id, 1, "user:2"),
    ):
        with pytest.raises(Order.DoesNotExist):
            act()
    with pytest.raises(Number.DoesNotExist):
        manual.change_carrier(other.ws, 1, "usps", "user:2")


def test_what_is_followed_already_is_found_again(one):
    type_(one, USPS)
    assert manual.follow_number(one.ws, USPS, "", "user:1") == one.order().id
    assert Order.objects.count() == 1


def test_what_is_followed_must_look_like_a_number_or_be_confirmed(one):
    with pytest.raises(manual.Doubtful, match="empty"):
        manual.follow_number(one.ws, "-", "", "user:1", confirmed=True)
    with pytest.raises(manual.Doubtful):
        manual.follow_number(one.ws, "+351 900 000 001", "", "user:1")
    order_id = manual.follow_number(one.ws, "+351 900 000 001", "", "user:1", confirmed=True)
    assert Order.objects.get(id=order_id).number.startswith("H-")
    assert Claim.objects.count() == 1


def test_everything_goes_through_the_inbox(one):
    before = Inbox.objects.count()
    inbox_id = type_(one, USPS)
    row = Inbox.objects.get(id=inbox_id)
    assert (Inbox.objects.count(), row.state, row.headers["context"]["by"]) == (before + 1, "read", "user:1")


def test_a_parcel_that_was_on_its_way_for_long_can_be_followed() -> None:
    one = ledger()
    manual.follow_number(one.ws, USPS, "usps", "user:1")
    one.hears(one.track(track17(USPS, scan(-9, "InTransit_PickedUp", "Accepted"), scan(-2, "Delivered_Other", "Done"))))
    assert Parcel.objects.get(ws=one.ws).status == "delivered"
