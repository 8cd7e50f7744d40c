"""Every script ends as written, its numbers are valid, and the same seed tells the same story."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from sandbox.catalog import BUYERS
from sandbox.clock import Clock
from sandbox.journeys import BY_NAME, JOURNEYS, Quirk, Route
from sandbox.numbers import CARRIERS, DPD, HERMES, LOCAL, local_number, mod10, plausible_carrier, s10
from sandbox.shipment import plan
from sandbox.store_order import PROVIDERS
from sandbox.world import BUSY_ORDERS, HISTORY, PLEASANT_SEED, World

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
PATHS = [(journey.name, route.value) for journey in JOURNEYS for route in journey.routes]


@pytest.mark.parametrize(("name", "route"), PATHS)
async def test_journey_ends_as_scripted(town, name, route):
    case = (await town.control("POST", "orders", {"journey": name, "route": route})).body
    await town.track(
        "register", [{"number": case["number"], **({"carrier": 101108} if name == "carrier_wrong" else {})}]
    )
    for _ in range(20):
        await town.days(0.5)
    reply = (await town.track("gettrackinfo", [{"number": case["number"]}])).body["data"]
    track = reply["accepted"][0]["track_info"]
    assert track["latest_status"]["status"] == BY_NAME[name].ends
    events = [event for one in track["tracking"]["providers"] for event in one["events"]]
    assert sorted(event["description"] for event in events) == sorted(step.words for step in BY_NAME[name].steps)


def drawn(journey, route, seed):
    buyer = Random(seed).choice(BUYERS)
    return plan(buyer=buyer, journey=BY_NAME[journey], route=Route(route), placed_at=START, random=Random(seed))


@pytest.mark.parametrize("seed", range(40))
def test_smooth_parcel_is_delivered_within_a_hundred_seconds_of_demo(seed):
    shipment = drawn("smooth", "api", seed)
    delivered = shipment.delivered_at()
    assert delivered is not None
    assert (delivered - START) / 7200 < timedelta(seconds=100)
    assert START < shipment.number_at < shipment.dispatched_at < shipment.local_at < delivered


@pytest.mark.parametrize(("name", "route"), PATHS)
def test_scans_follow_one_another_after_the_order(name, route):
    shipment = drawn(name, route, 3)
    times = [scan.at for scan in shipment.scans]
    assert times == sorted(set(times))
    assert all(at > START for at in times)
    assert shipment.said(START) == ""
    assert shipment.said(START + timedelta(days=20)) == shipment.number


def test_numbers_pass_the_check_of_their_format():
    assert mod10("940011120620640626078") == 7  # 9400111206206406260787, a published USPS example
    random = Random(5)
    for _ in range(300):
        for carrier in LOCAL.values():
            number = local_number(random, carrier)
            assert plausible_carrier(number) is carrier
            if number.isdigit():
                assert int(number[-1]) == mod10(number[:-1] if len(number) == 22 else number[2:-1])
    weighted = [s10(random, "RB", "CN") for _ in range(300)]
    for number in weighted:
        check = sum(int(one) * by for one, by in zip(number[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
        assert int(number[10]) == {0: 5, 1: 0}.get(check, 11 - check)


def test_numbers_of_dpd_are_taken_for_hermes():
    assert plausible_carrier(local_number(Random(1), DPD)) is HERMES
    assert plausible_carrier("65519797821543") is None


def test_every_carrier_that_is_named_is_known_to_the_shop():
    for journey in JOURNEYS:
        for route in set(journey.routes) - {Route.API}:
            named = {drawn(journey.name, route, seed).named.slug for seed in range(30)}
            assert named <= set(PROVIDERS)
    assert len({carrier.key for carrier in CARRIERS}) == len(CARRIERS)


def test_quirks_are_what_they_say():
    swapped = drawn("number_swapped", "api", 1)
    early = swapped.number_at + timedelta(hours=1)
    assert swapped.said(early) == swapped.first_number != swapped.number
    assert swapped.seen(START + timedelta(days=9), swapped.first_number) == ()
    given = drawn("order_number_given", "mail", 1)
    assert given.said(given.number_at) == given.purchase == given.first_number
    wrong = drawn("carrier_wrong", "mail", 1)
    assert (wrong.named, wrong.carrier, wrong.journey.quirk) == (HERMES, DPD, Quirk.WRONG_CARRIER)


async def told(seed):
    world = World(clock=Clock(datetime.now(UTC), 1), seed=seed, post=None)
    world.remember()
    for _ in range(BUSY_ORDERS):
        world.place(at=world.clock.now())
    await world.close()
    return [
        (case.order.buyer, case.order.lines, case.shipment.number, case.shipment.journey.name) for case in world.cases
    ]


async def test_same_seed_tells_the_same_story():
    first, again, other = [await told(seed) for seed in (4, 4, 5)]
    assert first == again != other
    assert len(first) == HISTORY + BUSY_ORDERS


async def test_demo_shows_every_journey_in_its_first_minutes():
    new = [journey for *_, journey in (await told(PLEASANT_SEED))[HISTORY:]]
    assert set(new) == set(BY_NAME)
    assert new[:3] == ["smooth"] * 3


async def test_small_things_are_what_is_never_scanned(town):
    case = (await town.control("POST", "orders", {"journey": "never_scanned"})).body
    order = (await town.shop("GET", f"/wc/v3/orders/{case['order']}")).body
    assert {line["sku"][:3] for line in order["line_items"]} <= {"RIN", "STK", "SEW"}
    assert case["scans"] == []


async def test_shop_sells_once_it_is_connected():
    world = World(clock=Clock(datetime.now(UTC), 500_000), seed=1, post=None)
    life = asyncio.create_task(world.run(idle=False))
    await asyncio.sleep(0.1)
    assert world.cases == []
    world.store.connected.set()
    for _ in range(300):
        if len(world.cases) >= 5:
            break
        await asyncio.sleep(0.01)
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    await world.close()
    assert len(world.cases) >= 5


async def test_wrong_wishes_are_explained(town):
    for wish in (
        {"journey": "moon"},
        {"route": "pigeon"},
        {"layout": "song", "route": "mail"},
        {"days_ago": "x"},
        ["x"],
    ):
        reply = await town.control("POST", "orders", wish)
        assert (reply.status, bool(reply.body["error"])) == (400, True)
    assert (await town.control("POST", "advance", {"days": -1})).status == 400


async def test_state_tells_the_script_and_the_keys(town):
    await town.control("POST", "orders", {"journey": "customs", "route": "api"})
    before = town.world.clock.now()
    await town.control("POST", "advance", {"days": 2})
    state = (await town.control("GET", "state")).body
    assert state["cases"][0]["journey"] == "customs"
    assert datetime.fromisoformat(state["now"]) - before >= timedelta(days=2)
    assert set(state["keys"]) == {"store", "supplier", "aggregator"}


def test_clock_is_a_plain_rule_every_process_can_follow():
    start = datetime.now(UTC) - timedelta(seconds=10)
    clock = Clock.from_environment({"DOORSTEP_CLOCK": f"{start.isoformat()}@7200"})
    assert abs(clock.now() - (start + timedelta(seconds=72_000))) < timedelta(hours=3)
    assert clock.real_seconds(timedelta(days=1)) == 12
    for wrong in ("yesterday@2", "2026-01-01T00:00:00@2", "2026-01-01T00:00:00Z@0", "2026-01-01T00:00:00Z"):
        with pytest.raises(ValueError, match="DOORSTEP_CLOCK"):
            Clock.from_environment({"DOORSTEP_CLOCK": wrong})
    assert abs(Clock.from_environment({}).now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_plan_stays_the_same_for_the_same_draw():
    assert drawn("returned", "mail", 9) == replace(drawn("returned", "mail", 9))
