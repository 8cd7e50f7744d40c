"""Writes the reference pages that are made from the code: ``python docs/generate.py``.

Nothing is listed here: the registry finds the connectors, and a test fails when a page is not current.
"""

from pathlib import Path
from typing import get_args

from doorstep.connectors.contract import OWN, Can, Connector, Field
from doorstep.connectors.registry import Kind, connectors

PAGE = Path(__file__).parent / "reference" / "connectors.md"
TITLES: dict[Kind, str] = {"store": "Stores", "supplier": "Suppliers", "carrier": "Carriers and aggregators"}
ABILITIES: dict[Can, str] = {
    Can.ORDERS: "reads orders",
    Can.PUSH: "takes numbers",
    Can.PARTIAL: "part of an order",
    Can.EDIT: "edits a number",
    Can.READ_BACK: "reads back",
    Can.WITHDRAW: "takes back",
    Can.DELIVERED: "takes delivered",
    Can.PURCHASES: "reads purchases",
    Can.TRACK: "tracks",
    Can.FOLLOW: "follows",
    Can.MAIL: "reads mail",
    Can.MANUAL: "by hand",
    Can.HOOKS: "webhooks",
}
HEAD = """# Connectors

What Doorstep talks to, and what each can do. This page is made from the code by `make docs`; do not edit it.
"""


def page() -> str:
    """The whole page, ending in one newline."""
    return "\n".join([HEAD, *(section(kind) for kind in get_args(Kind) if connectors(kind))])


def section(kind: Kind) -> str:
    """One kind: what each connector can do, then how it is connected and what it is built on."""
    found = list(connectors(kind).values())
    able = [can for can in ABILITIES if any(can in one.meta.can for one in found)]
    can_do = [[one.meta.label, *("yes" if can in one.meta.can else "" for can in able)] for one in found]
    connect = [[linked(one), needs(one), pace(one), one.meta.basis] for one in found]
    return "\n".join(
        (
            f"## {TITLES[kind]}\n",
            *table(["", *(ABILITIES[can] for can in able)], can_do),
            "",
            *table(["", "connected with", "asked at most", "built on"], connect),
            "",
        )
    )


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def linked(one: Connector) -> str:
    return f"[{one.meta.label}]({one.meta.docs})" if one.meta.docs else one.meta.label


def needs(one: Connector) -> str:
    """The fields of the connect form; what is secret is kept encrypted."""
    return ", ".join(field.label + marks(field) for field in one.meta.fields) or "nothing"


def marks(field: Field) -> str:
    said = ", ".join(word for word, holds in (("secret", field.secret), ("optional", not field.required)) if holds)
    return f" ({said})" if said else ""


def pace(one: Connector) -> str:
    if not one.meta.hosts:
        return "never"
    whom = "the shop itself" if one.meta.hosts == OWN else ", ".join(sorted(one.meta.hosts))
    return f"{one.meta.polls_per_minute} times a minute ({whom})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
