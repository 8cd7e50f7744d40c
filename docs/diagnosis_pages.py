"""Writes the reference pages of the diagnosis: its decision table, the marketplaces' terms, the schema of `explain`."""

import json
from dataclasses import is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import msgspec

from doorstep.app.order.explain import Described
from doorstep.app.say import text
from doorstep.core.diagnosis import TABLE, marketplaces
from doorstep.core.diagnosis.condition import Column
from doorstep.core.diagnosis.marketplace import Anchor, Term
from doorstep.core.diagnosis.rule import Rule, Section
from doorstep.core.lane import Lane

REFERENCE: Final = Path(__file__).parent / "reference"
TABLE_PAGE: Final = REFERENCE / "diagnosis-table.md"
SCHEMA_FILE: Final = REFERENCE / "explain-schema.json"
SINCE: Final = {
    Anchor.PAID: " after the payment",
    Anchor.NUMBER_DUE: " after the dispatch term",
    Anchor.DISPATCHED: " after the dispatch",
    Anchor.DELIVERY_DUE: " after the promised day",
    Anchor.PROTECTION_ENDS: " after the end of the protection",
    Anchor.NONE: "",
}
HEAD = """# Decision table of the diagnosis

How the table is read, and what it means, is in [How Doorstep makes a diagnosis](../explanation/diagnosis.md). This page
is made from the code by `make docs`; do not edit it.

Within a section the first row whose conditions all hold speaks; an empty cell asks for nothing. The sections speak
beside each other, the last one only where nothing else was found. “Sender” is the supplier where one ships for the
merchant, else the merchant; “buyer” is the merchant where a supplier ships, else the shopper.
"""
MARKETS = """## What marketplaces promise

Days. A figure in *italics* is not from the marketplace's own page: check it there.

| marketplace | term | days | source | read on |
| --- | --- | --- | --- | --- |"""


def table_page() -> str:
    """The whole page, ending in one newline."""
    return "\n".join([HEAD, *map(section, TABLE), MARKETS, *markets(), ""])


def section(one: Section) -> str:
    """One section as a table: a column for each kind of condition that it has, then what they lead to."""
    asked = "once for the order" if one.of_order else "for each parcel"
    only = f", only where {' and '.join(each.says for each in one.when)}" if one.when else ""
    columns = [column for column in Column if any(each.column is column for rule in one.rules for each in rule.when)]
    head = [*columns, "finding", "sure", "who acts", "next step"]
    lines = [f"## {one.title}\n", f"Asked {asked}{only}.\n", row(head), row(["---"] * len(head))]
    return "\n".join([*lines, *(row(cells(rule, columns)) for rule in one.rules), ""])


def cells(rule: Rule, columns: list[Column]) -> list[str]:
    conditions = [", ".join(one.says for one in rule.when if one.column is column) for column in columns]
    said = f"{text(f'finding.{rule.cause}')} (`{rule.cause}`)"
    return [*conditions, said, rule.sure.value, rule.who.value, rule.next.says]


def markets() -> list[str]:
    return [
        row([one.name, name, days(term), f"<{term.source}>", term.checked.isoformat()])
        for one in marketplaces().values()
        for name, term in one.terms.items()
    ]


def days(term: Term) -> str:
    said = f"{term.span.days}{SINCE[term.anchor]}"
    return said if term.verified else f"*{said}*"


def row(values: list[str]) -> str:
    return f"| {' | '.join(values)} |"


def schema() -> str:
    """The JSON Schema (2020-12) of what `doorstep explain` reads, ending in one newline."""
    made = msgspec.json.schema(Described)
    for described in (Described, *parts(Described), Lane):
        strict(made["$defs"][described.__name__], described)
    made["$defs"]["Described"]["properties"]["marketplace"]["enum"] = ["", *marketplaces()]
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **made}, indent=1) + "\n"


def parts(described: type) -> list[type]:
    """The dataclasses that a dataclass is made of."""
    hints = get_type_hints(described).values()
    return [one for hint in hints for one in (hint, *get_args(hint)) if isinstance(one, type) and is_dataclass(one)]


def strict(made: dict[str, Any], described: type) -> None:
    """Times have an offset, and no field is taken that is not known. What fields mean is on the page."""
    made.pop("description", None)
    made["additionalProperties"] = False
    for name, hint in get_type_hints(described).items():
        if datetime in (hint, *get_args(hint)):
            field = made["properties"][name]
            said = next((one for one in field.get("anyOf", ()) if one["type"] == "string"), field)
            said["format"] = "date-time"


def write() -> None:
    TABLE_PAGE.write_text(table_page(), encoding="utf-8")
    SCHEMA_FILE.write_text(schema(), encoding="utf-8")
