"""What a source told of a number is packed into one value: nothing of it is lost, in whichever order it came."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from doorstep.app.ledger import packed
from doorstep.app.ledger.scans import Event, Heard, Hearing
from doorstep.app.ledger.wording import DICTIONARY
from doorstep.core.event import InstantFrom, TrackingEvent
from doorstep.core.status import Reason, Status
from doorstep.core.timeline import event_key

START = datetime(2026, 6, 20, 9, tzinfo=UTC)
SOURCE = 77
WORDS = "69b96684ec7e6ab82f550ba2b8d28d365ea25768704e93f74254c70c54ebef84"
DAY = datetime.fromisoformat("2026-06-20")


def test_what_was_packed_in_any_form_can_be_read_for_ever():
    scan = TrackingEvent(source=str(SOURCE), raw_text="Delivered, front door", status=Status.DELIVERED)
    told = packed.Packed(None, [packed.Answer(1, 2, 3)], [packed.row_of(scan, 0, None)])
    plain = packed.encode(told)
    assert packed.unpack(b"\x01" + zstandard.compress(plain)) == told
    assert packed.unpack(packed.pack(told)) == told
    assert hashlib.sha256(DICTIONARY).hexdigest() == WORDS, "what is stored was packed against the words as they were"
    assert packed.pack(told)[:1] == b"\x02" and len(packed.pack(told)) < len(zstandard.compress(plain))


@st.composite
def scans(draw: st.DrawFn) -> TrackingEvent:
    """Scans of few words at few times, so that many are told again."""
    local = draw(
        st.sampled_from([None, DAY, *map(datetime.fromisoformat, ("2026-06-21T07:05", "2026-06-22T01:01:09"))])
    )
    offset = draw(st.sampled_from([None, 0, -240, 345]))
    instant, by = None, InstantFrom.NONE
    if draw(st.booleans()):
        by = draw(st.sampled_from([InstantFrom.STATED, InstantFrom.SOURCE_ZONE]))
        instant = (local or DAY).replace(tzinfo=UTC) - timedelta(minutes=offset or 0)
        instant += timedelta(microseconds=draw(st.sampled_from([0, 0, 17])))
    return TrackingEvent(
        source=str(SOURCE),
        raw_text=draw(st.sampled_from(["", "Arrived", "Доставлено"])),
        raw_code=draw(st.sampled_from(["", "A"])),
        status=draw(st.sampled_from(list(Status))),
        reason=draw(st.sampled_from([None, *Reason])),
        local=local,
        offset=offset,
        instant=instant,
        instant_from=by,
        place=draw(st.sampled_from(["", "Porto"])),
        position=draw(st.integers(0, 20)),
        day_only=local is not None and local.hour == 0 and draw(st.booleans()),
    )


answers = st.lists(st.tuples(st.lists(scans(), max_size=4), st.booleans()), min_size=1, max_size=5)


def told(answers: list[tuple[list[TrackingEvent], bool]], order: list[int]) -> Heard:
    heard = Heard(1, SOURCE)
    for place in order:
        events, complete = answers[place]
        heard.hear(events, Hearing(START + timedelta(hours=place), 100 + place, 5, complete))
        heard = Heard(1, SOURCE, bytes(heard.stored(9).packed))
    return heard


def by_key(events: list[Event]) -> dict[bytes, Event]:
    return {event_key(one.said): one for one in events}


@given(answers, st.data())
def test_any_order_and_repetition_of_answers_tells_the_same(answers, data):
    straight = list(range(len(answers)))
    shuffled = data.draw(st.permutations(straight)) + data.draw(st.lists(st.sampled_from(straight), max_size=4))
    one, other = told(answers, straight), told(answers, shuffled)
    assert by_key(one.said) == by_key(other.said)
    assert by_key(one.gone) == by_key(other.gone)


@given(st.lists(scans(), max_size=6))
def test_what_was_said_comes_back_as_it_was(events):
    heard = told([(events, True)], [0])
    first = {event_key(one): one for one in reversed(events)}
    found = by_key(heard.events())
    assert found.keys() == first.keys()
    for key, one in first.items():
        assert found[key].said == replace(one, told=START)
        assert (found[key].known_at, found[key].inbox_id) == (START, 100)
    assert Heard.of_plain(1, SOURCE, heard.plain()).events() == heard.events()


@given(st.lists(scans(), min_size=1, max_size=4))
def test_a_repetition_changes_nothing(events):
    heard = told([(events, True)], [0])
    assert heard.hear(events, Hearing(START, 100, 5, complete=True)) is None
    assert heard.news_since(START) == len(heard) and not heard.news_since(START + timedelta(seconds=1))


def test_a_scan_whose_words_were_mended_is_the_same_scan():
    scan = TrackingEvent(source=str(SOURCE), raw_text="Signed by: AROSO", status=Status.DELIVERED, place="Porto")
    heard = told([([scan], True)], [0])
    assert heard.mend(lambda text: text.replace("AROSO", "…")) == 1
    heard = Heard(1, SOURCE, bytes(heard.stored(9).packed))
    heard.hear([scan], Hearing(START + timedelta(days=1), 101, 5, complete=True))
    (one,) = heard.said
    assert one.said.raw_text == "Signed by: …" and event_key(one.said) == event_key(scan)


def test_every_status_and_reason_has_its_code_for_good():
    assert set(packed.STATUSES) == set(Status) and len(packed.STATUSES) == len(Status)
    assert set(packed.REASONS) == {None, *Reason} and packed.REASONS[0] is None
    assert set(packed.DERIVED) == set(InstantFrom)
    assert [packed.STATUSES[10], packed.REASONS[21], packed.DERIVED[2]] == [
        Status.DELIVERED, Reason.WRONG_CARRIER, InstantFrom.SOURCE_ZONE,
    ]  # fmt: skip
