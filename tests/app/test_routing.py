"""Of several carrier accounts the right one is asked, and the next one only when that is of no use."""

from datetime import timedelta

import pytest
from django.db import transaction

from doorstep.app import clock
from doorstep.app.connections import connect
from doorstep.app.receive import manual
from doorstep.app.settle.watching import next_ask, watch_open_parcels
from doorstep.app.track import poll
from doorstep.app.vendors import accounts, asking, budget
from doorstep.app.vendors.asking import keys_for
from doorstep.connectors.contract import Denied
from doorstep.connectors.registry import connector
from doorstep.core.routing import UNHEARD_OF
from doorstep.db.models import Budget, Connection, Number, Parcel, Person, Schedule, Watch
from tests.app.ledger import Ledger, ledger, scan, track17, woo
from tests.app.ledger import connect as connection

pytestmark = pytest.mark.django_db(transaction=True)
UPS_NUMBER = "1Z999AA10123456784"
OTHER = "LX123456785CN"


@pytest.fixture
def shop(db: None) -> Ledger:
    """A shop that asks an aggregator; one order without a number."""
    shop = ledger()
    shop.hears(shop.woo(woo(1001)))
    return shop


def account(shop: Ledger, name: str = "ups") -> Connection:
    return connection(shop.ws, "carrier", name, shop.store.connected_at)


def typed(shop: Ledger, number: str = UPS_NUMBER) -> Number:
    manual.type_number(shop.ws, shop.order().id, number, actor="user:1")
    shop.hears()
    return Number.objects.get(ws=shop.ws, norm=number)


def asked(shop: Ledger, number: Number) -> set[int]:
    places = Schedule.objects.filter(ws=shop.ws, number_id=number.id)
    return set(places.values_list("connection_id", flat=True))


def answered(shop: Ledger, number: Number, by: Connection, answer: str, *, days: float = 0) -> None:
    """The account answered so, and has been asked for so many days."""
    said = {"answer": answer, "since": clock.now() - timedelta(days=days), "knew": answer == "events"}
    Watch.objects.filter(ws=shop.ws, number_id=number.id, connection_id=by.id).update(**said)


def test_a_carriers_own_account_is_asked_and_no_other(shop: Ledger) -> None:
    ups, fedex = account(shop), account(shop, "fedex")
    assert asked(shop, typed(shop)) == {ups.id}
    assert asked(shop, typed(shop, OTHER)) == {shop.carrier.id}
    assert fedex.id not in set(Schedule.objects.values_list("connection_id", flat=True))


def test_an_account_that_is_connected_later_takes_over_and_gives_back(shop: Ledger) -> None:
    number = typed(shop)
    assert asked(shop, number) == {shop.carrier.id}
    ups = account(shop)
    watch_open_parcels(shop.ws)
    assert asked(shop, number) == {ups.id}
    assert Watch.objects.get(number_id=number.id, connection_id=shop.carrier.id).elsewhere
    connect.pause(shop.ws, ups.id, "user:1")
    assert asked(shop, number) == {shop.carrier.id}
    connect.resume(shop.ws, ups.id, "user:1")
    assert asked(shop, number) == {ups.id}


def test_who_has_told_scans_keeps_the_number(shop: Ledger) -> None:
    number = typed(shop)
    shop.hears(shop.track(track17(UPS_NUMBER, scan(3, "InTransit_Other", "On its way"), key=100002)))
    account(shop)
    watch_open_parcels(shop.ws)
    assert asked(shop, number) == {shop.carrier.id}


def test_what_the_first_does_not_know_for_days_goes_to_the_next(shop: Ledger) -> None:
    ups, number = account(shop), typed(shop)
    answered(shop, number, ups, "not_found", days=1)
    watch_open_parcels(shop.ws)
    assert asked(shop, number) == {ups.id}
    answered(shop, number, ups, "not_found", days=UNHEARD_OF.days)
    watch_open_parcels(shop.ws)
    assert asked(shop, number) == {shop.carrier.id}
    shop.hears(shop.woo(woo(1001, status="processing")))
    assert asked(shop, number) == {shop.carrier.id}, "settling anew changes nothing"


def turn_of(shop: Ledger, account: Connection) -> poll.Turn:
    Schedule.objects.filter(ws=shop.ws).update(next_at=clock.now() - timedelta(seconds=1), lease_until=0.0)
    turn = poll.claim()
    assert turn is not None and turn.connection.id == account.id
    return turn


def test_after_an_answer_that_helps_nobody_the_next_is_asked_at_once(shop: Ledger) -> None:
    ups, number = account(shop), typed(shop)
    turn = turn_of(shop, ups)
    answered(shop, number, ups, "rejected")
    for batch in turn.batches:
        for place in batch.numbers():
            place.remote = "rejected"
    Watch.objects.filter(connection_id=ups.id).update(remote="rejected")
    assert poll.finish(turn) is False
    assert asked(shop, number) == {shop.carrier.id}


