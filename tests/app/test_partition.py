"""PostgreSQL's hot tables split by workspace: the same road, the same statements."""

from typing import Any

import pytest
from django.db import OperationalError, connection, models, transaction

from doorstep.app import outbox
from doorstep.app.inbox import keep
from doorstep.app.reading import reread
from doorstep.app.track import poll
from doorstep.db import partition
from doorstep.db.models import Change, Inbox, Outbox, Scans, Schedule, Watch
from tests.app.ledger import CJP, USPS, cj, ledger, scan, track17, woo
from tests.app.town import _everything_is_due

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite keeps everything in one file"),
]


@pytest.fixture
def in_parts():
    """The hot tables in four parts; whole again at the end, as other tests know them."""
    partition.split(4)
    yield
    with transaction.atomic(), connection.cursor() as cursor:
        for model in partition.HOT:
            table = model._meta.db_table
            said = [*partition._constraints(cursor, table), *partition._indexes(cursor, table)]
            cursor.execute(f"CREATE TABLE {table}_whole (LIKE {table} INCLUDING DEFAULTS)")
            cursor.execute(f"DROP TABLE {table}")
            cursor.execute(f"ALTER TABLE {table}_whole RENAME TO {table}")
            for statement in said:
                cursor.execute(statement)


def shape(model: type[models.Model]) -> dict[str, Any]:
    """Keys and indexes of a table, by name."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return {name: (one["columns"], one["unique"], one["primary_key"]) for name, one in found.items()}


def road(email: str) -> dict[str, Any]:
    one = ledger(email=email)
    one.hears(
        one.woo(woo()),
        one.cj(cj()),
        one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted"), local=USPS)),
        one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted"), scan(5, "Delivered_Other", "Left"))),
    )
    again = one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted")))
    assert keep([again, again]) == [True, False]
    one.hears()
    counts = {model.__name__: model.objects.filter(ws=one.ws).count() for model in partition.HOT}
    (parcel,) = one.parcels()
    return {**counts, "status": parcel.status, "pushes": [push.state for push in one.pushes()]}


def test_the_road_is_the_same_in_parts(request):
    whole, before = road("alice@example.org"), {model: shape(model) for model in partition.HOT}
    request.getfixturevalue("in_parts")
    assert set(partition.parts().values()) == {4}
    assert {model: shape(model) for model in partition.HOT} == before
    assert [road(f"{name}@example.org") for name in ("bob", "carol", "dora")] == [whole] * 3
    assert whole["Scans"] and whole["Change"] and whole["Outbox"] and whole["Schedule"]


def test_what_was_there_is_kept_and_another_number_of_parts_is_possible(in_parts):
    road("alice@example.org")
    every = (Inbox, Scans, Watch, Schedule, Outbox, Change)
    rows = {model: set(model.objects.values_list()) if model is Scans else model.objects.count() for model in every}
    assert partition.split(4) == []
    assert set(partition.split(2)) == {model._meta.db_table for model in partition.HOT}
    assert {
        model: set(model.objects.values_list()) if model is Scans else model.objects.count() for model in every
    } == rows
    assert set(partition.parts().values()) == {2}


def test_polls_and_intents_are_claimed_from_the_parts(in_parts):
    road("alice@example.org")
    _everything_is_due()
    turn = poll.claim()
    assert turn is not None and {norm for batch in turn.batches for norm in batch.places} >= {CJP}
    poll.finish(turn)
    assert not Schedule.objects.exclude(lease_token=0).exists()
    leased = outbox.claim()
    assert leased is not None
    assert reread.waiting() == 0


def test_a_row_is_looked_for_in_its_own_part_only(in_parts):
    road("alice@example.org")
    plan = Scans.objects.filter(ws=1, number_id=2).explain()
    assert plan.count("doorstep_scans_") == plan.count("_of_4") and plan.count(" on doorstep_scans_") == 1


def test_a_table_in_use_is_left_alone(in_parts, monkeypatch):
    monkeypatch.setattr(partition, "PATIENCE", "50ms")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM doorstep_inbox")
            with pytest.raises(OperationalError):
                partition.split(2)
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert set(partition.parts().values()) == {4}
