"""A store's rules on the screen: weighed, tried, saved, and pushed again only when confirmed."""

import pytest
from django.test import Client

from doorstep.app import clock
from doorstep.app.ledger import policies
from doorstep.app.members import workspaces
from doorstep.app.order.order_view import order_view
from doorstep.app.push import by_hand
from doorstep.core.policy import Policy, Tell
from doorstep.core.roles import Member
from doorstep.db.models import Connection, Number, Order, Outbox, Push
from tests.app.ledger import CJP, USPS, Ledger, cj, scan, track17, woo
from tests.web.conftest import login

FORM = {"when": "before_dispatch", "which": "default", "mail_by": "store", "delay_h": "", "max_hold_h": ""}


def page(shop: Ledger, end: str = "") -> str:
    return f"/connections/{shop.store.id}/rules{end}"


def taken(shop: Ledger, order: Order) -> Push:
    """The store took the number of the order."""
    Outbox.objects.update(state="done")
    push = Push.objects.filter(ws=shop.ws, order_id=order.id).latest("version")
    text = Number.objects.get(id=push.number_id).text
    Push.objects.filter(id=push.id).update(state="accepted", remote_id="t1", remote_number=text)
    return push


def test_each_way_is_weighed_and_one_is_advised(shop: Ledger, alice: Client) -> None:
    text = alice.get(page(shop)).content.decode()
    assert text.count("Advised for this store") == 1
    assert "Too little is known of your suppliers yet" in text
    assert "Orders that stay unfulfilled for more than 3 days" in text


def test_the_record_and_the_stages_stand_beside_the_rules(shop: Ledger, alice: Client) -> None:
    text = alice.get(page(shop)).content.decode()
    assert "Cjdropshipping" in text and "Payment to dispatch" in text and "3 days" in text
    assert "What WooCommerce (tracking plugin) shows" in text and "Completed" in text


def test_rules_are_tried_without_being_saved(shop: Ledger, alice: Client) -> None:
    text = alice.post(page(shop), {**FORM, "do": "try"}).content.decode()
    assert "What these rules would do" in text and "Would be sent now" in text and "1001" in text
    assert 'value="before_dispatch" checked' in text
    assert policies.current(shop.ws, shop.store.id) == (Policy(), 0)


def test_wrong_rules_are_not_tried(shop: Ledger, alice: Client) -> None:
    text = alice.post(page(shop), {**FORM, "do": "try", "delay_h": "soon"}).content.decode()
    assert "is no number of hours" in text and "What these rules would do" not in text


def test_remarks_are_made_about_what_was_chosen(shop: Ledger, alice: Client) -> None:
    tried = alice.post(page(shop), {**FORM, "do": "try", "delay_h": "9"}).content.decode()
    assert "count only for the choice “Some hours after the payment”" in tried
    assert "names no date to ship by" in alice.get(page(shop)).content.decode()


def test_saving_leads_to_what_pushing_again_would_change(shop: Ledger, order: Order, alice: Client) -> None:
    shop.hears(shop.woo(woo(1003, lines=((701, "LAMP-1", 2),))))
    shop.hears(shop.cj(cj("260620000000000003", "1003", sku_line="701")))
    shop.hears(shop.track(track17(CJP, scan(3.5, "InTransit_PickedUp", "Picked up"), key=190271, local=USPS)))
    other = shop.order(1003)
    taken(shop, other)
    answer = alice.post(page(shop), {**FORM, "which": "local", "do": "save"})
    assert answer.headers["Location"] == page(shop, "/again")
    listed = alice.get(page(shop, "/again")).content.decode()
    assert CJP in listed and USPS in listed and "Push these again" in listed
    assert Push.objects.filter(ws=shop.ws, order_id=other.id).count() == 1
    told = alice.post(page(shop, "/again"), {"order": ["nonsense"]}, follow=True).content.decode()
    assert "Orders pushed again: 0." in told
    told = alice.post(page(shop, "/again"), {"order": [str(other.id)]}, follow=True).content.decode()
    assert "Orders pushed again: 1." in told
    assert [one.state for one in Push.objects.filter(order_id=other.id).order_by("version")] == ["accepted", "due"]


def test_without_changes_there_is_nothing_to_push_again(shop: Ledger, order: Order, alice: Client) -> None:
    taken(shop, order)
    assert alice.post(page(shop), {**FORM, "do": "save"}).headers["Location"] == page(shop)
    assert "Nothing would change" in alice.get(page(shop, "/again")).content.decode()
    assert alice.get(f"/connections/{shop.supplier.id}/rules/again").status_code == 404


