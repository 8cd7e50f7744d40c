"""An account of the operator serves every workspace: equal questions are asked once, and nobody notices another."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from aiohttp import web

from doorstep.app import clock, loop
from doorstep.app.connections import connect, connecting, connection_view, lending
from doorstep.app.loop import in_db
from doorstep.app.members import workspaces
from doorstep.app.process import handover, parting
from doorstep.app.reading.understand import understand
from doorstep.app.receive import manual
from doorstep.app.track import due, poll
from doorstep.app.vendors import budget, health
from doorstep.connectors import registry
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Denied,
    Facts,
    Field,
    Flow,
    Meta,
    Request,
)
from doorstep.core.event import TrackingEvent
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track, TrackAnswer
from doorstep.core.status import Status
from doorstep.db.models import Budget, Connection, Inbox, Number, Scans, Schedule, Watch
from sandbox.serve import HOST, listen

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER, OTHER = "9261290100130739674442", "LX123456785CN"
PICKED_UP = datetime(2026, 5, 2, 9, 30, tzinfo=UTC)


class Parcels:
    """The other side: answers about any number, and counts. ``said`` is the state of each number."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.said: dict[str, str] = {}
        self.key, self.broken, self.url = "k1", False, ""

    async def handle(self, request: web.Request) -> web.Response:
        if request.query["key"] != self.key:
            return web.json_response({}, status=401)
        number = request.query["number"]
        self.asked.append(number)
        if self.broken:
            return web.Response(text="<html>", headers={"X-Left": str(1000 - len(self.asked))})
        body = {"number": number, "state": self.said.get(number, "")}
        return web.json_response(body, headers={"X-Left": str(1000 - len(self.asked))})


class Looker:
    """A carrier that keeps no list: ten numbers fit into a question, and postcodes matter."""

    meta = Meta(
        name="looker",
        label="Looker",
        hosts="own",
        polls_per_minute=600,
        batch=10,
        can=frozenset({Can.TRACK}),
        keys=frozenset({"postcode"}),
        carriers=frozenset({"usps"}),
        fields=(Field(name="base_url", label="Address"), Field(name="api_key", label="Key", secret=True)),
    )
    status: ClassVar[Mapping[str, Status]] = {"moving": Status.IN_TRANSIT, "home": Status.DELIVERED}
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        if (yield _request(account, "check", "")).status != 200:
            raise Denied("no such key")
        return Checked(external_id="looker-account", label="Looker of the house")

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        for number in numbers:
            self.read((yield _request(account, number.text, "track")))

    def read(self, answer: Answer) -> Facts:
        if answer.status == 401:
            raise Denied("no such key")
        try:
            said = json.loads(answer.body)
        except ValueError as problem:
            raise Broken(str(problem)) from None
        events = (_event(said["state"]),) if said["state"] else ()
        kind = TrackAnswer.EVENTS if events else TrackAnswer.NOTHING
        return Facts(tracks=(Track(number=said["number"], answer=kind, events=events),))


def _event(state: str) -> TrackingEvent:
    return TrackingEvent(
        source="looker",
        local=PICKED_UP.replace(tzinfo=None),
        instant=PICKED_UP + timedelta(hours=state == "home"),
        raw_code=state,
        raw_text=state,
        status=Looker.status[state],
    )


def _request(account: Account, number: str, what: str) -> Request:
    query = (("key", account.credentials["api_key"]), ("number", number))
    return Request(method="GET", url=f"{account.base_url}/", query=query, what=what, subject=number)


