"""The whole road to Shopify over real HTTP: connected by a person, an order read, its number given and taken back, and
the webhooks that this causes; then the app is thrown out.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from yarl import URL

from doorstep.connectors.contract import Account, Delivery, Denied, Grant
from doorstep.connectors.stores.shopify import CONNECTOR, Shopify
from doorstep.connectors.stores.shopify_admin.webhook import FIELDS
from sandbox import shopify
from tests.connectors.flow import NOW
from tests.connectors.shopify_shop import APP, Still, order, shipment, shop
from tests.sandbox.vendors import Line, line

GRANT = Grant(state="st4te", redirect=shopify.REDIRECT, verifier="v")
SHOPIFY = Shopify()


@pytest.fixture
async def opened() -> AsyncIterator[tuple[shopify.Shopify, Line]]:
    there = shop()
    async with line(there.app(), Still(NOW, 1)) as to_it:
        yield there, to_it
    await there.callbacks.close()


async def installed(to_it: Line) -> dict[str, str]:
    """A person presses Install and is sent back."""
    page = SHOPIFY.authorize(APP, GRANT).replace(f"https://{shopify.SHOP}", to_it.url)
    async with to_it.session.get(page, allow_redirects=False) as answer:
        return dict(URL(answer.headers["Location"]).query)


async def granted(to_it: Line) -> Account:
    kept = await to_it.run(CONNECTOR, APP, SHOPIFY.redeem(APP, GRANT, await installed(to_it)))
    account = replace(APP, credentials={**APP.credentials, **kept})
    checked = await to_it.run(CONNECTOR, account, SHOPIFY.check(account))
    assert checked.notes == ()
    return replace(account, settings={**account.settings, **checked.settings})


async def test_the_whole_road(opened, ear):
    there, to_it = opened
    account = await granted(to_it)
    await to_it.run(CONNECTOR, account, SHOPIFY.subscribe(account, ear.url, ""))
    to = there.place(order())
    await to_it.run(CONNECTOR, account, SHOPIFY.orders(account, NOW.replace(year=2025)))
    assert [one.number for one in to_it.read[0].orders] == ["#1041"]
    pushed = await to_it.run(CONNECTOR, account, SHOPIFY.push(account, shipment(to)))
    (shown,) = await to_it.run(CONNECTOR, account, SHOPIFY.read_back(account, str(to.id)))
    assert (shown.ref, shown.number, shown.carrier) == (pushed.ref, "RB123456785PT", "CTT")
    await to_it.run(CONNECTOR, account, SHOPIFY.withdraw(account, str(to.id), pushed.ref))
    assert await to_it.run(CONNECTOR, account, SHOPIFY.read_back(account, str(to.id))) == ()
    heard = await ear.until(4)  # placed, sent (told twice), taken back
    received = [SHOPIFY.receive(account, Delivery(headers=named, body=body, received_at=NOW)) for named, body in heard]
    orders = [SHOPIFY.read(one.answer).orders[0].number for one in received if one.answer]
    assert (orders, [one.knock for one in received].count(True)) == (["#1041"] * 3, 1)
    assert all(set(json.loads(body)) <= set(FIELDS) for _, body in heard if b"order_id" not in body)


async def test_token_is_renewed_and_the_app_thrown_out(opened):
    there, to_it = opened
    account = await granted(to_it)
    renewed = await to_it.run(CONNECTOR, account, SHOPIFY.renew(account))
    assert renewed["access_token"] != account.credentials["access_token"]
    with pytest.raises(Denied):
        await to_it.run(CONNECTOR, account, SHOPIFY.renew(account))  # a refresh token serves once
    fresh = replace(account, credentials={**account.credentials, **renewed})
    await to_it.run(CONNECTOR, fresh, SHOPIFY.check(fresh))
    there.uninstall()
    with pytest.raises(Denied):
        await to_it.run(CONNECTOR, fresh, SHOPIFY.check(fresh))


async def test_merchants_own_app_lets_itself_in_and_strangers_are_refused(opened):
    _, to_it = opened
    kept = await to_it.run(CONNECTOR, APP, SHOPIFY.renew(APP))
    account = replace(APP, credentials={**APP.credentials, **kept})
    await to_it.run(CONNECTOR, account, SHOPIFY.check(account))
    wrong = replace(APP, credentials={"client_secret": "shpss_wrong"})
    with pytest.raises(Denied):
        await to_it.run(CONNECTOR, wrong, SHOPIFY.renew(wrong))
    stranger = replace(APP, credentials={"access_token": "shpat_wrong"})
    with pytest.raises(Denied):
        await to_it.run(CONNECTOR, stranger, SHOPIFY.check(stranger))


def test_shop_tells_off_who_breaks_its_rules():
    there = shop()
    to = there.place(order())
    share = to.shares[0]

    def ship(**changed):
        line = {
            "id": f"gid://shopify/FulfillmentOrderLineItem/{share.line_ids[to.lines[0].id]}",
            "quantity": 1,
            **changed,
        }
        part = {"fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{share.id}", "fulfillmentOrderLineItems": [line]}
        made = {"fulfillment": {"lineItemsByFulfillmentOrder": [part]}}
        said = there.execute(SHIP, made)
        return [one["message"] for one in said["data"]["fulfillmentCreate"]["userErrors"]]

    assert ship(quantity=9) == ["Invalid fulfillment order line item quantity requested."]
    assert ship(id="gid://shopify/FulfillmentOrderLineItem/1") == ["Fulfillment order line item does not exist."]
    assert ship() == []
    share.status = "CLOSED"
    assert ship() == [f"Fulfillment order {share.id} has an unfulfillable status= closed."]
    codes = [
        there.execute(query, {})["errors"][0].get("extensions", {}).get("code") for query in (LARGE, "{ shop { age } }")
    ]
    assert codes == ["MAX_COST_EXCEEDED", None]


SHIP = """mutation S($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { userErrors { message } }
}"""
LARGE = "{ orders(first: 250) { nodes { id lineItems(first: 10) { nodes { id } } } } }"
