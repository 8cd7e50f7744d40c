"""Every carrier of the public lists has a name here, where the lists lie beside the repository."""

import json
from collections import Counter
from pathlib import Path

import pytest

from doorstep.core.number import carrier, carrier_by_key, carrier_named, tracking_link
from doorstep.core.number.directory import all_carriers, related
from doorstep.core.number.vendor_keys import carrier_at, codes_at, keys_at, slug_at, vendors

SHARED = Path(__file__).parents[4] / "shared"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared lists are not beside the repository")
COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bulgaria": "BG", "Canada": "CA", "China": "CN", "Czechia": "CZ",
    "Germany": "DE", "Spain": "ES", "France": "FR", "United Kingdom": "GB", "Greece": "GR", "Hong Kong SAR": "HK",
    "Ireland": "IE", "India": "IN", "Italy": "IT", "Japan": "JP", "Netherlands": "NL", "Norway": "NO", "Poland": "PL",
    "Turkey": "TR", "United States": "US", "South Africa": "ZA",
}  # fmt: skip
NOBODY = {"Unknown", "OTHER", "17Track", "generic", "easypost", "shipengine"}  # no carrier, or a service for many
# Two carriers of one country with one name: only their key tells which.
TWICE = {"ANL", "FSD", "GAEA", "HKD", "HY", "JL56", "MY", "SHT", "ST", "TTGJ", "YHT", "YL", "Yunqi", "ZYGJ", "YiFan"}
# Keys that read like the name of another carrier in another country, so that the word alone names neither.
NOT_A_NAME = {"rpx", "wedo", "CARIBOU", "GEIS", "HKD", "RPX"}
# Short names that a better known carrier of the same country has as well.
LESS_KNOWN = {"CJ": "cjpacket"}


def listed(path):
    return json.loads((SHARED / path).read_text(encoding="utf-8"))


def squeezed(name):
    return "".join(filter(str.isalnum, name.casefold()))


def is_twice(name):
    return squeezed(name) in {squeezed(one) for one in TWICE}


@needs_shared
def test_every_carrier_of_17track_is_named_by_its_key_and_its_name():
    rows = [row for row in listed("corpora/carriers/17track_apicarrier.all.json") if row["_name"] not in NOBODY]
    unnamed = [row["_name"] for row in rows if not carrier_by_key(row["key"])]
    wrong = [
        row["_name"]
        for row in rows
        if carrier_named(row["_name"], country=row["_country_iso"]) != carrier_by_key(row["key"])
        and not is_twice(row["_name"])
        and LESS_KNOWN.get(row["_name"]) != carrier_named(row["_name"])
    ]
    assert len(rows) > 2_600
    assert unnamed == wrong == []


@needs_shared
def test_a_name_that_two_carriers_of_a_country_share_names_neither():
    rows = listed("corpora/carriers/17track_apicarrier.all.json")
    assert [row["_name"] for row in rows if is_twice(row["_name"]) and carrier_named(row["_name"])] == []


@needs_shared
def test_what_17track_listed_before_is_named_too():
    rows = listed("specs/17track/17track_carriers_2024.json")
    assert len(rows) > 1_200
    assert [row["name"] for row in rows if not carrier_by_key(row["key"])] == []
    homes = {row["name"]: carrier(carrier_by_key(row["key"])).country for row in rows}
    assert [name for name, home in homes.items() if not (carrier_named(name, country=home) or is_twice(name))] == []


@needs_shared
def test_every_courier_of_aftership_is_named_by_its_slug_and_its_name():
    rows = listed("specs/aftership/aftership_couriers_2020.json")["couriers"]
    assert len(rows) == 660
    assert [row["slug"] for row in rows if not carrier_at("aftership", row["slug"])] == []
    assert {row["slug"] for row in rows if not carrier_named(row["slug"])} <= NOT_A_NAME
    homes = {row["name"]: carrier(carrier_at("aftership", row["slug"])).country for row in rows}
    assert [name for name, home in homes.items() if not carrier_named(name, country=home)] == []


@needs_shared
def test_every_carrier_of_paypal_is_named():
    keys = set(listed("specs/paypal/tracker_carrier_enum.json")) - NOBODY
    assert len(keys) > 800
    assert [key for key in keys if not carrier_at("paypal", key)] == []
    assert {key for key in keys if not carrier_named(key)} <= NOT_A_NAME


@needs_shared
def test_every_company_of_shopify_is_named_in_its_country():
    rows = listed("corpora/carriers/shopify_supported_tracking_companies.json")
    everywhere = [name for name in rows["any_country"] if not related(carrier_at("shopify", name), carrier_named(name))]
    local = [(COUNTRIES[country], name) for country, names in rows["by_country"].items() for name in names]
    assert everywhere == []
    assert [row for row in local if not carrier_at("shopify", row[1], country=row[0])] == []
    assert [row for row in local if not carrier_named(row[1], country=row[0])] == []


@needs_shared
@pytest.mark.parametrize(
    ("vendor", "path", "inside"),
    [
        ("walmart", "specs/walmart/us_mp_orders.json", "components schemas CarrierNameType properties carrier enum"),
        ("walmart", "specs/walmart/ca_mp_orders.json", "components schemas CarrierNameType properties carrier enum"),
        ("shippo", "specs/shippo/shippo_tracking_3.9.0_schemas.json", "$defs CarriersEnum enum"),
    ],
)
def test_every_carrier_of_other_lists_is_named(vendor, path, inside):
    names = listed(path)
    for key in inside.split():
        names = names[key]
    assert len(names) > 15
    assert [name for name in names if name not in NOBODY and not carrier_at(vendor, name)] == []
    assert [name for name in names if name not in NOBODY and not carrier_named(name)] == []


