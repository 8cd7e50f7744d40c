"""Writes the reference pages that are made from the code: ``python docs/generate.py``.

Nothing is listed here: the registry finds the connectors, and a test fails when a page is not current.
"""

import os
import re
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final, get_args

from packaging.requirements import Requirement

from doorstep.connectors.contract import OWN, Can, Connector, Field
from doorstep.connectors.registry import Kind, connectors
from doorstep.core.channel import ByHand, Carriers, Channel, Mails, Parcels, carrier_name, channels, stages, task
from doorstep.core.channel import Link as TrackingLink
from doorstep.core.number import carriers
from doorstep.core.order import OrderState

REFERENCE: Final = Path(__file__).parent / "reference"
PAGE = REFERENCE / "connectors.md"
CHANNELS = REFERENCE / "channels.md"
LICENCES = REFERENCE / "licences.md"
REQUIREMENTS: Final = Path(__file__).parents[1] / "requirements"
TITLES: dict[Kind, str] = {
    "store": "Stores",
    "supplier": "Suppliers",
    "carrier": "Carriers and aggregators",
    "payment": "Payments",
}
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
    Can.TELL: "shows where it is",
    Can.PAY: "syncs payments",
    Can.GRANT: "connects by OAuth",
}
HEAD = """# Connectors

What Doorstep talks to, and what each can do; each name leads to its own page. Carriers that are not here are reached
[through an aggregator](through-an-aggregator.md). [How long the connectors are](connector-lengths.md) is for whoever
writes one. This page is made from the code by `make docs`; do not edit it.
"""


def page() -> str:
    """The whole page, ending in one newline."""
    return "\n".join([HEAD, *(section(kind) for kind in get_args(Kind) if connectors(kind))])


def section(kind: Kind) -> str:
    """One kind: what each connector can do, then how it is connected and what it is built on."""
    found = list(connectors(kind).values())
    named = {id(one): f"[{one.meta.label}](connectors/{kind}-{one.meta.name}.md)" for one in found}
    able = [can for can in ABILITIES if any(can in one.meta.can for one in found)]
    can_do = [[named[id(one)], *("yes" if can in one.meta.can else "" for can in able)] for one in found]
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


CHANNELS_HEAD = """# Channels

What each selling channel takes from Doorstep and shows to its shoppers. The facts are data
(`src/doorstep/core/channels.toml`), each with where it comes from; this page is made from them by `make docs`, do not
edit it. A channel is listed here as soon as its facts are known; whether Doorstep connects to it already is under
[Connectors](connectors.md).

A star marks what is common knowledge and was not verified against the vendor's own schema or a running shop.
"""
STAGES_HEAD = """## What a channel shows at each stage

The channel's own word for an order in each of our states; the same for numbers typed by hand and found by themselves.
An empty cell: it has no word of its own.
"""
DELIVERED_HEAD = """## Who makes it "delivered"

Doorstep's own "delivered" and the channel's are two things. Doorstep writes "delivered" to no channel unless the
channel's own API takes it and you switch it on.
"""
TAKES_HEAD = """## What a channel takes
"""
CARRIERS_HEAD = """## What carriers are called

Each channel has names of its own. A carrier that a channel does not list is told as the channel's word for "any other",
with its real name beside it where there is a field for that, and never as another carrier.
"""
LEFT_HEAD = """## What is left to do by hand

Where a channel's API does not take something, Doorstep says what to do there, in these words.
"""
WHO = {"buyer": "the buyer", "person": "you, by hand", "channel": "the channel itself", "doorstep": "Doorstep"}
MAILS = {
    Mails.NEVER: "no",
    Mails.ASKED: "when asked",
    Mails.SHOP: "as the shop is set up",
    Mails.ALWAYS: "always",
}
CONTENTS = {Parcels.LINES: "lines and quantities", Parcels.NUMBERS: "numbers only", Parcels.WHOLE: "the whole order"}
LINKS = {
    TrackingLink.NEVER: "no",
    TrackingLink.OPTIONAL: "yes",
    TrackingLink.WITH_OTHER: "for carriers it does not list",
}
TOLD = {Carriers.NONE: "none", Carriers.FREE: "any name", Carriers.LISTED: "its list", Carriers.OWN: "the shop's list"}


