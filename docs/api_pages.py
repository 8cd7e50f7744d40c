"""Writes the page of the API's operations, from the table that answers."""

from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parent / "reference" / "api-operations.md"
HEAD: Final = """# Operations of the API

Every address below `{root}`, with the scope that a key needs for it. What holds for all of them is on
[the page of the API](api.md). The values that each takes and gives stand in the OpenAPI document that a running
Doorstep serves at `{root}/openapi.json`, and to read at `{root}/`. Each has [a command](api-commands.md) and a method
of the [Python client](../how-to/use-the-api.md). This page is made from the code by `make docs`; do not edit it.
"""


def page() -> str:
    """The whole page, ending in one newline."""
    from doorstep.cli.screen import load_keyless  # noqa: PLC0415 - loads Django, which the other pages do not need

    load_keyless()
    table = import_module("doorstep.web.api.table").TABLE
    root = import_module("doorstep.web.api.door").ROOT
    operations = [one for by_method in table.values() for one in by_method.values()]
    ordered = sorted(operations, key=lambda one: (one.path, one.method))
    parts = [section(name, list(found)) for name, found in groupby(ordered, key=lambda one: one.path.split("/")[1])]
    return "\n".join((HEAD.format(root=root), *parts))


def section(name: str, operations: list[Any]) -> str:
    """What begins with one word."""
    rows = [row(one) for one in operations]
    return "\n".join((f"## {name.capitalize()}\n", "| operation | scope | does |", "| --- | --- | --- |", *rows, ""))


def row(one: Any) -> str:
    """One operation."""
    scope = f"`{one.scope}`" if one.scope else "any key"
    about = " ".join(one.about.split()).replace("|", "\\|")
    return f"| `{one.method} {one.path}` | {scope} | {about} |"


def write() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")