@needs_shared
def test_every_integration_of_karrio_is_named():
    rows = [row for row in listed("corpora/carriers/karrio_carrier_integrations.json") if row["id"] not in NOBODY]
    assert [row["id"] for row in rows if not carrier_at("karrio", row["id"])] == []
    assert [row["id"] for row in rows if not (carrier_named(row["id"]) and carrier_named(row["display_name"]))] == []


@needs_shared
def test_every_operator_of_the_postal_union_is_the_one_of_its_country():
    couriers = listed("specs/standards/upu_s10_couriers.json")["tracking_numbers"][0]["additional"][1]["lookup"]
    assert len(couriers) > 185
    operators = {info.code: info.s10 for info in all_carriers()}
    assert [row["matches"] for row in couriers if not any(row["matches"] in s10 for s10 in operators.values())] == []
    assert {"GI", "JE", "GG", "IM", "AX", "KY"} <= {country for s10 in operators.values() for country in s10}


def test_no_two_carriers_have_the_same_alias():
    owners = Counter(
        alias for info in all_carriers() for alias in {squeezed(text) for text in (info.code, *info.aliases)}
    )
    assert [alias for alias, count in owners.items() if count > 1] == []


def test_carriers_with_the_same_name_are_in_different_countries():
    owners = Counter((squeezed(info.name), info.country) for info in all_carriers())
    assert {name for (name, _), count in owners.items() if count > 1} == {squeezed(name) for name in TWICE}


def test_every_carrier_has_a_code_that_is_its_own():
    codes = Counter(info.code for info in all_carriers())
    assert len(codes) == codes.total() > 2_900
    for info in all_carriers():
        assert info.code.isascii() and info.code.replace("_", "").isalnum() and not info.code[0].isdigit()
        assert info.code == info.code.lower() == info.code.strip("_") and carrier(info.code) is info
        assert info.name == info.name.strip() and info.link.count("{number}") == bool(info.link)
        assert info.family in codes or not info.family


def test_keys_of_17track_are_nobody_elses():
    keys = Counter(key for info in all_carriers() for key in info.seventeen_track)
    assert [key for key, count in keys.items() if count > 1] == []


def test_keys_of_vendors_lead_to_carriers_and_back():
    codes = {info.code for info in all_carriers()}
    assert set(vendors()) == {"aftership", "easypost", "karrio", "paypal", "shipengine", "shippo", "shopify", "walmart"}
    for vendor in vendors():
        for info in all_carriers():
            for key in keys_at(vendor, info.code):
                assert carrier_at(vendor, key) in codes


def test_a_key_is_a_vendors_own():
    assert carrier_at("aftership", "dhl-global-mail") == "dhl_ecommerce"
    assert carrier_at("paypal", "dhl-global-mail") == ""
    assert carrier_at("aftership", "hermes") == "evri"  # not what the name alone says
    assert carrier_named("hermes") == "hermes_de"
    assert keys_at("shopify", "usps") == ("USPS",)
    assert keys_at("shopify", "nobody") == ()
    assert keys_at("shopify", "dhl_parcel_nl", country="NL") == ("DHL Parcel",)
    assert carrier_at("shopify", "DHL Parcel", country="NL") == "dhl_parcel_nl"
    assert carrier_at("shopify", "DHL Parcel") == ""


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("CN_YANWEN", "", "yanwen"),
        ("US_YANWEN", "", ""),
        ("Gati (CN)", "", "gati_cn"),
        ("Gati", "", "gati"),
        ("Gati", "CN", "gati_cn"),
        ("WEDO", "CZ", "wedo_cz"),
        ("WEDO", "CN", "wedo_cn"),
        ("WEDO", "", ""),
        ("GLS", "US", "gls_us"),
        ("GLS", "PT", "gls"),
        ("Fastway", "ZA", "fastway_za"),
        ("DHL Parcel", "GB", "dhl_parcel_uk"),
        ("DHL Parcel", "", ""),
        ("UPS", "DE", "ups"),
        ("DHL Global Mail (Webhook)", "", "dhl_ecommerce"),
    ],
)
def test_a_country_tells_carriers_with_one_name_apart(text, country, code):
    assert carrier_named(text, country=country) == code


def test_carriers_speak_the_languages_of_their_country():
    assert carrier("canada_post").languages == ("en", "fr")
    assert carrier("dpd").languages == ()
    assert [info.code for info in all_carriers() if info.country and not info.languages] == []


def test_every_carrier_has_a_page_somewhere():
    assert [info.code for info in all_carriers() if not tracking_link(info.code, "1", anyone=True)] == []
    page = tracking_link("yto", "YT1234567890123", anyone=True)
    assert page == "https://t.17track.net/en#nums=YT1234567890123&fc=190157"
    assert tracking_link("yto", "YT1234567890123") == ""
    assert tracking_link("wizmo", "1", anyone=True).startswith("https://t.17track.net/")
    assert tracking_link("corporate_couriers", "1", anyone=True) == "https://t.17track.net/en#nums=1"
    assert tracking_link("nobody", "1", anyone=True) == ""


def test_a_part_of_a_brand_has_the_brands_page_if_that_serves_all_countries():
    assert tracking_link("dhl_hong_kong", "1") == tracking_link("dhl", "1")
    assert tracking_link("inpost_es", "1") == ""  # InPost's page is Poland's


def test_a_carrier_has_one_slug_and_the_slug_means_the_carrier():
    assert slug_at("aftership", "usps") == "usps" and slug_at("aftership", "china_post") == "china-post"
    for code in sorted(codes_at("aftership")):
        assert carrier_at("aftership", slug_at("aftership", code)) == code
    assert slug_at("aftership", "not_in_their_list") == "not-in-their-list"
