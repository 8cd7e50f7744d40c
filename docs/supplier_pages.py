"""Writes the page about suppliers: who gives tracking numbers by itself, by e-mail, or by hand."""

from pathlib import Path
from typing import Final

from doorstep.app.say import say, text
from doorstep.connectors.support import EVERY, Supported, Way, suppliers

PAGE: Final = Path(__file__).parent / "reference" / "suppliers.md"
HEAD: Final = """# Suppliers

Which supplier gives its tracking numbers how. The console has the same list, searchable, under Connections, Suppliers.
This page is made from the code by `make docs`; do not edit it.
"""
ROWS: Final = """| supplier | numbers come | how |
| --- | --- | --- |"""


def page() -> str:
    """The whole page, ending in one newline."""
    every = "\n".join(f"- {say(one)}" for one in EVERY)
    parts = [HEAD, text("support.how"), f"## {text('support.every')}", every, "## By name"]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n\n" + "\n".join((ROWS, *map(row, suppliers()), ""))


def row(one: Supported) -> str:
    """One supplier; by hand is said only where there is no other way."""
    ways = ", ".join(text(f"support.way.{way}").lower() for way in one.ways if way is not Way.HAND or one.best is way)
    label = f"[{one.label}](connectors/supplier-{one.meta.name}.md)" if one.meta else one.label
    return f"| {label} | {ways} | {' '.join(map(say, one.how))} |"


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