def test_a_dry_run_shows_what_would_be_sent(shop: Ledger, order: Order, alice: Client, bob: Client) -> None:
    assert "What would be sent?" in alice.get(f"/orders/{order.id}").content.decode()
    text = alice.get(f"/orders/{order.id}/dry-run").content.decode()
    assert "Would be sent now" in text and "GET http://127.0.0.1:8801" in text and "Ask Woocommerce too" in text
    assert "nothing to give to the store" in alice.get(f"/orders/{shop.order(1002).id}/dry-run").content.decode()
    assert bob.get(f"/orders/{order.id}/dry-run").status_code == 200


def test_asking_a_store_that_cannot_be_reached_says_so(
    transactional_db: None, shop: Ledger, order: Order, alice: Client
) -> None:
    Connection.objects.filter(id=shop.store.id).update(base_url="http://127.0.0.1:1")
    text = alice.post(f"/orders/{order.id}/dry-run").content.decode()
    assert "Would be declined" in text


@pytest.fixture
def viewer(shop: Ledger) -> Client:
    workspaces.join(shop.ws, "vera@example.org", "correct horse battery", Member.VIEWER)
    return login("vera@example.org")


def test_whoever_may_not_push_may_not_ask_the_store(shop: Ledger, order: Order, viewer: Client) -> None:
    assert "Ask Woocommerce too" not in viewer.get(f"/orders/{order.id}/dry-run").content.decode()
    assert viewer.post(f"/orders/{order.id}/dry-run").status_code == 403


def test_only_a_store_that_takes_it_can_be_told_where_its_parcels_are(shop: Ledger, alice: Client) -> None:
    assert "Where the parcel is" not in alice.get(page(shop)).content.decode()
    Connection.objects.filter(id=shop.store.id).update(connector="shopify", label="Lantern")
    text = alice.get(page(shop)).content.decode()
    assert "Tell Lantern nothing" in text and "Shopify may mail the buyer" in text
    alice.post(page(shop), {**FORM, "tell": "moves", "do": "save"})
    assert policies.current(shop.ws, shop.store.id)[0].tell is Tell.MOVES
    assert 'name="tell" value="moves" checked' in alice.get(page(shop)).content.decode()
    alice.post(page(shop), {**FORM, "tell": "everything", "do": "save"})
    assert policies.current(shop.ws, shop.store.id)[0].tell is Tell.MOVES
    Connection.objects.filter(id=shop.store.id).update(connector="vendure")
    text = alice.get(page(shop)).content.decode()
    assert "Tell Lantern also that it was delivered" in text and "Tell Lantern where the parcel is" not in text


# what is left for a person


def tasks(shop: Ledger, order: Order) -> list[str]:
    view = order_view(shop.ws, order.id, clock.now())
    assert view is not None
    found = by_hand.tasks(view.order, view.store, view.parcels, view.pushes)
    return [one.id.removeprefix("channel.by_hand.") for one in found.values()]


def test_a_delivery_that_the_store_does_not_show_is_a_task(shop: Ledger, order: Order, alice: Client) -> None:
    taken(shop, order)
    shop.hears(shop.track(track17("LX123456079CN", scan(5.5, "Delivered_Other", "Delivered"), key=3011)))
    assert tasks(shop, order) == []  # WooCommerce has no way to show it
    Connection.objects.filter(id=shop.store.id).update(connector="vendure")
    assert tasks(shop, order) == ["delivered"]
    assert "mark it as delivered by hand" in alice.get(f"/orders/{order.id}").content.decode()


def test_names_of_carriers_are_seen_and_changed(shop: Ledger, alice: Client, bob: Client) -> None:
    path = f"/connections/{shop.store.id}/carriers"
    assert "China Post" in alice.get(path).content.decode()
    text = alice.post(path, {"carrier": "china_post", "name": "Chinapost EMS"}, follow=True).content.decode()
    assert "Saved. Numbers that are given from now on" in text and 'value="Chinapost EMS"' in text
    assert (
        "is not told as another"
        in alice.post(path, {"carrier": "china_post", "name": "FedEx"}, follow=True).content.decode()
    )
    assert bob.get(path).status_code == 403


def test_store_shows_its_stages_and_what_would_happen(shop: Ledger, alice: Client, bob: Client) -> None:
    text = bob.get(f"/connections/{shop.store.id}").content.decode()
    assert "The buyer sees" in text and "Processing" in text and "Try it on the latest orders" in text
    assert "1001" in bob.get(f"/connections/{shop.store.id}/dry-run").content.decode()
    assert "May be asked" in alice.get(f"/connections/{shop.supplier.id}").content.decode()
