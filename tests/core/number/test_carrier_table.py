"""Carriers by any of their names, by their sites, and by 17TRACK's keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.number import carrier, carrier_by_key, carrier_named, carriers, key_of, tracking_link
from doorstep.core.number.directory import carrier_of_country, carrier_of_host, carriers_in, related


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("USPS", "usps"),
        ("United States Postal Service", "usps"),
        ("fedex", "fedex"),
        ("FedEx Home Delivery", "fedex"),
        ("DHL-Express", "dhl_express"),
        ("DHL eCommerce", "dhl_ecommerce"),
        ("DHL Paket", "dhl_parcel_de"),
        ("dhl_parcel_de", "dhl_parcel_de"),
        ("4PX", "fourpx"),
        ("Yun Express", "yunexpress"),
        ("YunExpress", "yunexpress"),
        ("CJ Packet", "cjpacket"),
        ("CJPacket Ordinary", "cjpacket"),
        ("Hermes UK", "evri"),
        ("Colis Prive", "colis_prive"),
        ("Colis Privé", "colis_prive"),
        ("ヤマト運輸", "yamato"),
        ("Österreichische Post", "austrian_post"),
        ("J&T Express", "jt_express"),
        ("Yamato (ヤマト運輸)", "yamato"),
        ("DPD (UK)", "dpd_uk"),
        ("DPD (BE)", "dpd"),
        ("云途物流", "yunexpress"),
        ("DX", "dx"),
        ("Some unheard-of courier", ""),
        ("", ""),
    ],
)
def test_a_carrier_is_known_by_any_of_its_spellings(text, code):
    assert carrier_named(text) == code


@pytest.mark.parametrize(("key", "code"), [
    (21051, "usps"), (100002, "ups"), (100003, "fedex"), (100001, "dhl_express"), (100005, "gls"), (3011, "china_post"),
    (190008, "yunexpress"), (190271, "cainiao"), (7041, "dhl_parcel_de"), (11031, "royal_mail"),
])  # fmt: skip
def test_keys_of_17track_lead_to_our_codes_and_back(key, code):
    assert carrier_by_key(key) == code
    assert key_of(code) == key


def test_a_carrier_may_have_several_keys():
    assert carrier_by_key(191159) == carrier_by_key(190283) == "cjpacket"


def test_a_part_of_a_brand_without_a_key_takes_the_brands():
    assert key_of("colissimo") == key_of("la_poste") == 6051
    assert key_of("seino_super_express") == 101060


def test_unknown_keys_and_carriers_have_no_answer():
    assert carrier_by_key(1) == ""
    assert key_of("nobody") is None
    assert key_of("direct_couriers") is None
    assert tracking_link("nobody", "1") == tracking_link("sto", "1") == ""
    with pytest.raises(KeyError):
        carrier("nobody")


def test_links_carry_the_number_escaped():
    assert tracking_link("ups", "1Z5R89390357567127") == "https://www.ups.com/track?tracknum=1Z5R89390357567127"
    assert tracking_link("usps", "A/B &C") == "https://tools.usps.com/go/TrackConfirmAction?tLabels=A%2FB%20%26C"


def test_the_table_is_consistent():
    keys = [key for info in carriers() for key in info.seventeen_track]
    countries = [country for info in carriers() for country in info.s10]
    codes = {info.code for info in carriers()}
    assert len(keys) == len(set(keys))
    assert len(countries) == len(set(countries))
    for info in carriers():
        assert info.code.replace("_", "").isalnum() and info.code == info.code.lower() and not info.code[0].isdigit()
        assert info.name and {info.family, *info.partners} <= codes | {""}
        assert not info.link or (info.link.count("{number}") == 1 and info.link.startswith("https://"))
        assert carrier(info.code) is info
        assert carrier_named(info.code) == carrier_named(info.name) == info.code
        assert info.site == (f"https://www.{info.sites[0]}/" if info.sites else "")


def test_every_country_of_the_postal_union_has_its_operator():
    assert carrier_of_country("US") == "usps"
    assert carrier_of_country("LI") == "swiss_post"
    assert carrier_of_country("XX") == ""
    assert sum(len(info.s10) for info in carriers()) > 195


@pytest.mark.parametrize(("host", "code"), [
    ("www.ups.com", "ups"), ("ups.com", "ups"), ("track.dpd.co.uk", "dpd_uk"), ("mail.DHL.de", "dhl_parcel_de"),
    ("upsets.com", ""), ("com", ""), ("", ""),
])  # fmt: skip
def test_hosts_and_mail_domains_belong_to_carriers(host, code):
    assert carrier_of_host(host) == code


def test_carriers_are_found_in_running_text_by_their_longest_name():
    assert carriers_in("Shipped by DHL Express today, then by Royal Mail.") == ("dhl_express", "royal_mail")
    assert carriers_in("UPS") == ("ups",)
    assert carriers_in("") == ()


def test_everyday_words_are_no_carriers_in_running_text():
    assert carriers_in("We will bring the best post to your toll.") == ()
    assert carriers_in("Bring") == ("bring",)


def test_a_brand_is_related_to_its_parts_but_its_parts_are_not():
    assert related("dpd", "dpd_uk") and related("dpd_uk", "dpd") and related("ups", "ups")
    assert not related("dpd_fr", "dpd_uk")
    assert not related("ups", "") and not related("", "")
    assert not related("ups", "nobody")


@settings(deadline=None)  # the first example reads the tables
@given(st.text(max_size=60))
def test_no_text_upsets_the_table(text):
    carrier_named(text), carrier_of_host(text), carriers_in(text), tracking_link("dhl", text)
