"""What carriers' connectors share: tables, tokens, and XML from strangers."""

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
