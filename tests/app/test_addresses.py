"""Only the public internet may be connected to, unless the operator says otherwise."""

import pytest

from doorstep.app import addresses


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public_addresses_are_public(address):
    assert addresses.public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104 - refused
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "64:ff9b:1::7f00:1", "fec0::1", "::7f00:1", "::ffff:0:7f00:1", "5f00::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_private_addresses_are_private_in_every_disguise(address):
    assert not addresses.public(address)


def test_the_operator_lists_host_and_port_together(settings):
    settings.ALLOW_HOSTS = "Shop.lan:8080, [::1]:80"
    assert addresses.allowed("shop.lan", 8080) and addresses.allowed("::1", 80)
    assert not addresses.allowed("shop.lan", 80) and not addresses.allowed("other.lan", 8080)
    addresses.permit("shop.lan", 8080, "10.0.0.1")
    with pytest.raises(addresses.PrivateAddress, match=r"other.lan leads to 10.0.0.1"):
        addresses.permit("other.lan", 8080, "10.0.0.1")
