"""Pushes that are interrupted: nothing is repeated before the store was looked at, and the store is told once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from doorstep.app import clock, outbox, say, steady
from doorstep.app.loop import in_db
from doorstep.app.process import holds
from doorstep.app.push import deliver, pushes
from doorstep.app.receive import manual
from doorstep.app.vendors.accounts import Sent
from doorstep.connectors.contract import Broken, Busy, Denied, NotFound, Refused, Trouble
from doorstep.core.message import Message
from doorstep.db.models import Change, Connection, Number, Order, Outbox, Push
from sandbox.faults import Fault
from tests.app.town import NUMBER, OTHER, SHOP_KEYS, TRACKINGS, Town, living

pytestmark = pytest.mark.django_db(transaction=True)
POST = {"method": "POST", "path": TRACKINGS}


@pytest.fixture
async def town(settings, monkeypatch) -> AsyncIterator[Town]:
    """A shop with one order, and a number that is due to be given to it."""
    async with living(settings, monkeypatch) as town:
        await town.connect("woocommerce")
        await town.typed()
        assert await town.state() == ("due", "due")
        yield town


async def states() -> list[str]:
    """What the push was, one after the other."""
    rows = Change.objects.filter(kind__startswith="push.").order_by("id")
    return [row.kind.partition(".")[2] for row in await in_db(list, rows)]


def told(push: Push) -> str:
    return say.say(push.reason)


def store_state() -> str:
    return Connection.objects.get(kind="store").state


async def test_a_number_is_given_once(town):
    assert (await town.deliver()).state == "accepted"
    assert town.given() == {NUMBER: 1}
    assert await states() == ["due", "sending", "accepted"]


async def test_connection_lost_after_the_request_left_is_read_back_and_not_repeated(town):
    town.trouble("store", Fault.LOST, **POST)
    push = await town.deliver()
    assert (push.state, town.given()) == ("unsure", {NUMBER: 1})
    assert "127.0.0.1" in told(push)
    assert await in_db(outbox.claim) is None  # it rests until the request must have ended
    assert (await town.deliver()).state == "due"
    assert told(await in_db(Push.objects.get)) == "The store had the number already when we looked."
    assert (await town.deliver()).state == "accepted"
    assert town.given() == {NUMBER: 1}
    assert await states() == ["due", "sending", "unsure", "due", "sending", "accepted"]


@pytest.mark.parametrize("trouble", [None, Fault.BUSY])
async def test_a_number_that_was_found_there_is_taken_out_for_another(town, trouble):
    """Found there and not finished yet: whatever is decided meanwhile knows that the store has it."""
    town.trouble("store", Fault.LOST, **POST)
    await town.deliver()
    assert (await town.deliver()).state == "due" and town.given() == {NUMBER: 1}
    if trouble:
        town.trouble("store", trouble, method="GET")
        assert (await town.deliver()).state == "due"
    order, number = await in_db(Order.objects.get), await in_db(Number.objects.get)
    await in_db(manual.remove_number, town.ws, order.id, number.id, "user:1")
    await in_db(lambda: manual.type_number(town.ws, order.id, OTHER, actor="user:1", confirmed=True))
    await town.read()
    for _ in range(3):  # the old one is finished and taken out, the new one given
        await town.deliver()
    assert numbers(town) == [OTHER] and town.given() == {NUMBER: 1, OTHER: 1}


async def test_a_request_that_failed_over_there_is_read_back_and_repeated(town):
    town.trouble("store", Fault.DOWN, **POST)
    assert ((await town.deliver()).state, town.given()) == ("unsure", {})
    assert told(await town.deliver()) == "The number had not arrived. It is sent again."
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_a_connection_lost_before_anything_was_changed_is_repeated(town):
    town.trouble("store", Fault.LOST, method="GET")
    assert (await town.deliver()).state == "due"
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})
    assert "unsure" not in await states()


async def test_a_slow_store_that_takes_it_after_our_time_out_is_told_once(town, settings):
    settings.HTTP_TIMEOUT_S = 0.5
    town.trouble("store", Fault.SLOW, seconds=1.0, **POST)
    assert ((await town.deliver()).state, town.given()) == ("unsure", {})
    row = await in_db(Outbox.objects.get)
    assert row.lease_until - clock.machine() > deliver.GRACE_S - 1  # longer than the store goes on with what it began
    await asyncio.sleep(1.0)
    assert town.given() == {NUMBER: 1}
    await town.deliver()
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_a_process_that_died_while_sending_leaves_it_to_be_read_back(town):
    leased = await in_db(outbox.claim)
    errand = await in_db(deliver.begin, leased)
    await in_db(holds.bury_the_dead)
    row = await in_db(Outbox.objects.get)
    assert (row.state, await in_db(outbox.claim)) == ("unsure", None)
    assert 0 < row.lease_until - clock.machine() <= 2.0 + deliver.GRACE_S
    before = row.lease_until
    await in_db(holds.bury_the_dead)  # killed again and again: it does not rest for ever
    assert (await in_db(Outbox.objects.get)).lease_until == before
    assert (await town.deliver()).state == "due"
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})
    assert errand is not None and await states() == ["due", "sending", "unsure", "due", "sending", "accepted"]


async def test_a_push_is_not_given_up_because_we_died(town):
    for _ in range(outbox.TRIES + 1):
        await town.wait()
        assert await in_db(deliver.begin, await in_db(outbox.claim)) is not None
    assert (await town.deliver()).state == "due"
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_a_store_that_has_the_number_is_not_given_up(town):
    await in_db(lambda: Outbox.objects.update(tries=outbox.TRIES - 1))
    town.trouble("store", Fault.LOST, **POST)
    for state in ("unsure", "due", "accepted"):
        assert (await town.deliver()).state == state
    assert town.given() == {NUMBER: 1}


async def test_what_rests_is_counted_from_the_death_not_from_the_claim(town):
    """A push is several requests: the last one may leave long after the claim."""
    leased = await in_db(outbox.claim)
    await in_db(deliver.begin, leased)
    await in_db(lambda: Outbox.objects.update(lease_until=clock.machine() + 60))  # claimed two minutes ago
    await in_db(holds.bury_the_dead)
    assert (await in_db(Outbox.objects.get)).lease_until > clock.machine() + deliver.GRACE_S


async def test_a_clock_that_was_set_forward_ends_no_rest(town, monkeypatch):
    town.trouble("store", Fault.LOST, **POST)
    assert (await town.deliver()).state == "unsure"
    monkeypatch.setattr(steady, "for_s", lambda: deliver.ending_s() - 0.1)
    assert (await town.deliver()).state == "unsure"
    row = await in_db(Outbox.objects.get)
    assert row.lease_until - clock.machine() > deliver.ending_s() - 1
    monkeypatch.setattr(steady, "for_s", deliver.ending_s)
    assert (await town.deliver()).state == "due"  # looked for, and found
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_a_process_that_died_before_sending_leaves_it_due_at_once(town):
    assert await in_db(outbox.claim) is not None
    await in_db(holds.bury_the_dead)
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


@pytest.mark.parametrize(
    "late",
    [
        lambda errand: deliver.accepted(errand, "late", ()),
        deliver.withdrawn,
        deliver.rest,
        lambda errand: deliver.again(errand, None),
        deliver.ask_person,
        lambda errand: deliver.failed(errand, Broken(), True),
        lambda errand: deliver.failed(errand, Busy(), False),
        lambda errand: deliver.failed(errand, Refused(), False),
        lambda errand: deliver.failed(errand, NotFound(), False),
    ],
)
async def test_a_late_write_with_an_old_lease_changes_nothing(town, late):
    old = await in_db(deliver.begin, await in_db(outbox.claim))
    for state in ("unsure", "due", "accepted"):
        assert (await town.deliver()).state == state
    before = await in_db(lambda: (list(Push.objects.values()), list(Outbox.objects.values())))
    await in_db(late, old)
    assert await in_db(lambda: (list(Push.objects.values()), list(Outbox.objects.values()))) == before


async def test_whoever_takes_over_lets_it_rest_first(town):
    """The machine's clock was set forward: the lease is over, the request may still be under way."""
    await in_db(deliver.begin, await in_db(outbox.claim))
    await in_db(lambda: Outbox.objects.update(lease_until=clock.machine() - 1))
    await deliver.deliver(await in_db(outbox.claim))
    row = await in_db(Outbox.objects.get)
    assert (row.state, row.tries, await in_db(outbox.claim)) == ("unsure", 0, None)
    assert row.lease_until - clock.machine() > deliver.GRACE_S
    assert (await town.deliver()).state == "due"
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_who_begins_late_begins_nothing(town):
    old = await in_db(outbox.claim)
    await town.wait()
    assert await in_db(outbox.claim) is not None
    assert await in_db(deliver.begin, old) is None
    assert await town.state() == ("due", "due")


