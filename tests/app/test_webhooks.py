"""An endpoint is told what changes: signed, in order, again when it fails, until a person has to look."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook

from doorstep.app import clock, outbox, vault
from doorstep.app.ledger.changes import By, Noted, note
from doorstep.app.loop import in_db
from doorstep.app.members import notices
from doorstep.app.webhooks import endpoints, errands, history, intents, trial, turns
from doorstep.app.webhooks.endpoints import Wish
from doorstep.app.webhooks.errands import Held
from doorstep.app.webhooks.kinds import KINDS, TYPES
from doorstep.app.webhooks.post import Outcome
from doorstep.db.models import Change, Endpoint, Outbox, Parcel, Sending, SendingTry
from tests.app.ledger import Ledger, cj, ledger, scan, track17, woo
from tests.app.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "LX123456079CN"
SCANS = (
    scan(3.1, "InfoReceived", "Shipment information sent to carrier"),
    scan(3.6, "InTransit_PickedUp", "Accepted at origin"),
    scan(5.0, "OutForDelivery_Other", "Out for delivery"),
)
MOVES = ["info_received", "picked_up", "out_for_delivery"]


@pytest.fixture
async def there(settings: Any) -> AsyncIterator[Receiver]:
    async with receiving(settings) as one:
        yield one


@pytest.fixture
def shop() -> Ledger:
    return ledger(email="alice@example.org")


async def listens(shop: Ledger, there: Receiver, **wish: Any) -> tuple[int, str]:
    return await in_db(lambda: endpoints.make(shop.ws, Wish(url=there.url, **wish), "user:1"))


def bought(shop: Ledger, scans: int = 3) -> None:
    """An order, its purchase and so many scans, one after the other."""
    shop.hears(shop.woo(woo(1001)))
    shop.hears(shop.cj(cj(number=NUMBER, method="CJPacket Liquid")))
    for count in range(1, scans + 1):
        shop.hears(shop.track(track17(NUMBER, *SCANS[:count], key=3011)))


def wait() -> None:
    """So much time passes that everything is due."""
    Sending.objects.filter(state="due").update(due_at=clock.now())
    Endpoint.objects.update(next_at=clock.now(), lease_until=0.0)
    Endpoint.objects.exclude(reread_from=None).update(reread_at=clock.now())


def claimed() -> Held:
    """A turn, when its time has come."""
    wait()
    held = turns.claim()
    assert held is not None
    return held


async def serve(*, later: bool = True) -> int:
    """All turns there are, after everything became due (``later``); how many."""
    if later:
        await in_db(wait)
    for count in range(20):
        held = await in_db(turns.claim)
        if held is None:
            return count
        await turns.serve(held)
    raise AssertionError("turns without end")


async def states() -> list[str]:
    return await in_db(lambda: list(Sending.objects.order_by("change_id").values_list("state", flat=True)))


async def endpoint() -> Endpoint:
    return await in_db(Endpoint.objects.get)


def moves(there: Receiver) -> list[str]:
    return [one.body["change"]["new"] for one in there.seen if one.body["type"] == "parcel.status"]


async def test_what_changes_is_told_signed_and_in_order(shop: Ledger, there: Receiver) -> None:
    _, secret = await listens(shop, there)
    await in_db(bought, shop)
    await serve()
    told = [Webhook(secret).verify(one.raw, one.headers) for one in there.seen]
    kinds = [one["type"] for one in told]
    assert {"order.placed", "parcel.found", "parcel.status", "push.due", "number.carrier"} <= set(kinds)
    assert moves(there) == MOVES
    assert len({one.mark for one in there.seen}) == len(there.seen) == len(await states())
    last = next(one for one in reversed(told) if one["type"] == "parcel.status")
    parcel = await in_db(Parcel.objects.get)
    assert (last["object"], last["data"]["id"], last["data"]["status"]) == ("parcel", str(parcel.id), parcel.status)
    assert set(await states()) == {"done"} and await serve() == 0


async def test_nothing_is_told_twice_when_facts_are_heard_again(shop: Ledger, there: Receiver) -> None:
    await listens(shop, there)
    await in_db(bought, shop)
    before = await states()
    await in_db(lambda: shop.hears(shop.woo(woo(1001)), shop.track(track17(NUMBER, *SCANS, key=3011))))
    assert await states() == before


async def test_a_workspace_without_endpoints_asks_the_database_nothing(shop: Ledger) -> None:
    def looked() -> int:
        intents.listeners(shop.ws)
        with CaptureQueriesContext(connection) as asked:
            note(By(shop.ws, "user:1"), Noted("order", 1, "order.paid", new="x"))
        return len([one for one in asked if "sending" in one["sql"] or "endpoint" in one["sql"]])

    assert await in_db(looked) == 0


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"types": ["parcel.status"]}, MOVES),
        ({"types": ["parcel.status", "parcel.scan"], "statuses": ["picked_up"]}, ["picked_up"]),
        ({"types": ["order.placed"]}, []),
    ],
)
async def test_it_is_told_only_what_it_asked_for(shop: Ledger, there: Receiver, wish: Any, told: list[str]) -> None:
    await listens(shop, there, **wish)
    await in_db(bought, shop)
    await serve()
    assert moves(there) == told and set(there.types) <= set(wish["types"])


async def test_it_is_told_of_the_chosen_stores_only(shop: Ledger, there: Receiver) -> None:
    await listens(shop, there, store_ids=[shop.store.id], types=[*TYPES])
    await in_db(bought, shop)
    await serve()
    mine = len(there.seen)
    assert {one.body["object"] for one in there.seen} >= {"order", "parcel", "number", "push", "purchase"}
    await in_db(lambda: Endpoint.objects.update(store_ids=["7"]))
    one = await endpoint()
    await in_db(endpoints.replay, shop.ws, one.id, clock.now() - timedelta(days=1), "user:1")
    await serve()
    assert len(there.seen) == mine and await states() == []


async def test_what_fails_comes_again_and_keeps_back_what_follows_it(shop: Ledger, there: Receiver) -> None:
    await listens(shop, there, types=["parcel.status"])
    await in_db(bought, shop)
    there.fails(500)
    await serve()
    assert (moves(there), await states()) == (MOVES[:1], ["due"] * 3)
    assert (await endpoint()).failing_since
    assert await serve(later=False) == 0  # nothing is due yet, not even what was not tried
    await serve()
    assert moves(there) == [MOVES[0], *MOVES] and there.seen[0].mark == there.seen[1].mark
    assert (await endpoint()).failing_since is None and set(await states()) == {"done"}
    tries = await in_db(lambda: list(SendingTry.objects.order_by("id").values_list("status", "number")))
    assert tries == [(500, 1), (200, 2), (200, 1), (200, 1)]


async def test_what_fails_keeps_nothing_else_back(shop: Ledger, there: Receiver) -> None:
    await listens(shop, there, types=["parcel.status"])
    await in_db(bought, shop)
    await in_db(lambda: Sending.objects.filter(id=Sending.objects.order_by("change_id")[0].id).update(subject="other"))
    there.fails(500)
    await serve()
    assert sorted(await states()) in (["done", "done", "due"], ["done", "due", "due"])
    await serve()
    assert set(await states()) == {"done"} and sorted(set(moves(there))) == sorted(MOVES)


async def test_an_endpoint_that_fails_is_left_alone_for_a_while(shop: Ledger, there: Receiver) -> None:
    await listens(shop, there)
    await in_db(bought, shop)
    there.fails(*[503] * 50)
    await serve()
    assert turns.PATIENCE <= len(there.seen) < turns.PATIENCE + turns.ABREAST
    resting = await endpoint()
    assert resting.next_at > clock.now() and resting.failing_since
    await in_db(lambda: Sending.objects.update(due_at=clock.now()))
    assert await serve(later=False) == 0


async def test_it_waits_as_long_as_the_answer_says(shop: Ledger, there: Receiver) -> None:
    await listens(shop, there, types=["order.placed"])
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))
    there.fails(429, retry_after="1800")
    await serve()
    row = await in_db(Sending.objects.get)
    assert timedelta(minutes=29) < row.due_at - clock.now() <= timedelta(minutes=30)


async def test_a_redirect_is_not_followed(shop: Ledger, there: Receiver) -> None:
    await listens(shop, there, types=["order.placed"])
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))
    there.fails(307, location="http://169.254.169.254/latest")
    await serve()
    tried = await in_db(SendingTry.objects.get)
    assert len(there.seen) == 1 and (tried.trouble or {})["id"] == "trouble.redirect"


async def test_after_the_last_try_it_is_given_up_and_a_replay_sends_it_again(shop: Ledger, there: Receiver) -> None:
    endpoint_id, _ = await listens(shop, there, types=["order.placed"])
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))
    await in_db(lambda: Sending.objects.update(tries=len(errands.SCHEDULE)))
    there.fails(500)
    await serve()
    assert await states() == ["failed"] and await serve() == 0
    await in_db(endpoints.replay, shop.ws, endpoint_id, clock.now() - timedelta(hours=1), "user:1")
    await serve()
    assert await states() == ["done"] and there.seen[0].mark == there.seen[1].mark


async def test_a_replay_has_the_same_marks_and_what_is_true_now(shop: Ledger, there: Receiver) -> None:
    endpoint_id, _ = await listens(shop, there, types=["parcel.status"])
    await in_db(bought, shop)
    await serve()
    first = [one.mark for one in there.seen]
    await in_db(endpoints.replay, shop.ws, endpoint_id, clock.now() - timedelta(hours=1), "user:1")
    await serve()
    assert [one.mark for one in there.seen] == [*first, *first] and moves(there) == [*MOVES, *MOVES]
    assert {one.body["data"]["status"] for one in there.seen[3:]} == {"out_for_delivery"}


async def test_a_replay_goes_through_the_ledger_page_by_page(
    shop: Ledger, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doorstep.app.webhooks.again.PAGE", 2)
    await in_db(bought, shop)
    endpoint_id, _ = await listens(shop, there)
    assert await states() == []
    await in_db(endpoints.replay, shop.ws, endpoint_id, clock.now() - timedelta(hours=1), "user:1")
    await serve()
    known = await in_db(Change.objects.count)
    assert len(there.seen) + await in_db(Change.objects.filter(kind="push.sending").count) == known > 4
    assert (await endpoint()).reread_from is None


async def test_what_happened_while_it_was_paused_is_told_afterwards(shop: Ledger, there: Receiver) -> None:
    endpoint_id, _ = await listens(shop, there, types=["parcel.status"])
    await in_db(bought, shop, 1)
    await serve()
    await in_db(endpoints.pause, shop.ws, endpoint_id, "user:1")
    await in_db(bought, shop)
    assert await serve() == 0 and moves(there) == MOVES[:1]
    await in_db(endpoints.resume, shop.ws, endpoint_id, "user:1")
    await serve()
    assert moves(there) == MOVES


async def test_what_another_process_missed_just_after_it_was_made_is_told(shop: Ledger, there: Receiver) -> None:
    await in_db(intents.listeners, shop.ws)
    known = dict(intents._known)
    await listens(shop, there, types=["order.placed"])
    intents._known.update(known)  # as in a process that has not heard of it
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))
    assert await states() == []
    await serve()
    assert there.types == ["order.placed"]


async def test_who_dies_between_sending_and_writing_it_down_sends_it_again_under_the_same_mark(
    shop: Ledger, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listens(shop, there, types=["order.placed"])
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))

    def dies(*_: Any) -> None:
        raise SystemError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(turns, "finish", dies)
        held = await in_db(claimed)
        with pytest.raises(ExceptionGroup):
            await turns.serve(held)
    assert await serve(later=False) == 0  # the lease still holds
    assert await in_db(turns.hand_back, held) == 1
    assert await serve(later=False) == 1
    assert [one.mark for one in there.seen] == [there.seen[0].mark] * 2 and await states() == ["done"]


async def test_a_turn_that_was_lost_writes_nothing(shop: Ledger, there: Receiver) -> None:
    await listens(shop, there, types=["order.placed"])
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))
    held = await in_db(claimed)
    (row,) = await in_db(turns.due, held)
    errand = await in_db(errands.prepare, held, row)
    await in_db(lambda: Endpoint.objects.update(lease_token=1))
    with pytest.raises(errands.Over):
        await in_db(errands.finish, held, errand, Outcome(status=200))
    await turns.serve(held)
    assert await states() == ["due"] and there.seen == [] and not await in_db(SendingTry.objects.exists)


async def test_days_of_failing_switch_it_off_with_one_mail(shop: Ledger, there: Receiver, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    endpoint_id, _ = await listens(shop, there, label="Till")
    await in_db(bought, shop)
    there.fails(*[500] * 50)  # all of it: what goes side by side may end in any order
    await in_db(lambda: Endpoint.objects.update(failing_since=clock.now() - errands.FAILING))
    await serve()
    one = await endpoint()
    assert (one.state, (one.state_reason or {})["id"]) == ("off", "webhook.off.failing")
    assert await in_db(lambda: [each.id for each in endpoints.off(shop.ws)]) == [one.id]
    assert await serve() == 0
    for _ in range(2):
        await in_db(lambda: Outbox.objects.filter(lane="notice").update(due_at=clock.now()))
        if leased := await in_db(outbox.claim, ("notice",)):
            await notices.tell(leased)
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.org"] and "Till" in letter.subject and f"/webhooks/{one.id}" in letter.body
    there.answers.clear()
    await in_db(endpoints.resume, shop.ws, endpoint_id, "user:1")
    await serve()
    assert moves(there)[-3:] == MOVES and set(await states()) == {"done"}


async def test_no_mail_goes_when_it_listens_again_or_is_gone(shop: Ledger, there: Receiver, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    endpoint_id, _ = await listens(shop, there, types=["order.placed"])
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))
    there.fails(410)
    await serve()
    assert ((await endpoint()).state_reason or {})["id"] == "webhook.off.gone"
    await in_db(endpoints.resume, shop.ws, endpoint_id, "user:1")
    leased = await in_db(outbox.claim, ("notice",))
    assert leased is not None
    await notices.tell(leased)
    assert mail.outbox == []


async def test_a_secret_sealed_with_a_lost_key_switches_it_off(shop: Ledger, there: Receiver) -> None:
    await listens(shop, there, types=["order.placed"])
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))
    await in_db(lambda: Endpoint.objects.update(secrets_enc=b"nonsense"))
    await serve()
    one = await endpoint()
    assert (one.state, (one.state_reason or {})["id"], there.seen) == ("off", "vault.wrong_key", [])
    assert await states() == ["due"]


async def test_both_secrets_sign_while_they_are_exchanged(shop: Ledger, there: Receiver) -> None:
    endpoint_id, former = await listens(shop, there, types=["order.placed"])
    new = await in_db(endpoints.rotate, shop.ws, endpoint_id, "user:1")
    await in_db(trial.send_test, shop.ws, endpoint_id)
    for secret in (former, new):
        assert Webhook(secret).verify(there.seen[0].raw, there.seen[0].headers)["type"] == "endpoint.test"
    await in_db(lambda: Endpoint.objects.update(former_until=clock.now()))
    one = await endpoint()
    assert await in_db(endpoints.live_secrets, one) == [new]
    assert vault.unseal(one.secrets_enc)["former"] == former


async def test_the_log_shows_how_an_answer_began_without_what_is_secret(shop: Ledger, there: Receiver) -> None:
    endpoint_id, _ = await listens(shop, there)
    there.fails(500, body="Oops\n ann@example.org Bearer abcdef sk_live_51HxAbCdEfGhIjKlMnOpQrStUv " + "x " * 500)
    tried = await in_db(trial.send_test, shop.ws, endpoint_id)
    assert tried.said.startswith("Oops […]") and len(tried.said) <= history.SAID
    assert "sk_live" not in tried.said and "abcdef" not in tried.said
    await in_db(lambda: SendingTry.objects.update(at=clock.now() - history.KEPT))
    one = await endpoint()
    await in_db(history.tidy, one)
    await in_db(history.tidy, one)
    assert not await in_db(SendingTry.objects.exists)


async def test_slow_endpoints_of_one_workspace_leave_the_turns_to_the_others(shop: Ledger, there: Receiver) -> None:
    for _ in range(5):
        await listens(shop, there, types=["order.placed"])
    other = await in_db(ledger)
    await listens(other, there, types=["order.placed"])
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))
    await in_db(lambda: other.hears(other.woo(woo(1001))))
    taken = await in_db(lambda: list(iter(turns.claim, None)))
    assert sorted(one.ws for one in taken) == sorted([shop.ws] * turns.OF_ONE + [other.ws])
    await turns.serve(taken[0])
    following = await in_db(turns.claim)
    assert following is not None and following.endpoint_id not in {one.endpoint_id for one in taken}


async def test_an_endpoint_that_is_paused_or_deleted_in_its_turn_is_told_no_more(shop: Ledger, there: Receiver) -> None:
    endpoint_id, _ = await listens(shop, there, types=["order.placed"])
    await in_db(lambda: shop.hears(shop.woo(woo(1001))))
    held = await in_db(claimed)
    await in_db(endpoints.pause, shop.ws, endpoint_id, "user:1")
    await turns.serve(held)
    assert there.seen == [] and await states() == ["due"] and (await endpoint()).lease_token == 0
    await in_db(endpoints.delete, shop.ws, endpoint_id, "user:1")
    await turns.serve(held)
    assert there.seen == [] and await states() == []


def test_tries_together_last_longer_than_failing_is_borne() -> None:
    waits = [errands.wait_after(tries, 7) for tries in range(1, len(errands.SCHEDULE) + 2)]
    assert waits[-1] is None
    assert all(a is None or b * 3 / 4 <= a <= b for a, b in zip(waits, errands.SCHEDULE, strict=False))
    assert sum(errands.SCHEDULE, timedelta()) * 3 / 4 > errands.FAILING


def test_every_kind_of_change_is_a_type_or_left_out_on_purpose() -> None:
    assert len({one.ledger for one in KINDS}) == len(KINDS) == len(TYPES)
    assert {one.type.partition(".")[0] for one in KINDS} >= {one.object for one in KINDS if one.object != "order"}
