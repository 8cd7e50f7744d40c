from datetime import UTC, datetime

import pytest

from doorstep.connectors.answers import bare, convert, instant, payload, retry_after, text, trouble
from doorstep.connectors.contract import Broken, Busy, Denied, NotFound, Refused
from tests.connectors.flow import answer


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Broken),
        (400, Refused),
        (401, Denied),
        (403, Denied),
        (404, NotFound),
        (410, NotFound),
        (418, Refused),
        (429, Busy),
        (500, Broken),
        (503, Busy),
        (504, Broken),
        (600, Broken),
    ],
)
def test_status_means_a_kind_of_trouble(status: int, kind: type[Exception]) -> None:
    found = trouble(answer(status=status), "the vendor's words")
    assert type(found) is kind
    assert found and found.said == "the vendor's words"


def test_success_is_no_trouble() -> None:
    assert trouble(answer(status=204), "") is None


def test_redirect_is_told_without_its_query() -> None:
    found = trouble(answer(status=301, location="https://www.shop.example/x?oauth_signature=abc"), "")
    assert found and found.message and found.message.values["to"] == "https://www.shop.example/x"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30.0),
        ("Wed, 01 Jul 2026 12:02:00 GMT", 120.0),
        ("Wed, 01 Jul 2026 11:00:00 -0000", 0.0),
        ("soon", None),
        ("", None),
        ("1" * 40, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str, seconds: float | None) -> None:
    assert retry_after(answer(retry_after=said)) == seconds


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html><title> Log in </title>", "a web page: Log in"),
        (" <html>", "a web page"),
        ("{", "the answer is not JSON"),
        ("[" * 100000, "the answer is not JSON"),
    ],
)
def test_what_is_not_json_is_broken_and_says_what_it_looks_like(body: str, said: str) -> None:
    with pytest.raises(Broken) as caught:
        payload(answer(body))
    assert caught.value.said == said


def test_shape_that_does_not_fit_is_broken_and_says_where() -> None:
    assert convert("7", int) == 7
    with pytest.raises(Broken, match=r"\$\[0\]"):
        convert(["x"], list[int])


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-07-01T10:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T10:00:00+02:00", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_instants_are_aware_or_nothing(said: str | None, at: datetime | None) -> None:
    assert instant(said) == at


def test_only_scalars_are_texts() -> None:
    assert [text(one) for one in (" a ", 7, 1.5, None, True, [1], {})] == ["a", "7", "1.5", "", "", "", ""]


def test_spelling_of_a_number_does_not_matter() -> None:
    assert bare("rb 123-456_785 pt") == "RB123456785PT"
