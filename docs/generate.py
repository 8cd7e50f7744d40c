"""Writes the reference pages that are made from the code: ``python docs/generate.py``.

Nothing is listed here: the registry finds the connectors, and a test fails when a page is not current.
"""

import re
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final, get_args

from packaging.requirements import Requirement

from doorstep.connectors.contract import OWN, Can, Connector, Field
from doorstep.connectors.registry import Kind, connectors

REFERENCE: Final = Path(__file__).parent / "reference"
PAGE = REFERENCE / "connectors.md"
LICENCES = REFERENCE / "licences.md"
REQUIREMENTS: Final = Path(__file__).parents[1] / "requirements"
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


LICENCES_HEAD = """# Licences

What an installed Doorstep is made of, and under which licence each package says it is. This page is made from the
packages' own metadata by `make docs`; do not edit it. What only tests and development need is not part of the product.

Doorstep itself: Apache-2.0. htmx, which is served to browsers, is 0BSD.
"""
OPTIONAL_HEAD = """
## Only with PostgreSQL

The driver is under the LGPL. It is optional, unchanged, and used through its public interface only.
"""


def licences() -> str:
    """The page of licences, ending in one newline."""
    needed = closure(REQUIREMENTS / "base.in")
    extra = {name: one for name, one in closure(REQUIREMENTS / "postgres-extra.in").items() if name not in needed}
    return "\n".join((LICENCES_HEAD, *licence_table(needed), OPTIONAL_HEAD, *licence_table(extra), ""))


def licence_table(found: dict[str, Distribution]) -> list[str]:
    return table(["package", "licence"], [[name, licence(one)] for name, one in sorted(found.items())])


def closure(file: Path) -> dict[str, Distribution]:
    """The packages that a requirements file leads to on this machine, by normalized name."""
    wanted = [Requirement(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    found: dict[str, Distribution] = {}
    while wanted:
        one = wanted.pop()
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        if name not in found:
            found[name] = distribution(name)
            wanted += [need for need in map(Requirement, found[name].requires or ()) if applies(need, one.extras)]
    return found


def applies(need: Requirement, extras: set[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras or {""})


def licence(package: Distribution) -> str:
    """What the package says: the SPDX expression, else its classifiers, else its own words."""
    said = package.metadata
    classified = [text.rpartition(" :: ")[2] for text in said.get_all("Classifier", []) if text.startswith("License")]
    own = [text for text in classified if text not in {"OSI Approved", "DFSG approved"}]
    return said.get("License-Expression") or ", ".join(own) or said.get("License") or "not said"


if __name__ == "__main__":
    import diagnosis_pages  # beside this file; it needs no packages but the product

    PAGE.write_text(page(), encoding="utf-8")
    LICENCES.write_text(licences(), encoding="utf-8")
    diagnosis_pages.write()
