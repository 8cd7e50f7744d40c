"""``doorstep explain``: an order as JSON in, findings out."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from doorstep.app.order.explain import Unreadable, read
from doorstep.app.say import say
from doorstep.cli import app

PLACED = "2024-03-01T09:00:00Z"
LABEL = {
    "order": {"placed_at": PLACED, "ids": ["1001"], "supplied": True},
    "parcels": [
        {
            "number": "LB123456785CN",
            "carrier": "China Post",
            "dispatched_at": "2024-03-03T00:00:00Z",
            "status": "info_received",
            "lane": {"parcels": 40, "first_scan_p85": "P4D"},
        }
    ],
    "marketplace": "aliexpress",
}


def run(*words: str, stdin: object = None) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["explain", *words], input=json.dumps(stdin).encode())
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_an_order_is_explained_with_cause_date_and_who_acts() -> None:
    code, out = run("--json", "--now", "2024-03-08T12:00:00+00:00", stdin=LABEL)
    (found,) = json.loads(out)
    assert code == 0
    assert list(found) == ["cause", "confidence", "who", "next_at", "parcel", "text", "evidence", "advice"]
    assert (found["cause"], found["confidence"], found["who"]) == ("label_not_handed_over", "likely", "supplier")
    assert (found["next_at"], found["parcel"]) == ("2024-03-09T00:00:00+00:00", "LB123456785CN")
    assert found["text"] == "A label was made, but the parcel was not handed over"
    assert found["evidence"] == [
        "Waiting for a scan since 3 Mar 2024.",
        "The dates come from own history: 40 parcels on this lane, or on the nearest one known.",
    ]
    assert found["advice"][-1] == "Look again on 9 Mar 2024."


def test_people_read_the_same_in_words(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(json.dumps(LABEL), encoding="utf-8")
    code, out = run("--now", "2024-03-08T12:00:00Z", str(file))
    assert code == 0
    assert "A label was made, but the parcel was not handed over (likely; for the supplier to do)" in out
    assert "Next step: 9 Mar 2024, 00:00" in out
    _, out = run(stdin={"order": {"placed_at": PLACED, "needs_shipping": False}})
    assert "Nothing of this order is shipped" in out
    assert "Next step" not in out


def test_nothing_next_is_null() -> None:
    _, out = run("--json", stdin={"order": {"placed_at": PLACED, "state": "delivered"}})
    (found,) = json.loads(out)
    assert (found["cause"], found["next_at"]) == ("arrived", None)


def order(**facts: Any) -> dict[str, Any]:
    return {"order": {"placed_at": PLACED, **facts}}


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ([], "$"),
        ({}, "$"),
        (order(state="lost"), "$.order.state"),
        (order(paid_at="2024-03-01T09:00:00"), "$.order.paid_at"),
        (order(paid_at="yesterday"), "$.order.paid_at"),
        (order(paid_at="9999-12-31T23:59:59Z"), "$.order.paid_at"),
        (order(paid="2024-03-01T09:00:00Z"), "$.order.paid"),
        (order(unsent=-1), "$.order.unsent"),
        ({**order(), "seller": 1}, "$.seller"),
        ({**order(), "marketplace": "bazaar"}, "$.marketplace"),
        ({**order(), "parcels": [{}, {"tracked": "no"}]}, "$.parcels[1].tracked"),
        ({**order(), "parcels": [{}, {"weight": 1}]}, "$.parcels[1].weight"),
        ({**order(), "parcels": [{"lane": {"first_scan_p85": "P99999D"}}]}, "$.parcels[0].lane.first_scan_p85"),
        ({**order(), "parcels": [{"lane": {"parcels": 3, "days": 9}}]}, "$.parcels[0].lane.days"),
    ],
    ids=str,
)
def test_wrong_input_is_told_where_it_is_wrong(wrong: object, path: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(json.dumps(wrong).encode())
    assert caught.value.message.values["path"] == path
    assert f" {path}: " in say(caught.value.message)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"order": \xff}'])
def test_what_is_no_json_is_told_to_be_none(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="not JSON"):
        read(raw)


def test_wrong_input_ends_with_code_1_and_wrong_words_with_code_2() -> None:
    code, out = run("--json", stdin=order(state="lost"))
    assert (code, json.loads(out)["error"]) == (1, "explain.wrong")
    assert run("no-such-file.json")[0] == 2
    assert run("--now", "today", stdin=order())[0] == 2
    assert run("--now", "2024-03-01T09:00:00", stdin=order())[0] == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["order", "parcels", "lane"]), inner),
    max_leaves=8,
)


@given(json_values)
def test_no_json_breaks_the_reader(value: object) -> None:
    with suppress(Unreadable):
        assert read(json.dumps(value).encode()).order