@pytest.mark.parametrize("fault", [Fault.DENIED, Fault.BUSY, Fault.LOST, Fault.DOWN, Fault.HTML, Fault.GARBAGE])
async def test_trouble_after_the_number_was_given_never_repeats_it_unread(town, fault):
    """The shop takes the number, and then nothing can be read any more."""
    town.trouble("store", fault, method="GET", after=town.given)
    assert ((await town.deliver()).state, town.given()) == ("unsure", {NUMBER: 1})
    if fault is Fault.DENIED:
        await town.connect("woocommerce")
    assert (await town.deliver()).state == "due"
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_trouble_while_reading_back_keeps_it_unsure(town):
    town.trouble("store", Fault.LOST, **POST)
    await town.deliver()
    for fault in (Fault.DOWN, Fault.BUSY, Fault.HTML, Fault.LOST):
        town.trouble("store", fault)
        assert (await town.deliver()).state == "unsure"
        assert await town.state() == ("unsure", "unsure")
    await town.deliver()
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_refused_is_refused_with_the_vendors_words(town):
    def spoil() -> None:
        for order in town.world.store.orders.values():
            order.set_status("cancelled", order.placed_at)

    spoil()
    push = await town.deliver()
    assert push.state == "refused"
    assert told(push) == say.say(Message(id="stores.order_cancelled"))
    assert await town.state() == ("refused", "dead")
    await town.wait()
    assert await in_db(outbox.claim) is None


