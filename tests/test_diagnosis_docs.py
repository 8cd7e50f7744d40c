"""The pages about the diagnosis say what its rules do."""

import importlib.util
import json
import re
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from doorstep.app.order.explain import Described, read
from doorstep.cli import app
from doorstep.core.diagnosis import OrderFacts, ParcelFacts
from doorstep.core.lane import Lane

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "reference" / "explain.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("diagnosis_pages", DOCS / "diagnosis_pages.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_printed_table_and_schema_are_current(pages: ModuleType) -> None:
    assert pages.TABLE_PAGE.read_text(encoding="utf-8") == pages.table_page(), "run `make docs`"
    assert pages.SCHEMA_FILE.read_text(encoding="utf-8") == pages.schema(), "run `make docs`"


@pytest.mark.parametrize("part", [Described, OrderFacts, ParcelFacts, Lane])
def test_every_field_of_the_input_is_described(part: type) -> None:
    assert [one.name for one in fields(part) if f"`{one.name}`" not in PAGE] == []


def test_the_example_prints_what_the_page_shows() -> None:
    given, shown = re.findall(r"(?s)```json\n(.*?)```", PAGE)
    done = CliRunner().invoke(app, ["explain", "--json", "--now", "2024-03-14T12:00:00Z"], input=given)
    assert json.loads(done.output) == json.loads(shown)
    assert read(given.encode()).marketplace == "aliexpress"
