"""What carriers' connectors share: tables, tokens, and XML from strangers."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.connectors import scans, tokens, xml
from doorstep.connectors.contract import Account, Broken
from doorstep.core.event import when
from doorstep.core.status import Status
from tests.connectors.flow import NOW, answer

LAUGHS = "".join(f'<!ENTITY l{place} "{f"&l{place - 1};" * 10}">' for place in range(1, 9))
FOREIGN = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"


@pytest.mark.parametrize(
    "body",
    [
        FOREIGN,
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l8;</a>',
        "<!DOCTYPE a SYSTEM 'http://elsewhere.example/a.dtd'><a/>",
        "<a>" * 100 + "</a>" * 100,
        "<a>" + "<b/>" * xml.MOST + "</a>",
        "<a><b></a>",
        "<a>&unknown;</a>",
        "",
        "{}",
        "<?xml version='1.0' encoding='klingon'?><a/>",
    ],
)
def test_hostile_and_broken_xml_is_refused(body: str) -> None:
    with pytest.raises(xml.NotXml):
        xml.parsed(body.encode())


def test_names_lose_their_namespaces() -> None:
    root = xml.parsed(b' <?xml version="1.0"?><v:a xmlns:v="urn:x" xmlns:w="urn:y" w:k="1"><v:b> 7 </v:b></v:a>')
    assert (root.tag, root.attrib) == ("a", {"k": "1"})
    assert xml.said(root, "b") == "7"
    assert xml.said(root, "c") == xml.said(None, "b") == ""


@given(st.binary(max_size=60) | st.text(alphabet="<>/ab\"'=!-[]&; ", max_size=60).map(str.encode))
def test_any_bytes_are_xml_or_not(body: bytes) -> None:
    try:
        xml.parsed(body)
    except xml.NotXml:
        return


@pytest.mark.parametrize("body", ["", "[]", {"token": "x"}, {"access_token": "x", "expires_in": 1e300}])
def test_what_is_no_token_is_broken(body: object) -> None:
    with pytest.raises(Broken):
        tokens.issued(answer(body), Account(now=NOW))


def test_a_token_that_does_not_say_how_long_it_lives_is_short() -> None:
    kept = tokens.issued(answer({"access_token": "x"}), Account(now=NOW))
    assert tokens.stale(Account(credentials=kept, now=NOW))


def test_a_text_that_says_nothing_is_counted_and_an_empty_one_is_not() -> None:
    reader = scans.Reader("x")
    assert reader.meaning({}, "", "zzz").status is Status.UNKNOWN
    assert reader.meaning({}, "", "").status is Status.UNKNOWN
    assert reader.meaning({}, "", "Out for delivery").status is Status.OUT_FOR_DELIVERY
    assert list(reader.words) == ["zzz"]


def test_a_zone_that_the_vendor_documents_is_told() -> None:
    at = when("2026-07-01T12:00:00+02:00")
    event = scans.scan("x", at, scans.Meaning(Status.DELIVERED), text="there", zone=True)
    assert event.instant_from == "source_zone"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("8/9/2026 12:05:00 AM", "2026-08-09T00:05:00"),
        ("08/09/2026 12:05 pm", "2026-08-09T12:05"),
        ("8/9/2026 3:02:59 PM", "2026-08-09T15:02:59"),
        ("2026-08-09 15:02:59", "2026-08-09 15:02:59"),
    ],
)
def test_an_american_time_is_read_month_first(written: str, read: str) -> None:
    assert scans.american(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("09-08-2026 15:02:59", "2026-08-09T15:02:59"),
        ("09/08/2026 15:02", "2026-08-09T15:02"),
        ("09/08/2026", "2026-08-09"),
        ("2026-08-09", "2026-08-09"),
    ],
)
def test_a_european_time_is_read_day_first(written: str, read: str) -> None:
    assert scans.european(written) == read


def test_a_clock_in_one_zone_gives_the_instant_in_winter_and_in_summer() -> None:
    chicago = ZoneInfo("America/Chicago")
    winter, summer = scans.at_zone("2026-01-09 06:00:00", chicago), scans.at_zone("2026-07-09T06:00:00", chicago)
    assert (winter.instant, winter.local) == (datetime(2026, 1, 9, 12, tzinfo=UTC), None)
    assert (summer.instant, summer.local) == (datetime(2026, 7, 9, 11, tzinfo=UTC), None)


@pytest.mark.parametrize("stated", ["", "2026-07-09", "2026-07-09T06:00:00+02:00"])
def test_a_time_that_is_no_clock_or_says_its_own_offset_stays_as_it_is(stated: str) -> None:
    assert scans.at_zone(stated, ZoneInfo("America/Chicago")) == when(stated)


@pytest.mark.parametrize(("times", "order"), [(("01", "02"), [0, 1]), (("02", "01"), [1, 0]), (("", "01"), [0, 1])])
def test_the_ends_of_a_list_tell_its_order_where_the_vendor_does_not(times: tuple[str, ...], order: list[int]) -> None:
    unknown = scans.Meaning(Status.UNKNOWN)
    told = scans.Reader("acme").scans(
        "A1",
        list(enumerate(times)),
        lambda one: scans.scan("acme", when(one[1] and f"2026-07-{one[1]}"), unknown, text=str(one[0])),
        newest_first=None,
    )
    assert [int(event.raw_text) for event in told] == order
