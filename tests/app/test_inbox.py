"""The inbox keeps bytes once, and says so only after they are stored."""

import asyncio
import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import zstandard
from django.db import transaction

from doorstep.app import inbox, loop
from doorstep.app.inbox import Arrival
from doorstep.app.writer import Full, Writer
from doorstep.db.models import Inbox

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)


def arrival(key: str = "delivery-1", **changed: Any) -> Arrival:
    fields: dict[str, Any] = {"ws": 1, "connection_id": 7, "dedup_key": key, "received_at": NOON, "what": "orders"}
    return Arrival(**{**fields, **changed})


def test_an_arrival_comes_back_as_the_answer_it_was():
    headers = {"content-type": "application/json", "x-wp-totalpages": "3"}
    said = arrival(body=b'{"id": 1}' * 100, headers=headers, context={"page": "2"}, status=201)
    assert inbox.keep([said]) == [True]
    answer = inbox.answer_of(Inbox.objects.get())
    assert (answer.what, answer.status, answer.body, answer.received_at) == ("orders", 201, b'{"id": 1}' * 100, NOON)
    assert (answer.headers, answer.context) == (headers, {"page": "2"})


def test_an_empty_body_and_a_zero_byte_are_kept_too():
    assert inbox.keep([arrival("a\0b"), arrival("c", body=b"\0\xff", context={"x": "1\0"})]) == [True, True]
    rows = {row.dedup_key: row for row in Inbox.objects.all()}
    assert zstandard.decompress(bytes(rows["c"].body_zstd)) == b"\0\xff"
    kept = {key: inbox.answer_of(row) for key, row in rows.items()}
    assert kept["ab"].body == b"" and kept["c"].body == b"\xff" and kept["c"].context == {"x": "1"}


def test_half_a_character_in_a_header_spoils_nothing():
    said = {"content-type": "text/plain; charset=\udce9t\udce9", "x-place": "Évora"}
    assert inbox.keep([arrival(headers=said)]) == [True]
    kept = inbox.answer_of(Inbox.objects.get()).headers
    assert kept == {"content-type": "text/plain; charset=?t?", "x-place": "Évora"}


def test_readers_see_no_nul_and_no_other_difference():
    inbox.keep([arrival("n", body=rb'{"a": "x\u0000y", "b": "C:\\u0000"}')])
    assert inbox.answer_of(Inbox.objects.get()).body == rb'{"a": "xy", "b": "C:\\u0000"}'


def test_the_same_key_is_kept_once_per_connection():
    assert inbox.keep([arrival("a"), arrival("a"), arrival("b")]) == [True, False, True]
    assert inbox.keep([arrival("a"), arrival("a", connection_id=8), arrival("a", ws=2)]) == [False, True, True]
    assert Inbox.objects.count() == 4


def test_inside_of_a_transaction_an_arrival_shares_its_fate():
    def keep_and_fail() -> None:
        with transaction.atomic():
            assert inbox.keep([arrival()]) == [True]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        keep_and_fail()
    assert Inbox.objects.count() == 0
    with transaction.atomic():
        inbox.keep([arrival()])
    assert Inbox.objects.count() == 1


@pytest.mark.parametrize(
    "name",
    ["authorization", "cookie", "set-cookie", "x-api-key", "x-wc-webhook-signature", "x-forwarded-for", "x-real-ip"],
)
def test_headers_that_prove_an_identity_are_not_kept(name):
    inbox.keep([arrival(headers={name: "hush", "x-wc-webhook-topic": "order.updated"})])
    assert Inbox.objects.get().headers["headers"] == {"x-wc-webhook-topic": "order.updated"}
    assert "hush" not in json.dumps(Inbox.objects.get().headers)


async def test_arrivals_of_the_same_moment_are_stored_together_and_answered_after_the_commit():
    async def bring(key: str) -> tuple[bool, int]:
        new = await inbox.arrive(arrival(key))
        return new, await loop.in_db(Inbox.objects.filter(dedup_key=key).count)

    answers = await asyncio.gather(*(bring(f"d{n % 40}") for n in range(80)))
    assert [stored for _, stored in answers] == [1] * 80
    assert sum(new for new, _ in answers) == 40


async def test_an_arrival_rings_the_bell():
    assert not await loop.wait(inbox.BELL, 0.01)
    await inbox.arrive(arrival())
    assert await loop.wait(inbox.BELL, 5)


async def test_a_full_line_is_said_at_once_and_nothing_waiting_is_lost():
    taken, gate, stored = threading.Event(), threading.Event(), []

    def store(items):
        taken.set()
        gate.wait(10)
        stored.extend(items)
        return [True] * len(items)

    writer: Writer[bytes, bool] = Writer(store, len, most=3, most_bytes=10)
    waiting = [asyncio.create_task(writer.put(b"1"))]
    await asyncio.sleep(0)
    await asyncio.to_thread(taken.wait, 10)
    waiting += [asyncio.create_task(writer.put(item)) for item in (b"22", b"333")]
    await asyncio.sleep(0)
    with pytest.raises(Full):
        await writer.put(b"too many bytes")
    waiting.append(asyncio.create_task(writer.put(b"4")))
    await asyncio.sleep(0)
    with pytest.raises(Full):
        await writer.put(b"5")
    stopping = asyncio.create_task(asyncio.to_thread(writer.stop))
    await asyncio.sleep(0.05)
    with pytest.raises(Full):
        await writer.put(b"6")
    gate.set()
    await stopping
    assert await asyncio.gather(*waiting) == [True] * 4
    assert stored == [b"1", b"22", b"333", b"4"]


async def test_a_batch_that_cannot_be_stored_tells_everybody_in_it():
    def store(items):
        raise ValueError("disk full")

    writer: Writer[bytes, bool] = Writer(store, len)
    answers = await asyncio.gather(writer.put(b"1"), writer.put(b"2"), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["disk full", "disk full"]
    await asyncio.to_thread(writer.stop)
