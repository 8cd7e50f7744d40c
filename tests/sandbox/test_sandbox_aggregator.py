"""The aggregator, driven over HTTP like a real client would."""

import hashlib
import json

import pytest

from sandbox.aggregator import KEY

FETCH = 3 / 1440  # days: a little longer than the first look takes


async def placed(town, journey="smooth", route="manual"):
    return (await town.control("POST", "orders", {"journey": journey, "route": route})).body


async def follow(town, number, **more):
    reply = (await town.track("register", [{"number": number, **more}])).body
    await town.days(FETCH)
    return reply


async def info(town, number):
    reply = (await town.track("gettrackinfo", [{"number": number}])).body["data"]
    return reply["accepted"][0]["track_info"]


def codes(reply):
    return [one["error"]["code"] for one in reply.body["data"]["rejected"]]


async def test_registering_detects_the_carrier_and_works_once(town):
    case = await placed(town)
    first = await follow(town, case["number"])
    assert first["code"] == 0
    assert first["data"]["accepted"][0]["origin"] == 2
    again = await town.track("register", [{"number": case["number"]}, {"number": "HELLOWORLD"}, {"number": "a b"}])
    assert codes(again) == [-18019901, -18019903, -18010012]
    assert again.body["data"]["accepted"] == []


async def test_named_carrier_is_believed(town):
    reply = (await town.track("register", [{"number": "LX473124829GB", "carrier": 6051}])).body
    assert reply["data"]["accepted"] == [{"origin": 1, "number": "LX473124829GB", "carrier": 6051}]
    assert codes(await town.track("register", [{"number": "LX473124830GB", "carrier": 7}])) == [-18019910]


async def test_nothing_is_known_before_the_first_look(town):
    case = await placed(town)
    await town.track("register", [{"number": case["number"]}])
    assert codes(await town.track("gettrackinfo", [{"number": case["number"]}])) == [-18019909]
    await town.days(FETCH)
    early = await info(town, case["number"])
    assert early["latest_status"] == {"status": "NotFound", "sub_status": "NotFound_Other", "sub_status_descr": None}
    assert (early["latest_event"], early["tracking"]["providers"]) == (None, [])


async def test_parcel_is_followed_until_it_is_delivered(town):
    case = await placed(town)
    await follow(town, case["number"])
    seen = []
    for days in (1.2, 1.6, 1.2, 0.9, 1):
        await town.days(days)
        seen.append((await info(town, case["number"]))["latest_status"]["status"])
    assert seen[0] == "InfoReceived"
    assert seen[-1] == "Delivered"
    assert set(seen) <= {"InfoReceived", "InTransit", "OutForDelivery", "Delivered"}
    done = await info(town, case["number"])
    [provider] = done["tracking"]["providers"]
    events = provider["events"]
    assert len(events) == 9
    assert [event["time_utc"] for event in events] == sorted((event["time_utc"] for event in events), reverse=True)
    assert done["latest_event"] == events[0]
    reached = {one["key_stage"]: bool(one["time_utc"]) for one in done["milestone"]}
    assert reached["Delivered"]
    assert not reached["Returned"]


async def test_times_are_local_with_their_offset(town):
    case = await placed(town)
    await follow(town, case["number"])
    await town.days(2)
    event = (await info(town, case["number"]))["latest_event"]
    assert event["time_iso"].endswith("+08:00")
    assert event["time_raw"]["timezone"] == "+08:00"
    assert event["location"].endswith(", CN")
    assert event["time_iso"].startswith(f"{event['time_raw']['date']}T{event['time_raw']['time']}")


async def test_platform_number_tells_the_local_one_and_both_carriers(town):
    case = await placed(town, route="api")
    await follow(town, case["number"])
    await town.days(7)
    whole = await info(town, case["number"])
    assert whole["misc_info"]["local_number"] == case["local_number"]
    assert len(whole["tracking"]["providers"]) == 2
    await follow(town, case["local_number"])
    own = await info(town, case["local_number"])
    assert own["misc_info"]["local_number"] is None
    assert [len(one["events"]) for one in own["tracking"]["providers"]] == [3]


async def test_wrong_carrier_knows_nothing_until_it_is_changed(town):
    case = await placed(town, "carrier_wrong", "store")
    await follow(town, case["number"])
    await town.days(7)
    assert (await info(town, case["number"]))["latest_status"]["status"] == "NotFound"
    change = [{"number": case["number"], "carrier_old": 100031, "carrier_new": 101108}]
    assert (await town.track("changecarrier", change)).body["data"]["accepted"][0]["carrier"] == 101108
    await town.days(FETCH)
    assert (await info(town, case["number"]))["latest_status"]["status"] == "Delivered"
    for _ in range(4):
        await town.track("changecarrier", [{"number": case["number"], "carrier_new": 101108}])
    assert codes(await town.track("changecarrier", [{"number": case["number"], "carrier_new": 1}])) == [-18019807]


