"""What channels can do, and what a carrier is called there."""

import csv
import dataclasses
import json
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from doorstep.connectors.contract import Can
from doorstep.connectors.registry import connectors
from doorstep.core.channel import (
    ByHand,
    Carriers,
    Channel,
    Named,
    called_already,
    carrier_name,
    channel,
    channels,
    stages,
    task,
)
from doorstep.core.number import carrier, carriers
from doorstep.core.number.directory import related
from doorstep.core.order import OrderState
from tests.core.sentences import sentence

CORE = Path(__file__).resolve().parents[2] / "src/doorstep/core"
SPECS = Path(__file__).resolve().parents[3] / "shared/specs"
needs_specs = pytest.mark.skipif(not SPECS.exists(), reason="the vendors' schemas are not beside the repository")
# One entry of a channel's list that is two carriers on purpose: it says so in the channel's own list.
SHARED = {
    ("shopify", "Fastway"),
    ("woocommerce_fulfillments", "lasership-ontrac"),
    ("woocommerce_fulfillments", "posten-norge-bring"),
}


def facts():
    with (CORE / "channels.toml").open("rb") as file:
        return tomllib.load(file)


def names():
    with (CORE / "channel_carriers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(name):
    return {row[name] for row in names() if row[name]}


ALL = pytest.mark.parametrize("there", channels(), ids=lambda one: one.name)


def test_nothing_is_promised_of_an_unknown_channel():
    assert channel("market of tomorrow") == Channel()
    assert carrier_name(channel("market of tomorrow"), "usps") == Named()


def test_every_store_that_takes_numbers_has_its_facts():
    takes = {name for name, one in connectors("store").items() if Can.PUSH in one.meta.can}
    assert takes <= {one.name for one in channels() if one.numbers != "none"}


@ALL
def test_every_fact_stands_once_beside_its_source(there):
    stated = set(facts()[there.name]) - {"label", "kind", "names_from", "says"}
    said = [fact for some in facts()[there.name]["says"].values() for fact in some]
    assert sorted(said) == sorted(stated)
    assert all(source[0] in "STK" and (source == "K" or source[1] == " ") for source in there.says.values())
    assert there.label and set(stated) <= {one.name for one in dataclasses.fields(Channel)}


@ALL
def test_a_channel_with_a_list_says_where_the_list_is_from(there):
    listed = there.carriers is Carriers.LISTED
    assert bool(there.names_from) == listed == (there.name in names()[0])
    assert there.names_from[:2] in {"", "S ", "K "}
    assert not (there.free_name or there.free_beside or there.other) or listed


@ALL
def test_every_carrier_keeps_its_own_name_or_is_none_of_the_list(there):
    for one in carriers():
        named = carrier_name(there, one.code)
        if not named.listed:
            assert named.field in {"", there.other, one.name}
            assert named.beside in {"", one.name}
        elif there.carriers is not Carriers.LISTED:
            assert named == Named(field=one.name, listed=True)


@ALL
def test_an_unknown_carrier_is_not_guessed(there):
    named = carrier_name(there, "")
    assert (named.field, named.beside, named.listed) == (there.other, "", False)


def test_no_two_carriers_share_a_name_unless_they_are_one_brand():
    for there in channels():
        by_name = defaultdict(set)
        for row in names():
            if row.get(there.name):
                by_name[row[there.name]].add(row["carrier"])
        for name, codes in by_name.items():
            first = min(codes, key=lambda code: (bool(carrier(code).family), code))
            assert (there.name, name) in SHARED or all(related(first, code) or same(codes) for code in codes), name


def same(codes):
    return len({carrier(code).family or code for code in codes}) == 1


def test_every_row_of_the_names_is_a_carrier_of_ours_and_each_only_once():
    codes = [row["carrier"] for row in names()]
    assert len(codes) == len(set(codes))
    assert set(codes) <= {one.code for one in carriers()}
    assert set(names()[0]) - {"carrier"} <= {one.name for one in channels()}


def test_a_code_that_is_none_of_ours_is_refused():
    with pytest.raises(KeyError):
        carrier_name(channel("woocommerce"), "no such carrier")


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("shopify", "yunexpress", Named(field="YunExpress", listed=True)),
        ("shopify", "cjpacket", Named(field="CJPacket")),
        ("ebay", "royal_mail", Named(field="RoyalMail", listed=True)),
        ("ebay", "cjpacket", Named(field="Other")),
        ("etsy", "deutsche_post", Named(field="deutsch-post", listed=True)),
        ("etsy", "cjpacket", Named(field="other")),
        ("amazon", "yunexpress", Named(field="Yun Express", listed=True)),
        ("amazon", "cjpacket", Named(field="Other", beside="CJPacket")),
        ("paypal", "fourpx", Named(field="HK_FOUR_PX_EXPRESS", listed=True)),
        ("paypal", "gofo", Named(field="OTHER", beside="GOFO Express")),
        ("walmart", "ups_mail_innovations", Named(field="UPSMI", listed=True)),
        ("walmart", "evri", Named(beside="Evri")),
        ("bigcommerce", "cjpacket", Named()),
        ("wix", "evri", Named(field="Evri")),
        ("magento", "evri", Named(field="custom", beside="Evri")),
        ("medusa", "usps", Named()),
        ("woocommerce", "usps", Named(field="USPS", listed=True)),
    ],
)
def test_names_are_written_as_the_channel_wants_them(name, code, expected):
    assert carrier_name(channel(name), code) == expected