@pytest.fixture
async def parcels(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parcels]:
    """The vendor at work, and its connector among those of the product."""
    vendor, app = Parcels(), web.Application()
    app.router.add_get("/", vendor.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    door = listen(0)
    await web.SockSite(runner, door).start()
    port = door.getsockname()[1]
    vendor.url = f"http://{HOST}:{port}"
    settings.ALLOW_HOSTS = f"{HOST}:{port}"
    monkeypatch.setitem(registry.connectors("carrier"), "looker", Looker())
    yield vendor
    await loop.end()
    await runner.cleanup()


async def lend(parcels: Parcels) -> dict[str, Any]:
    return await in_db(lending.lend, "looker", {"base_url": parcels.url, "api_key": parcels.key})


async def workspace(name: str, *numbers: str) -> int:
    """A workspace that follows these numbers."""
    ws = (await in_db(workspaces.create, name, f"{name}@shop.example", None)).id
    for number in numbers:
        await follow(ws, number)
    return ws


async def follow(ws: int, number: str = NUMBER) -> None:
    await in_db(lambda: manual.follow_number(ws, number, "usps", "user:1", confirmed=True))


async def asked() -> poll.Turn | None:
    """One turn of whoever has something due, understood."""
    turn = await in_db(poll.claim)
    if turn is not None:
        await poll.ask(turn)
    while await in_db(understand):
        pass
    return turn


async def all_asked() -> None:
    while await asked():
        pass


def _due() -> None:
    Schedule.objects.update(next_at=clock.now(), lease_until=0.0)
    Budget.objects.update(ready_at=0.0, filled_at=0.0)


def place(ws: int, number: str = NUMBER) -> Schedule:
    return Schedule.objects.get(ws=ws, number_id=Number.objects.get(ws=ws, norm=number).id)


def states(ws: int) -> list[tuple[str, int]]:
    rows = Watch.objects.filter(ws=ws, elsewhere=False)
    return [(row.answer, Scans.objects.filter(ws=ws, number_id=row.number_id).count()) for row in rows]


def stand_in(ws: int) -> Connection:
    return Connection.objects.get(ws=ws, kind="carrier", connector="looker")


async def test_one_question_serves_all_workspaces_and_each_keeps_its_own_copy(parcels):
    ones = [await workspace(name, NUMBER) for name in ("alice", "bob", "carol")]
    assert (await lend(parcels))["workspaces"] == 3
    parcels.asked.clear()
    parcels.said[NUMBER] = "moving"
    await all_asked()
    assert parcels.asked == [NUMBER]
    for ws in ones:
        assert await in_db(states, ws) == [("events", 1)]
        (row,) = await in_db(lambda ws=ws: list(Inbox.objects.filter(ws=ws, headers__what="track")))
        assert row.headers["headers"] == {}, "how much is left of the account is nobody's business"
        assert row.connection_id == (await in_db(stand_in, ws)).id


async def test_those_who_follow_a_number_meet_again_whenever_they_came(parcels):
    await lend(parcels)
    alice, bob = await workspace("alice", NUMBER), await workspace("bob")
    parcels.said[NUMBER] = "moving"
    await all_asked()
    await follow(bob)
    await all_asked()
    first = await in_db(place, alice)
    assert parcels.asked.count(NUMBER) == 2, "who comes later asks anew"
    assert (await in_db(place, bob)).next_at == first.next_at
    await in_db(_due)
    await all_asked()
    assert parcels.asked.count(NUMBER) == 3, "and is asked together with the others from then on"


async def test_a_new_number_is_asked_about_whoever_else_knows_the_answer(parcels):
    await lend(parcels)
    await workspace("alice", NUMBER)
    parcels.said[NUMBER] = "moving"
    await all_asked()
    bob = await workspace("bob", NUMBER, OTHER)
    parcels.asked.clear()
    parcels.said = {NUMBER: "home", OTHER: "home"}
    known, unknown = await in_db(place, bob), await in_db(place, bob, OTHER)
    assert await in_db(states, bob) == [("", 0), ("", 0)], "nothing is taken from what another was told"
    assert abs(known.next_at - unknown.next_at) < timedelta(seconds=30)
    turn = await asked()
    assert sorted(parcels.asked) == [NUMBER, OTHER] and len(turn.together()) == 1
    assert await in_db(states, bob) == [("events", 1), ("events", 1)]


async def test_different_keys_are_different_questions(parcels):
    await lend(parcels)
    ones = [await workspace(name, NUMBER) for name in ("alice", "bob", "carol")]
    turn = await in_db(poll.claim)
    batches = [batch for one in turn.together() for batch in one.batches]
    assert [len(one.batches) for one in turn.together()] == [1, 1, 1] and len(turn.calls()) == 1
    for batch in batches:
        batch.twins, batch.beside = [], False
        batch.places[NUMBER].keys = {"postcode": "4000-123"} if batch.connection.ws == ones[1] else {}
    due._meet(turn.together())
    assert sorted(len(batch.served()) for batch in turn.calls()) == [1, 2]


async def test_every_workspace_has_the_same_share_of_the_calls(parcels, monkeypatch):
    await lend(parcels)
    few = await workspace("alice", NUMBER)
    many = await workspace("bob", *(f"94001112062063658890{at:02}" for at in range(8)))
    monkeypatch.setattr(due, "MOST_CALLS", 4)
    turn = await in_db(poll.claim)
    assert {one.connection.ws: len(one.batches) for one in turn.together()} == {few: 1, many: 2}
    assert await in_db(parting.hand_back_turn, turn) == 3


async def test_the_account_is_spent_by_all_together(parcels, monkeypatch):
    payer = int((await lend(parcels))["id"])
    for name in ("alice", "bob"):
        await workspace(name, NUMBER, OTHER)
    await in_db(lambda: Budget.objects.filter(ws=lending.HOUSE).delete())
    turn = await in_db(poll.claim)
    assert len(turn.calls()) == 2
    spent = await in_db(lambda: Budget.objects.get(ws=lending.HOUSE, connection_id=payer))
    assert spent.tokens == Looker.meta.polls_per_minute / 60 * budget.BURST_S - 2
    await poll.ask(turn)
    await in_db(lambda: Budget.objects.filter(ws=lending.HOUSE).update(ready_at=clock.machine() + 60))
    await in_db(lambda: Schedule.objects.update(next_at=clock.now(), lease_until=0.0))
    assert await in_db(poll.claim) is None, "it rests for all of them"


async def test_no_page_tells_what_others_ask(parcels):
    await lend(parcels)
    bob = await workspace("bob", OTHER)
    before = await in_db(_figures, bob)
    await workspace("alice", NUMBER, OTHER)
    await in_db(lambda: Schedule.objects.exclude(ws=bob).update(next_at=clock.now()))
    await all_asked()
    alone = await in_db(_figures, bob)
    assert alone[0] == before[0] and alone[1].calls == () and alone[2].numbers == 1
    shown = await in_db(lambda: connection_view.connection_list(bob)["carrier"])
    assert [one.label for one in shown] == ["Looker"], "not how the operator names it"


def _figures(ws: int) -> tuple[Any, ...]:
    one = connection_view.connection(ws, stand_in(ws).id)
    assert one is not None and one.base_url == "" and one.lent
    detail = connection_view.detail(ws, one)
    assert detail is not None
    return detail.quota, detail, health.vitals(ws, one.id)


async def test_a_refused_key_stops_everybody_until_it_is_lent_anew(parcels):
    await lend(parcels)
    ones = [await workspace(name, NUMBER) for name in ("alice", "bob")]
    parcels.key = "k2"
    await asked()
    assert [(await in_db(stand_in, ws)).state for ws in ones] == ["denied", "denied"]
    assert (await in_db(stand_in, ones[0])).state_reason["id"] == "lend.denied"
    await in_db(_due)
    assert await in_db(poll.claim) is None
    await lend(parcels)
    parcels.asked.clear()
    await in_db(_due)
    await all_asked()
    assert parcels.asked == [NUMBER]


async def test_what_is_unreadable_is_kept_by_each_for_a_better_reader(parcels):
    await lend(parcels)
    ones = [await workspace(name, NUMBER) for name in ("alice", "bob")]
    parcels.broken = True
    await asked()
    for ws in ones:
        kept = await in_db(lambda ws=ws: Inbox.objects.get(ws=ws, dedup_key__startswith="broken:"))
        assert kept.headers["headers"] == {}
        assert (await in_db(states, ws))[0][0] == "broken"


async def test_what_was_not_begun_in_time_goes_back_for_all(parcels, monkeypatch):
    await lend(parcels)
    ones = [await workspace(name, NUMBER, OTHER) for name in ("alice", "bob")]
    monkeypatch.setattr(poll, "ROOM_S", poll.LEASE_S)
    monkeypatch.setattr(poll, "LANES", 1)
    parcels.asked.clear()
    await asked()
    assert len(parcels.asked) <= 1
    for ws in ones:
        left = await in_db(lambda ws=ws: list(Schedule.objects.filter(ws=ws).values_list("lease_token", flat=True)))
        assert left == [0, 0]


async def test_who_removed_it_does_not_get_it_back(parcels):
    await lend(parcels)
    alice, bob = await workspace("alice", NUMBER), await workspace("bob", NUMBER)
    await in_db(lambda: connect.remove(alice, stand_in(alice).id, "user:1"))
    await lend(parcels)
    assert [(await in_db(stand_in, ws)).state for ws in (alice, bob)] == ["removed", "active"]
    (row,) = await in_db(lending.lent)
    assert (row["workspaces"], row["label"]) == (1, "Looker of the house")
    done = await in_db(handover.do, "operator take-back", {"payer_id": int(row["id"])})
    assert done["taken_back"] == "Looker of the house" and await in_db(lending.lent) == []
    await in_db(_due)
    assert await in_db(poll.claim) is None, "nobody asks it any more"
    with pytest.raises(handover.Refused):
        await in_db(handover.do, "operator take-back", {"payer_id": int(row["id"])})
    await lend(parcels)
    assert [(await in_db(stand_in, ws)).state for ws in (alice, bob)] == ["removed", "active"]


def test_a_vendor_that_keeps_a_list_cannot_be_lent():
    with pytest.raises(connecting.NotPossible) as refused:
        lending.lend("seventeen_track", {"api_key": "k"})
    assert refused.value.message.id == "lend.keeps_list"
    assert "postnord" in str(refused.value.message.values["others"])
