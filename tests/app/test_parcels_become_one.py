"""Two parcels that turn out to be one."""

import pytest

from doorstep.db.models import Outbox, Parcel, Push
from tests.app.ledger import CJP, USPS, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_not_sent_yet_is_sent_once():
    one = ledger()
    two = ((501, "LAMP-1", 2), (502, "BULB", 1))
    one.hears(one.woo(woo(lines=two)), one.cj(cj()))
    one.hears(one.cj(cj("260620000000000777", number=USPS, method="USPS", sku_line="502")))
    assert Parcel.objects.count() == 2
    assert [push.state for push in one.pushes()] == ["due", "due"]
    one.hears(one.track(track17(CJP, scan(3.5, "InTransit_PickedUp", "Accepted"), local=USPS)))
    assert Parcel.objects.count() == 1
    assert Push.objects.get().state == "due"
    assert Outbox.objects.filter(lane="push", state="due").count() == 1