@transaction.atomic
def heard(account: Connection, *, answered: bool) -> bool:
    return budget.hear(account, answered=answered, machine=clock.machine())


def test_while_an_account_fails_the_next_is_asked_beside_it(shop: Ledger) -> None:
    ups, number = account(shop), typed(shop)
    Budget.objects.create(ws=shop.ws, connection_id=ups.id, failures=budget.TRIP - 1)
    assert heard(ups, answered=False)
    watch_open_parcels(shop.ws)
    assert asked(shop, number) == {ups.id, shop.carrier.id}
    assert not heard(ups, answered=False)
    assert heard(ups, answered=True)
    watch_open_parcels(shop.ws)
    assert asked(shop, number) == {ups.id}


async def test_numbers_of_a_denied_account_go_to_the_next(settings) -> None:
    from doorstep.app.loop import in_db

    def begin() -> tuple[Ledger, Connection, Number, poll.Turn]:
        shop = ledger()
        shop.hears(shop.woo(woo(1001)))
        ups = account(shop)
        number = typed(shop)
        return shop, ups, number, turn_of(shop, ups)

    shop, ups, number, turn = await in_db(begin)
    turn.connection.credentials_enc = b"sealed with another key"
    await poll.ask(turn)
    assert (await in_db(lambda: Connection.objects.get(id=ups.id).state)) == "denied"
    assert await in_db(asked, shop, number) == {shop.carrier.id}


def test_the_two_likeliest_are_asked_and_the_one_that_knows_it_is_kept(shop: Ledger) -> None:
    usps, fedex = account(shop, "usps"), account(shop, "fedex")
    number = typed(shop, "61755233132411321745")
    assert number.carrier == "" and asked(shop, number) == {usps.id, fedex.id}
    answered(shop, number, fedex, "events")
    watch_open_parcels(shop.ws)
    assert asked(shop, number) == {fedex.id}


def test_the_last_mile_is_asked_of_its_own_carrier(shop: Ledger) -> None:
    usps = account(shop, "usps")
    number = typed(shop, OTHER)
    local = "9400111899223197428490"
    shop.hears(shop.track(track17(OTHER, scan(3, "InTransit_Other", "On its way"), key=3011, local=local)))
    last = Number.objects.get(ws=shop.ws, norm=local)
    assert last.carrier == "usps"
    assert (asked(shop, number), asked(shop, last)) == ({shop.carrier.id}, {usps.id})


def test_the_keys_a_carrier_wants_come_from_the_orders_person(shop: Ledger) -> None:
    number = typed(shop)
    Person.objects.filter(ws=shop.ws).update(postcode="1000-001", country="PT", phone="")
    meta = connector("carrier", "usps").meta
    assert keys_for(shop.ws, [number.id], meta) == {number.id: {"postcode": "1000-001"}}
    assert keys_for(shop.ws, [number.id], connector("carrier", "ups").meta) == {}
    Person.objects.filter(ws=shop.ws).delete()
    assert keys_for(shop.ws, [number.id], meta) == {number.id: {}}


def test_an_aggregator_is_told_a_postcode_only_where_it_found_nothing_without(shop: Ledger) -> None:
    number, meta = typed(shop), connector("carrier", "seventeen_track").meta
    Person.objects.filter(ws=shop.ws).update(postcode="1000-001", country="PT", phone="")
    assert keys_for(shop.ws, [number.id], meta) == {}
    Watch.objects.filter(ws=shop.ws).update(answer="rejected")
    assert keys_for(shop.ws, [number.id], meta) == {number.id: {"postcode": "1000-001"}}


def test_a_number_is_asked_about_with_the_keys_its_carrier_wants(shop: Ledger) -> None:
    usps, number = account(shop, "usps"), typed(shop, "9400111206206365889029")
    Person.objects.filter(ws=shop.ws).update(postcode="1000-001")
    assert asked(shop, number) == {usps.id}
    (batch,) = turn_of(shop, usps).batches
    assert [one.keys for one in batch.asked("none")] == [{"postcode": "1000-001"}]


def test_an_account_that_tells_by_itself_is_asked_more_rarely(shop: Ledger) -> None:
    number = typed(shop)
    watch = Watch.objects.get(ws=shop.ws, number_id=number.id)
    watch.asked_at = now = clock.now()
    parcel = Parcel.objects.get(ws=shop.ws)
    alone = next_ask(parcel, watch, now, now, shop.carrier)
    shop.carrier.pushed_at = now - timedelta(days=1)
    told = next_ask(parcel, watch, now, now, shop.carrier)
    shop.carrier.pushed_at = now - asking.TELLS
    assert alone is not None and told is not None and told > alone
    assert next_ask(parcel, watch, now, now, shop.carrier) == alone


def test_refused_credentials_leave_one_account_alone(shop: Ledger) -> None:
    accounts.refused(shop.carrier, Denied("no"))
    typed(shop)
    assert Schedule.objects.filter(ws=shop.ws).count() == 0
