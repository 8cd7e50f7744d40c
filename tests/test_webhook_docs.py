"""The page of webhooks tells every type, and its examples are what is sent."""

import json
import re

import pytest

from doorstep.app.webhooks.kinds import KINDS, TEST, TYPES
from tests.test_docs import generator, reference
from tests.web.api.contract import valid

MADE = generator("webhook_pages")


def test_page_of_webhooks_is_current() -> None:
    assert MADE.PAGE.read_text(encoding="utf-8") == MADE.page(), "run `make docs` and commit what it wrote"


def test_every_type_is_described_and_nothing_else() -> None:
    assert re.findall(r"(?m)^\| `([a-z]+\.[a-z_]+)` \|", reference("webhooks")) == list(TYPES)


@pytest.mark.parametrize(("name", "body"), list(MADE.samples().items()), ids=lambda one: str(one)[:24])
def test_an_example_of_each_object_is_the_apis_resource(name: str, body: bytes) -> None:
    told = json.loads(body)
    assert json.dumps(told, indent=2, ensure_ascii=False) in reference("webhooks")
    if name != TEST:
        valid({"$ref": f"#/components/schemas/{told['object'].title()}"}, told["data"])
        assert told["object"] == TYPES[name].object


def test_every_kind_of_object_has_an_example() -> None:
    assert {one.object for one in KINDS} | {"endpoint"} == {
        json.loads(one)["object"] for one in MADE.samples().values()
    }
