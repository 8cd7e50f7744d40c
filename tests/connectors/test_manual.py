"""Numbers that people type: what is taken, and how what is not taken says which field is wrong."""

import json
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Answer, Broken
from doorstep.connectors.suppliers.manual import Manual
from doorstep.core.order import Role
from tests.connectors.flow import NOW, drive

MANUAL = Manual()
GOOD = {"order": "5001", "number": "1Z12345E0205271688"}


def typed(body: Any) -> Answer:
    return Answer(what="typed", body=json.dumps(body).encode(), received_at=NOW)


def test_there_is_nothing_to_connect() -> None:
    account = Account(now=NOW)
    done = drive(MANUAL, account, MANUAL.check(account), [])
    assert done.requests == []
    assert done.result.external_id == "manual"


def test_number_is_the_couriers_unless_said_otherwise() -> None:
    number = MANUAL.read(typed(GOOD)).typed[0].number
    assert number.role is Role.LOCAL
    assert MANUAL.read(typed({**GOOD, "role": "platform"})).typed[0].number.role is Role.PLATFORM


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"number": 5}, "number"),
        ({"number": "  "}, "number"),
        ({"number": "1" * 201}, "number"),
        ({"order": ""}, "order"),
        ({"carrier": None}, "carrier"),
        ({"role": "alias"}, "role"),
        ({"contents": [{"line": "71", "qty": 0}]}, "contents[0].qty"),
        ({"contents": [{"line": "71", "qty": 1, "sku": "x"}]}, "sku"),
        ({"contents": {"line": "71", "qty": 1}}, "contents"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"removed": "yes"}, "removed"),
        ({"tracking": "x"}, "tracking"),
    ],
)
def test_wrong_field_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Broken) as caught:
        MANUAL.read(typed({**GOOD, **wrong}))
    assert f"`{field}`" in caught.value.said
    assert caught.value.message
    assert caught.value.message.values["why"] == caught.value.said


def test_missing_number_is_named() -> None:
    with pytest.raises(Broken, match="`number`"):
        MANUAL.read(typed({"order": "5001"}))
