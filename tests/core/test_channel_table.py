"""What channels can do, and what a carrier is called there."""

import pytest

from doorstep.core.channel import CAPABILITIES, Capability, capability, carrier_name
from doorstep.core.order import OrderState


def test_nothing_is_promised_of_an_unknown_channel():
    assert capability("market of tomorrow") == Capability()
    assert carrier_name("market of tomorrow", "usps") == ""


@pytest.mark.parametrize("channel", sorted(CAPABILITIES))
def test_a_carrier_keeps_its_own_name(channel):
    assert carrier_name(channel, "usps") == "USPS"
    assert carrier_name(channel, "") == ""


def test_a_code_that_is_none_of_ours_is_refused():
    with pytest.raises(KeyError):
        carrier_name("woocommerce", "no such carrier")


def test_only_vendure_takes_delivered():
    assert [name for name, one in CAPABILITIES.items() if one.delivered_write] == ["vendure"]
    assert OrderState.DELIVERED not in capability("woocommerce").shows
