"""A newcomer's first day: a number typed, then the shop connected."""

import re

import pytest
from playwright.sync_api import expect

from sandbox import aggregator, store, supplier
from tests.browser.screens import Windows, connect, eventually, open_order, row, shoppers_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
NUMBER = "LX123456785CN"


def test_newcomer_types_a_number_and_gets_a_page_to_share(newcomer: Windows) -> None:
    page = newcomer.open("/", member=False)
    sign_in(page)
    expect(page.get_by_role("heading", name="Where is the parcel?")).to_be_visible()
    expect(page.get_by_role("link", name="Connect a store")).to_be_visible()
    page.get_by_label("Tracking number or link").fill(NUMBER)
    page.get_by_role("button", name="Recognize").click()
    expect(page.get_by_role("radio", name=re.compile("China Post"))).to_be_checked()
    page.get_by_role("button", name="Follow it").click()
    expect(page.get_by_text("It is being followed.")).to_be_visible()
    address = shoppers_page(newcomer, page)

    shopper = newcomer.open(address, member=False)
    expect(shopper.get_by_role("heading", level=1)).to_have_text("Waiting for first check")
    expect(shopper.get_by_text(NUMBER)).to_be_visible()
    expect(shopper.get_by_role("link", name="See it at China Post")).to_have_attribute("href", re.compile(NUMBER))


@pytest.mark.postgres
def test_merchant_connects_everything_and_the_orders_come(newcomer: Windows) -> None:
    world = newcomer.town.world
    known = world.place(journey="smooth", route="store", days_ago=4.8)
    bought = world.place(journey="smooth", route="api", days_ago=2.8)
    page = newcomer.open("/")
    shop = {"shop_address": world.shop, "consumer_key": store.KEY}

    connect(page, "WooCommerce", **shop, consumer_secret="cs_of_somebody_else")
    expect(page.get_by_role("alert")).to_contain_text("WooCommerce refused the key")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved")
    expect(page.get_by_label("Shop address")).to_have_value(world.shop)
    expect(page.get_by_label("Consumer key")).to_be_empty()
    page.get_by_role("link", name="Connections").click()
    expect(page.get_by_text(world.shop)).to_have_count(0)

    connect(page, "WooCommerce", **shop, consumer_secret=store.SECRET)
    expect(page.get_by_text("is connected and is being read.")).to_be_visible()
    connect(page, "CJdropshipping", api_key=supplier.API_KEY)
    expect(page.get_by_text("CJdropshipping is connected")).to_be_visible()
    connect(page, "17TRACK", api_key=aggregator.KEY)
    hook = re.search(r"http\S+/hooks/[\w-]+", page.get_by_role("status").inner_text())
    assert hook, "the address that 17TRACK has to be told"
    world.control("push-address", {"url": hook[0]})

    page.get_by_role("link", name="Orders").click()
    for case in (known, bought):
        eventually(newcomer, page, row(page, case["order"]).get_by_text(case["number"]))
    open_order(newcomer, page, bought["order"])
    page.get_by_role("button", name="Give its numbers to the store").click()
    eventually(newcomer, page, page.get_by_text("Accepted", exact=True))
    assert world.pushes()[bought["order"]] == [(bought["number"], 1)]

    open_order(newcomer, page, known["order"])
    last = known["scans"][3][2]
    eventually(newcomer, page, page.get_by_text(last))
    shopper = newcomer.open(shoppers_page(newcomer, page), member=False)
    expect(shopper.get_by_text(known["number"])).to_be_visible()
    expect(shopper.get_by_text(last)).to_be_visible()
    shopper.get_by_role("button", name="Ask the carrier now").click()
    expect(shopper.get_by_text("Done.")).to_be_visible()