async def test_push_is_signed_and_repeated(town, ear):
    await town.control("POST", "push-address", {"url": ear.url})
    case = await placed(town)
    ear.answers = [500]
    town.world.clock.rate = 1000  # the vendor waits ten minutes before it tries again
    await follow(town, case["number"])
    await town.days(1.2)
    (headers, body), (_, again) = (await ear.until(2))[:2]
    assert headers["sign"] == hashlib.sha256(body + b"/" + KEY.encode()).hexdigest()
    message = json.loads(body)
    assert (message["event"], message["data"]["number"]) == ("TRACKING_UPDATED", case["number"])
    assert message["data"]["track_info"]["latest_status"]["sub_status"] == "InfoReceived"
    assert again == body


async def test_push_can_be_asked_for_again(town, ear):
    case = await placed(town)
    await follow(town, case["number"])
    assert codes(await town.track("push", [{"number": case["number"]}])) == [-18019909]
    await town.days(2)
    await town.control("POST", "push-address", {"url": ear.url})
    assert (await town.track("push", [{"number": case["number"]}])).body["data"]["rejected"] == []
    await ear.until(1)


async def test_tracking_stops_fifteen_days_after_the_end_and_says_so(town, ear):
    case = await placed(town)
    await follow(town, case["number"])
    await town.days(7)
    await town.control("POST", "push-address", {"url": ear.url})
    await town.days(15)
    [(_, body)] = await ear.until(1)
    assert json.loads(body)["event"] == "TRACKING_STOPPED"
    assert (await town.track("retrack", [{"number": case["number"]}])).body["data"]["rejected"] == []
    assert codes(await town.track("retrack", [{"number": case["number"]}])) == [-18019904]
    assert (await town.track("stoptrack", [{"number": case["number"]}])).body["data"]["rejected"] == []
    assert codes(await town.track("stoptrack", [{"number": case["number"]}])) == [-18019906]
    assert codes(await town.track("retrack", [{"number": case["number"]}])) == [-18019905]


async def test_number_can_be_tagged_and_deleted(town):
    await follow(town, "LX473124829GB")
    await town.track("changeinfo", [{"number": "LX473124829GB", "items": {"tag": "vip"}}])
    reply = await town.track("gettrackinfo", [{"number": "LX473124829GB", "carrier": 11031}])
    assert reply.body["data"]["accepted"][0]["tag"] == "vip"
    await town.track("deletetrack", [{"number": "LX473124829GB"}])
    assert codes(await town.track("gettrackinfo", [{"number": "LX473124829GB"}])) == [-18019902]


async def test_number_from_outside_travels_when_it_is_released(town):
    released = await town.control("POST", "numbers", {"number": "9400111206206406260787", "journey": "pickup_point"})
    assert (released.status, released.body["carrier"]) == (201, "USPS")
    await follow(town, "9400111206206406260787")
    await town.days(5.2)
    assert (await info(town, "9400111206206406260787"))["latest_status"]["status"] == "AvailableForPickup"
    assert (await town.control("POST", "numbers", {"journey": "moon"})).status == 400


async def test_batches_are_at_most_forty_and_well_formed(town):
    many = [{"number": f"LX{place:09d}GB"} for place in range(41)]
    assert (await town.track("register", many)).body["code"] == -18010014
    for bad in ({"number": "x"}, ["x"]):
        assert (await town.track("register", bad)).body["code"] == -18010012
    assert len((await town.track("register", many[:40])).body["data"]["accepted"]) == 40
    quota = (await town.track("getquota", [])).body["data"]
    assert (quota["quota_used"], quota["quota_total"] - quota["quota_remain"]) == (40, 40)


async def test_wrong_key_and_too_many_calls_are_refused(town):
    denied = await town.track("getquota", [], key="no")
    assert (denied.status, denied.body["code"]) == (401, -18010002)
    replies = [await town.track("getquota", [], impatient="1") for _ in range(5)]
    assert [reply.status for reply in replies][-2:] == [429, 429]


@pytest.mark.parametrize(("fault", "status"), [("401", 401), ("429", 429)])
async def test_aggregator_words_its_troubles_itself(town, fault, status):
    await town.control("POST", "faults", {"vendor": "aggregator", "fault": fault})
    assert (await town.track("getquota", [], impatient="1")).status == status


def test_sub_statuses_are_the_vendors(vendor_schema):
    from sandbox.journeys import JOURNEYS

    known = vendor_schema("derived/vendor_status_values.json")["vendors"]
    for journey in JOURNEYS:
        assert {step.sub for step in journey.steps} <= set(known["17track_sub"]["values"])
        assert journey.ends in known["17track"]["values"]


def test_carrier_keys_are_the_vendors(vendor_schema):
    from sandbox.numbers import CARRIERS

    lists = ("17track/17track_carriers_2024.json", "../corpora/carriers/17track_apicarrier.all.json")  # 2024 and 2025
    known = {one["key"] for name in lists for one in vendor_schema(name)}
    assert {carrier.key for carrier in CARRIERS} <= known