def channels_page() -> str:
    """The page of channels, ending in one newline."""
    sold = [one for one in channels() if one.kind != "payment"]
    shows = [["", *(state.value for state in OrderState)], [[one.label, *words(one)] for one in sold if one.shows]]
    return "\n".join(
        (
            CHANNELS_HEAD,
            STAGES_HEAD,
            *table(*shows),
            "",
            DELIVERED_HEAD,
            *table(["", "made so by"], [[one.label, delivered(one)] for one in sold if one.kind != "notes"]),
            "",
            TAKES_HEAD,
            *table(
                ["", "carrier", "link", "numbers a shipment", "a shipment says", "number can be changed", "taken back",
                 "read back", "mails the buyer", "others may write to the buyer", "ship-by date"],
                [takes(one) for one in channels() if one.numbers != "none"],
            ),
            "",
            *limits(),
            CARRIERS_HEAD,
            *table(["", "carriers named", "any other carrier", "list taken from"], named()),
            "",
            LEFT_HEAD,
            *table(["", "by hand"], [[one.label, left(one)] for one in sold if left(one)]),
            "",
        )
    )  # fmt: skip


def words(one: Channel) -> list[str]:
    return [stage.shows + star(one, "shows") if stage.shows else "" for stage in stages(one)]


def star(one: Channel, fact: str) -> str:
    return " *" if one.says.get(fact, "S")[0] == "K" else ""


def delivered(one: Channel) -> str:
    last = {stage.state: stage.by for stage in stages(one)}[OrderState.DELIVERED]
    return (", ".join(WHO[who] for who in last) or "nobody: it shows no delivery") + star(one, "delivered_by")


def takes(one: Channel) -> list[str]:
    change = ("yes" if one.edit_hours is None else f"for {one.edit_hours} hours") if one.edit else "no"
    cells = {
        "carriers": TOLD[one.carriers] + (", needed" if one.needs_carrier else ""),
        "link": LINKS[one.link],
        "numbers": one.numbers,
        "parcels": CONTENTS[one.parcels],
        "edit": change,
        "withdraw": "yes" if one.withdraw else "no",
        "read_back": "yes" if one.read_back else "no",
        "mails": MAILS[one.mails],
        "may_mail": "yes" if one.may_mail else "no",
        "ship_by": "yes" if one.ship_by else "no",
    }
    return [one.label, *(text + star(one, fact) for fact, text in cells.items())]


def limits() -> list[str]:
    """What narrower things single channels say."""
    said = []
    for one in channels():
        if one.max_number:
            said.append(f"- {one.label}: a number has at most {one.max_number} characters{star(one, 'max_number')}.")
        if one.charset != "any":
            kind = "letters and digits" if one.charset == "alphanumeric" else "ASCII characters"
            said.append(f"- {one.label}: a number has {kind} only{star(one, 'charset')}.")
        if one.refuses:
            refused = ", ".join(info.name for info in carriers() if info.code in one.refuses)
            said.append(f"- {one.label}: numbers of {refused} are not taken{star(one, 'refuses')}.")
        if one.cancel_after_d:
            days = f"{one.cancel_after_d} days after the ship-by date"
            said.append(f"- {one.label}: an order without a number is cancelled {days}{star(one, 'cancel_after_d')}.")
    return [*said, ""]


def named() -> list[list[str]]:
    rows = []
    for one in channels():
        if one.carriers is Carriers.LISTED:
            known = sum(carrier_name(one, info.code).listed for info in carriers())
            beside = f"`{one.other}`" if one.other else ""
            other = "its own name" if one.free_name else " and its own name" if one.free_beside else ""
            mark = " *" if one.names_from.startswith("K") else ""
            rows.append(
                [one.label, str(known), (beside + other).removeprefix(" and ") or "none", one.names_from[2:] + mark]
            )
    return rows


def left(one: Channel) -> str:
    """What a person does there."""
    said = [what.value for what in ByHand if task(one, what)]
    names = {"give": "enter the number", "edit": "change a number", "withdraw": "take a number back",
             "delivered": "mark as delivered"}  # fmt: skip
    return ", ".join(names[one] for one in said)


LICENCES_HEAD = """# Licences

What an installed Doorstep is made of, and under which licence each package says it is. This page is made from the
packages' own metadata by `make docs`; do not edit it. What only tests and development need is not part of the product.

Doorstep itself: Apache-2.0. htmx and uPlot, which are served to browsers, are 0BSD and MIT; DejaVu Sans, by
which PDF files are set, has the licence of Bitstream Vera.
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
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")  # sentences are said in its time zone
    import api_pages  # beside this file; they need no packages but the product
    import carrier_pages
    import client_modules
    import command_pages
    import compat_pages
    import connector_pages
    import diagnosis_pages
    import supplier_pages
    import webhook_pages

    PAGE.write_text(page(), encoding="utf-8")
    CHANNELS.write_text(channels_page(), encoding="utf-8")
    LICENCES.write_text(licences(), encoding="utf-8")
    api_pages.write()
    carrier_pages.write()
    client_modules.write()
    command_pages.write()
    compat_pages.write()
    connector_pages.write()
    diagnosis_pages.write()
    supplier_pages.write()
    webhook_pages.write()
