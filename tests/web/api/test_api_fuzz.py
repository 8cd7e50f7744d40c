"""Every operation of the API with values that break readers: an answer as it is described, and never an error of ours.

``program.ask`` holds each answer against the OpenAPI document; a 500 or an undescribed status fails there or here.
"""

import json
import os
from typing import Any

import pytest
from django.conf import settings as django_settings

from doorstep.web.api.openapi import as_dict
from tests.app.ledger import ledger, woo
from tests.fuzz.hostile import BODIES, VALUES
from tests.web.api.contract import program

LONG = "DOORSTEP_LONG" in os.environ
STEP = 1 if LONG else 11
OPERATIONS = [
    (verb.upper(), path, operation)
    for path, by_verb in as_dict()["paths"].items()
    for verb, operation in by_verb.items()
    if verb in {"get", "post", "put", "patch", "delete"}
]
SERVERS_OWN = 500


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema behind its reference."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return as_dict()["components"]["schemas"][name] if name else schema


@pytest.mark.django_db
@pytest.mark.parametrize(("verb", "path", "operation"), OPERATIONS, ids=lambda one: one if isinstance(one, str) else "")
def test_no_value_makes_an_operation_fail(verb: str, path: str, operation: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(django_settings, "API_PER_MINUTE", 1_000_000)
    shop = ledger(email="alice@example.org")
    shop.hears(shop.woo(woo(1001)))
    asking = program(shop.ws)
    at = path
    while "{" in at:
        at = at[: at.index("{")] + "1" + at[at.index("}") + 1 :]
    names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    for place, name in enumerate(names):
        for value in VALUES[place % STEP :: STEP]:
            if isinstance(value, str | int | float):
                answer = asking.client.get(f"/api/v1{at}", {name: str(value)[:900].encode("utf-8", "replace")},
                                           headers={"Authorization": f"Bearer {asking.secret}"})  # fmt: skip
                assert answer.status_code < SERVERS_OWN, (name, value)
    if "requestBody" in operation and "application/json" in operation["requestBody"]["content"]:
        schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        fields = dict.fromkeys(schema.get("required", ()), "1")
        for place, name in enumerate(schema.get("properties", {})):
            for value in VALUES[place % STEP :: STEP]:
                body = json.dumps(fields | {name: value}, ensure_ascii=True)
                answer = asking.ask(verb, at, body)
                assert answer.status_code < SERVERS_OWN, (name, value)
        for name in list(BODIES)[: None if LONG else 9]:
            assert asking.ask(verb, at, BODIES[name]).status_code < SERVERS_OWN, name


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["state=null", "state=Null", "store_id=null", "placed_from=0.5", "placed_from=-1"])
def test_no_word_behind_the_question_mark_is_taken_for_another(query: str) -> None:
    shop = ledger(email="alice@example.org")
    assert program(shop.ws).get(f"/orders?{query}").status_code == 422
