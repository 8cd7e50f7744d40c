"""What people type: a number for a part of an order, another carrier, an order number that is no tracking number."""

import pytest
from playwright.sync_api import expect

from tests.browser.screens import Windows, eventually, open_order
from tests.e2e.product import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
NUMBER = "RB123456785CN"


def test_number_for_a_part_ships_a_part(merchant: Windows) -> None:
    order, pieces = an_order_of_several(merchant)
    page = merchant.open()
    open_order(merchant, page, order)
    left = page.get_by_role("spinbutton")
    for at in range(left.count()):
        left.nth(at).fill("1" if at == 0 else "0")
    page.get_by_label("Add a tracking number").fill(NUMBER)
    page.get_by_role("button", name="Add the number").click()
    expect(page.get_by_text("The number is on the order.")).to_be_visible()
    expect(page.get_by_text("Partly shipped", exact=True)).to_be_visible()
    expect(page.get_by_text(f"{pieces - 1} not in a parcel yet")).to_be_visible()
    expect(page.get_by_text("China Post").first).to_be_visible()


def test_wrong_carrier_is_changed_and_asked_again(merchant: Windows) -> None:
    case = merchant.town.world.place(journey="carrier_wrong", route="store", days_ago=4.8)
    page = merchant.open()
    open_order(merchant, page, case["order"])
    eventually(merchant, page, page.get_by_text(case["number"]))
    page.get_by_text("Wrong carrier or wrong number?").click()
    carrier = page.get_by_label("Carrier", exact=True).first
    carrier.fill("Pigeon Post")
    page.get_by_role("button", name="Change and ask again").click()
    expect(page.get_by_text("No carrier is called “Pigeon Post”.")).to_be_visible()
    page.get_by_text("Wrong carrier or wrong number?").click()
    carrier.fill(case["carrier"])
    page.get_by_role("button", name="Change and ask again").click()
    expect(page.get_by_text("The carrier is changed and is being asked.")).to_be_visible()
    expect(page.get_by_text("DPD", exact=True)).to_be_visible()
    asked = "the tracking service asked for another carrier"
    wait_until(asked, lambda: followed_as(merchant, case["number"]) != case["named_carrier"], merchant.town.product)


def test_order_number_is_refused_with_words_and_can_be_confirmed(merchant: Windows) -> None:
    order, _ = an_order_of_several(merchant)
    page = merchant.open()
    open_order(merchant, page, order)
    page.get_by_label("Add a tracking number").fill(order)
    page.get_by_role("button", name="Add the number").click()
    expect(page.get_by_role("status").first).to_contain_text("is an order number, not a tracking number")
    expect(page.get_by_label("Add a tracking number")).to_have_value(order)
    expect(page.get_by_role("heading", name="Parcel 1")).to_have_count(0)
    page.get_by_label("I have checked it. Use it anyway.").check()
    page.get_by_role("button", name="Add the number").click()
    expect(page.get_by_text("The number is on the order.")).to_be_visible()
    expect(page.get_by_role("heading", name="Parcel 1")).to_be_visible()


def followed_as(windows: Windows, number: str) -> str:
    """The carrier under which the tracking service follows it."""
    return str(windows.town.world.control("state")["followed"][number])


def an_order_of_several(windows: Windows) -> tuple[str, int]:
    """(number, pieces) of a new order with more than one piece, whose number nobody says."""
    page = windows.open()
    for _ in range(12):
        order = windows.town.world.place(journey="smooth", route="manual", days_ago=1)["order"]
        open_order(windows, page, order)
        pieces = sum(int(one) for one in page.locator("table.matrix tbody td:nth-child(2)").all_inner_texts())
        if pieces > 1:
            return order, pieces
    raise AssertionError("twelve orders of one piece each")