async def test_denied_stops_the_connection_and_the_push_waits(town):
    town.trouble("store", Fault.DENIED)
    push = await town.deliver()
    assert (push.state, await in_db(store_state)) == ("due", "denied")
    for _ in range(outbox.TRIES + 1):  # days go by
        assert (await town.deliver()).state == "due"
    assert await in_db(lambda: Change.objects.filter(kind="connection.denied").count()) == 1
    await town.connect("woocommerce", **SHOP_KEYS)
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_a_store_that_names_a_time_is_not_given_up(town):
    town.trouble("store", Fault.BUSY, calls=outbox.TRIES + 1)
    for _ in range(outbox.TRIES + 1):
        assert (await town.deliver()).state == "due"
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_a_store_that_never_answers_is_given_up_and_a_person_told(town):
    town.trouble("store", Fault.LOST, calls=1000, method="GET")
    for _ in range(outbox.TRIES):
        push = await town.deliver()
        await town.wait()
    assert await in_db(outbox.claim) is None
    assert push.state == "refused" and "127.0.0.1" in told(push)
    town.world.faults.clear()
    await in_db(pushes.try_again, town.ws, push.id, "user:1")
    assert ((await town.deliver()).state, town.given()) == ("accepted", {NUMBER: 1})


async def test_a_store_that_breaks_off_at_every_number_is_given_up_and_a_person_told(town):
    town.trouble("store", Fault.DOWN, calls=1000, **POST)
    for _ in range(2 * outbox.TRIES):  # each is sent and then looked for
        push = await town.deliver()
        await town.wait()
    assert await in_db(outbox.claim) is None
    assert push.state == "refused" and told(push).startswith("Lantern & Thread broke off at every try")


async def withdrawing(town: Town) -> Push:
    await town.deliver()
    push = await in_db(Push.objects.get)
    await in_db(pushes.withdraw, town.ws, push.id, "user:1")
    return push


def numbers(town: Town) -> list[str]:
    return [one.number for order in town.world.store.orders.values() for one in order.trackings]


async def test_a_number_is_taken_out_of_the_store_again(town):
    await withdrawing(town)
    assert numbers(town) == [NUMBER]
    push = await town.deliver()
    assert (push.state, numbers(town)) == ("withdrawn", [])
    assert told(push) == "The number was taken out of Lantern & Thread."
    assert await town.state() == ("withdrawn", "done")


async def test_an_interrupted_withdrawal_is_read_back(town):
    await withdrawing(town)
    town.trouble("store", Fault.LOST, method="DELETE")
    assert ((await town.deliver()).state, numbers(town)) == ("accepted", [])
    assert await town.state() == ("accepted", "unsure")
    assert (await town.deliver()).state == "withdrawn"


async def test_a_withdrawal_that_failed_over_there_is_read_back_and_repeated(town):
    await withdrawing(town)
    town.trouble("store", Fault.DOWN, method="DELETE")
    assert ((await town.deliver()).state, numbers(town)) == ("accepted", [NUMBER])
    assert (await town.deliver()).state == "accepted"
    assert ((await town.deliver()).state, numbers(town)) == ("withdrawn", [])


@pytest.mark.parametrize(
    ("trouble", "last", "earlier", "changed"),
    [
        (Busy(), True, False, False),
        (Refused(), True, False, False),
        (Broken(), True, False, True),
        (Broken(), False, False, False),
        (Denied(), False, True, True),
        (Refused(), True, True, True),
    ],
)
def test_a_clear_no_says_so_of_the_last_request_only(trouble: Trouble, last: bool, earlier: bool, changed: bool):
    assert deliver.may_have_changed(Sent(last=last, earlier=earlier), trouble) is changed
