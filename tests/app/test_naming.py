"""What carriers are called in one store."""

import pytest

from doorstep.app import clock
from doorstep.app.connections import connect
from doorstep.app.ledger import told
from doorstep.app.push import naming
from doorstep.connectors.contract import Checked
from doorstep.core.convert import Given
from doorstep.core.message import Message
from doorstep.db.models import Connection, Number
from tests.app.ledger import USPS, Ledger, cj, ledger, woo
from tests.app.ledger import connect as connected

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Ledger:
    one = ledger()
    one.hears(one.woo(woo()), one.cj(cj(number=USPS, method="USPS")))
    return one


def said(shop: Ledger) -> str:
    shop.store.refresh_from_db()
    answer = told.told(shop.store, Number.objects.get(ws=shop.ws, norm=USPS), "local", "")
    assert isinstance(answer, Given)
    return answer.named.field


def choose(shop: Ledger, code: str, name: str, store: Connection | None = None) -> None:
    naming.choose(shop.ws, (store or shop.store).id, code, name, "user:1")


def test_a_persons_name_is_told_until_it_is_taken_back(shop: Ledger) -> None:
    assert said(shop) == "USPS"
    choose(shop, "usps", "  US  Post ")
    assert said(shop) == "US Post"
    (usps,) = naming.called(shop.store)
    assert (usps.code, usps.usual.field, usps.chosen, usps.numbers) == ("usps", "USPS", "US Post", 1)
    choose(shop, "usps", "")
    assert said(shop) == "USPS"


def test_a_name_survives_connecting_once_more(shop: Ledger) -> None:
    choose(shop, "usps", "US Post")
    form = {"base_url": shop.store.base_url, "consumer_key": "k", "consumer_secret": "s"}
    checked = Checked(external_id=shop.store.external_id, label="Shop", settings=dict(shop.store.settings))
    connect.save(shop.ws, "user:1", "store", "woocommerce", form, checked)
    assert said(shop) == "US Post"
    assert Connection.objects.get(id=shop.store.id).connected_at < clock.now()


def test_no_parcel_is_told_as_another_carriers(shop: Ledger) -> None:
    with pytest.raises(ValueError, match=r"naming\.another") as refused:
        choose(shop, "usps", "FedEx")
    assert refused.value.args[0].values["other"] == "FedEx"
    ebay = connected(shop.ws, "store", "ebay", shop.store.connected_at)
    with pytest.raises(ValueError, match=r"naming\.another"):
        choose(shop, "usps", "fedex", ebay)
    choose(shop, "dhl_express", "DHL", ebay)


def test_what_cannot_be_named_is_refused(shop: Ledger) -> None:
    for code, name in (("nobody", "X"), ("usps", "x" * 61)):
        with pytest.raises(ValueError, match=r"naming\.what"):
            choose(shop, code, name)
    notes = connected(shop.ws, "store", "by_hand", shop.store.connected_at)
    with pytest.raises(ValueError, match=r"naming\.no_field") as refused:
        choose(shop, "usps", "Post", notes)
    assert isinstance(refused.value.args[0], Message)
    with pytest.raises(Connection.DoesNotExist):
        naming.choose(shop.ws + 1, shop.store.id, "usps", "Post", "user:1")
