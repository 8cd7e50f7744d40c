"""Numbers in links."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.number import carriers, number_in_link, tracking_link
from doorstep.core.number.directory import carrier_of_host
from doorstep.core.number.link import host_of

UPS, USPS, FEDEX = "1Z5R89390357567127", "9400111206206406260787", "986578788855"
WRAPPED = f"https%3A%2F%2Fwww.fedex.com%2Ffedextrack%2F%3Ftrknbr%3D{FEDEX}"


@pytest.mark.parametrize(
    ("url", "number", "code"),
    [
        (f"https://www.ups.com/track?tracknum={UPS}", UPS, "ups"),
        (f"http://wwwapps.ups.com/WebTracking/track?track=yes&trackNums={UPS.lower()}", UPS, "ups"),
        ("<https://www.ups.com/track?tracknum=1Z%205R8%20939%2003%205756%207127>", UPS, "ups"),
        (f"https://tools.usps.com/go/TrackConfirmAction?qtc_tLabels1={USPS}", USPS, "usps"),
        (f"https://www.fedex.com/fedextrack/?trknbr={FEDEX}&x=1", FEDEX, "fedex"),
        (f"www.fedex.com/apps/fedextrack/?tracknumbers={FEDEX},477179081230", FEDEX, "fedex"),
        ("https://www.royalmail.com/track-your-item#/tracking-results/RB123456785GB", "RB123456785GB", "royal_mail"),
        (
            "https://www.canadapost-postescanada.ca/track/en#/details/7035114477138472",
            "7035114477138472",
            "canada_post",
        ),
        ("https://gls-group.eu/EU/en/parcel-tracking?match=90346692444", "90346692444", "gls"),
        ("https://track.dpd.co.uk/search?reference=15501234567890&postcode=AB1", "15501234567890", "dpd_uk"),
        ("https://t.17track.net/en#nums=LP00123456789012", "LP00123456789012", ""),
        ("https://parcelsapp.com/en/tracking/YT2229521272164446", "YT2229521272164446", ""),
        ("https://shop.example/apps/track?nums=ABC1234567", "ABC1234567", ""),
        (f"https://track.aftership.com/usps/{USPS}", USPS, "usps"),
        (f"https://click.example/r?u={WRAPPED}", FEDEX, "fedex"),
    ],
)
def test_the_number_is_read_out_of_a_link(url, number, code):
    assert number_in_link(url) == (number, code)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nothing",
        "https://example.com/",
        "https://[broken/",
        "https://localhost/track?nums=ABC1234567",
        "https://www.amazon.com/gp/x?orderId=123-1234567-1234567&shipmentId=37682082708301",
        "https://www.aliexpress.com/item/1005006123456789.html",
        "https://www.ups.com/track?tracknum=none",
        "https://www.usps.com/help?id=2049075",
        "https://example.com/order?id=12345678901234",
        "https://a.example/?u=https://b.example/?u=https://c.example/",
    ],
)
def test_a_link_about_something_else_has_no_number(url):
    assert number_in_link(url) is None


def test_links_inside_links_end_somewhere():
    url = f"https://www.ups.com/track?tracknum={UPS}"
    assert number_in_link(f"https://wrap.example/?u={quote(url, safe='')}") == (UPS, "ups")
    for _ in range(10):
        url = f"https://wrap.example/?u={quote(url, safe='')}"
    assert number_in_link(url) is None


@pytest.mark.parametrize("info", [info for info in carriers() if info.link], ids=lambda info: info.code)
def test_our_own_links_are_read_back(info):
    number, code = number_in_link(tracking_link(info.code, "RR473124829CN"))
    assert number == "RR473124829CN"
    assert code == carrier_of_host(host_of(info.link))


def test_the_host_of_a_link():
    assert host_of("HTTPS://WWW.UPS.com/x") == "www.ups.com"
    assert host_of("https://[broken/") == ""


@settings(deadline=None)  # the first example reads the tables
@given(st.text(max_size=200))
def test_no_text_upsets_the_reader_of_links(text):
    number_in_link(text)
    number_in_link("https://" + text)
    number_in_link("https://www.ups.com/" + text)