@needs_specs
def test_the_names_are_those_of_the_vendors_own_lists():
    walmart = json.loads((SPECS / "walmart/us_mp_orders.json").read_text(encoding="utf-8"))
    paypal = json.loads((SPECS / "paypal/tracker_carrier_enum.json").read_text(encoding="utf-8"))
    shopify = json.loads((SPECS / "shopify/supported_tracking_companies_2026-07.json").read_text(encoding="utf-8"))
    woo = json.loads((SPECS / "woocommerce/woocommerce_10.9.1_wc_v3_schemas.json").read_text(encoding="utf-8"))
    assert column("walmart") <= set(
        walmart["components"]["schemas"]["CarrierNameType"]["properties"]["carrier"]["enum"]
    )
    assert column("paypal") <= set(paypal if isinstance(paypal, list) else next(iter(paypal.values())))
    assert column("woocommerce_fulfillments") <= {one["key"] for one in woo["FulfillmentShippingProviders"]}
    listed = {part.strip(" .*") for line in shopify for part in line.replace(":", ",").split(",")}
    assert column("shopify") <= listed


def test_delivered_is_written_only_where_the_channels_own_api_takes_it():
    told = {name for name, one in connectors("store").items() if Can.TELL in one.meta.can}
    assert {one.name for one in channels() if one.delivered_write} == told == {"shopify", "medusa", "vendure"}


@ALL
def test_the_stage_table_tells_every_state_and_who_brings_it_about(there):
    table = stages(there)
    assert [one.state for one in table] == list(OrderState)
    by = {one.state: one.by for one in table}
    assert set(by[OrderState.DELIVERED]) == there.delivered_by
    assert ("doorstep" in by[OrderState.SHIPPED]) == (there.numbers != "none" and there.kind != "file")
    assert all(one.shows == there.shows.get(one.state, "") for one in table)


VALUES = {"store": "My shop", "order": "1001", "number": "LX1", "new": "LX2"}


@ALL
@pytest.mark.parametrize("what", ByHand)
def test_what_the_channel_does_not_take_has_its_exact_words(there, what):
    said = task(there, what)
    if said is not None:
        assert "1001" in sentence(dataclasses.replace(said, values=VALUES))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shopify", ["delivered"]),
        ("vendure", ["delivered"]),
        ("ebay", ["edit", "withdraw"]),
        ("woocommerce", []),
        ("csv", ["give", "edit", "withdraw"]),
        ("by_hand", []),
    ],
)
def test_tasks_are_what_is_left_for_a_person(name, expected):
    said = [task(channel(name), what) for what in ByHand]
    assert [one.id.removeprefix("channel.by_hand.") for one in said if one] == expected


def test_a_persons_name_of_a_carrier_goes_before_the_channels() -> None:
    ebay = dataclasses.replace(channel("ebay"), chosen={"usps": "US Post"})
    assert carrier_name(ebay, "usps") == Named(field="US Post", listed=True)
    assert carrier_name(ebay, "fedex") == carrier_name(channel("ebay"), "fedex")
    assert carrier_name(ebay, "").field == "Other"


def test_name_that_is_another_carriers_is_noticed_and_a_house_is_one() -> None:
    assert called_already(channel("ebay"), "usps", " fedEx ") == "fedex"
    assert called_already(channel("ebay"), "usps", "USPS") == ""
    assert called_already(channel("ebay"), "dhl_express", "DHL") == ""
    assert called_already(channel("nowhere"), "usps", "US Post") == ""
