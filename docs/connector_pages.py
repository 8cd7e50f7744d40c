"""Writes a reference page for each connector, and the pages about all of them: who is reached through an aggregator,
and how long the connectors are.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeGuard, get_args

from doorstep.connectors.contract import OWN, Can, Connector, Field, Meta
from doorstep.connectors.registry import PACKAGES, Kind, connectors
from doorstep.core.number import CarrierInfo, all_carriers, carrier, keys_at
from doorstep.core.number.vendor_keys import vendors

REFERENCE: Final = Path(__file__).parent / "reference"
PAGES: Final = REFERENCE / "connectors"
THROUGH: Final = REFERENCE / "through-an-aggregator.md"
LENGTHS: Final = REFERENCE / "connector-lengths.md"
CODE: Final = Path(__file__).parents[1] / "src" / "doorstep" / "connectors"
MADE: Final = "This page is made from the code by `make docs`; do not edit it."
ABLE: Final[dict[Can, str]] = {
    Can.ORDERS: "reads orders",
    Can.PUSH: "gives numbers to the shop",
    Can.PARTIAL: "gives a number for part of an order",
    Can.EDIT: "changes a number that was given",
    Can.READ_BACK: "reads what the shop shows",
    Can.WITHDRAW: "takes a number back",
    Can.DELIVERED: "marks an order delivered",
    Can.TELL: "shows in the shop where a parcel is",
    Can.PURCHASES: "reads purchases and their numbers",
    Can.MAIL: "reads mails",
    Can.MANUAL: "numbers are typed by hand",
    Can.TRACK: "is asked where parcels are",
    Can.FOLLOW: "follows numbers over there",
    Can.PAY: "gives numbers to the payment service",
    Can.HOOKS: "is told by webhooks",
    Can.GRANT: "is allowed in on the vendor's own page (OAuth 2.0)",
}
_SHOP: Final = (Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK, Can.WITHDRAW, Can.DELIVERED, Can.TELL)
OF_KIND: Final[dict[Kind, tuple[Can, ...]]] = {
    "store": (*_SHOP, Can.HOOKS, Can.GRANT),
    "supplier": (Can.PURCHASES, Can.MAIL, Can.MANUAL, Can.HOOKS, Can.GRANT),
    "carrier": (Can.TRACK, Can.FOLLOW, Can.HOOKS, Can.GRANT),
    "payment": (Can.PAY, Can.HOOKS, Can.GRANT),
}
PROVEN: Final = {
    "recorded": "Its answers were recorded from the real service.",
    "vendor sample": "It was built on the vendor's own schema or samples; no answer of the real service was recorded.",
    "documented only": "It was built on the vendor's documentation; no answer of the real service was seen yet.",
}
BUDGET: Final[dict[Kind, int]] = {"store": 350, "supplier": 350, "carrier": 150, "payment": 350}


def pages() -> dict[Path, str]:
    """Every page about one connector, by its file."""
    return {
        PAGES / f"{kind}-{name}.md": page(kind, one)
        for kind in get_args(Kind)
        for name, one in sorted(connectors(kind).items())
    }


def page(kind: Kind, one: Connector) -> str:
    """What it needs, where that is had, what it can and cannot do, and how sure all that is."""
    meta = one.meta
    parts = [f"# {meta.label}", MADE + " All connectors: [Connectors](../connectors.md)."]
    parts += ["## What you need", *needs(one)]
    if meta.steps:
        parts += ["## How to get it", "\n".join(f"{place}. {step}" for place, step in enumerate(meta.steps, 1))]
    wanted = [can for can in OF_KIND[kind] if can is not Can.GRANT or can in meta.can]
    parts += ["## What it can do", "\n".join(f"- {'yes' if can in meta.can else 'no'}: {ABLE[can]}" for can in wanted)]
    if meta.carriers:
        parts.append("It answers for " + ", ".join(sorted(carrier(code).name for code in meta.carriers)) + ".")
    elif Can.TRACK in meta.can:
        parts.append("It is an aggregator: it answers for many carriers.")
    if meta.keys:
        parts.append("Beside the number it is told, where an order says it: " + ", ".join(sorted(meta.keys)) + ".")
    parts += ["## Limits", "\n".join(f"- {line}" for line in (pace(one), *meta.limits))]
    if meta.gaps:
        parts += ["## What it does not do", "\n".join(f"- {line}" for line in meta.gaps)]
    parts += ["## How sure this is", proof(one)]
    return "\n\n".join(parts) + "\n"


def needs(one: Connector) -> Iterator[str]:
    """The fields of its form, and where the vendor writes about them."""
    if not one.meta.fields:
        yield "Nothing: it needs no account."
        return
    yield "\n".join(f"- {told(field)}" for field in one.meta.fields)
    if one.meta.docs:
        yield f"The vendor's own documentation: <{one.meta.docs}>"


def told(field: Field) -> str:
    """One field in a line."""
    marks = [word for word, holds in (("kept encrypted", field.secret), ("optional", not field.required)) if holds]
    said = f"**{field.label}**" + (f" ({', '.join(marks)})" if marks else "")
    return f"{said}: {field.help}" if field.help else said


def pace(one: Connector) -> str:
    """How often it is called, and whom."""
    if not one.meta.hosts:
        return "It calls nobody."
    whom = "the shop itself" if one.meta.hosts == OWN else ", ".join(sorted(one.meta.hosts))
    batch = f", with up to {one.meta.batch} numbers in a call" if one.meta.batch > 1 else ""
    return f"At most {one.meta.polls_per_minute} calls a minute to {whom}{batch}."


def proof(one: Connector) -> str:
    """What its shapes come from, and which words of the vendor no recording shows."""
    unseen = sorted(one.unseen)
    said = f"{PROVEN[one.meta.proven]} Behind it: {one.meta.basis}."
    if unseen:
        said += f"\n\nWords in the documentation that no recording shows: {', '.join(f'`{word}`' for word in unseen)}."
    return said


THROUGH_HEAD: Final = f"""# Through an aggregator

Carriers that Doorstep has no connector of its own for. Connect an aggregator and they are asked through it. “By its
number” says that no aggregator's key for the carrier is known: the aggregator finds it out from the number, or does
not.

A few carriers are known to Karrio only. Doorstep asks a Karrio server for them: a program of its own, which keeps the
accounts at these carriers. A scan that comes through it has an instant only where Karrio states one.

Running Karrio's own connectors inside Doorstep, as an optional library (LGPL-3.0), was tried with its release 2026.1.32
and left out, for these reasons:

- **Asking cannot be taken out of it.** The half of a connector that makes a request makes only what is sent; the
  address, the headers and the sending are one call in its other half, some from threads of their own, some of a
  function that they import by its name. Time-outs, allowed addresses, budgets and redaction would have to be put into
  somebody else's modules, one by one, and checked again with every release.
- **Reading asks, too.** The reader of DHL Express fetches a proof of delivery while it reads an answer, and goes on
  silently when that fails. An answer that is kept could not be read again without asking the carrier.
- **Times are wrong, and not only short of an offset.** Whatever zone a carrier states, the clock's time is written down
  with a Z behind it: 12:33 at +08:00 becomes 12:33 UTC. What was meant is in the carrier's own answer alone, so each
  carrier's answer would have to be read a second time, by a reader of our own: that is a connector.
- **Statuses are guessed.** A code that some of its connectors do not know becomes “in transit” for the parcel, and a
  scan at Aramex or Canpar has no status at all.
- **It is heavy.** Twelve packages (for images, barcodes, SOAP, telephone numbers, and a PDF library that its authors
  have given up), and one more for each carrier, for the carriers below that name Karrio: its server answers for them.

{MADE}

| carrier | known to |
| --- | --- |"""
OWN_AT_MOST: Final = 20  # codes of one carrier's connector: DHL has the most, with its companies
LENGTHS_HEAD: Final = """# How long the connectors are

Lines of a connector and of what belongs to it, without tables of codes. “Words” are the lines of it that ask and read
nothing: imports, docstrings, and what the connector says of itself (fields, steps, limits, gaps), from which its page
in this documentation and in the console is made. Written by `make docs`.

Longer than the budget are, and stay:

- **A shop with all abilities.** Orders in; numbers out, changed, read back and taken back; webhooks verified; errors in
  words: that took 430 to 620 lines at most shops. The budget of 350 is too narrow for it, and what would have to go is
  a check or an ability.
- **Several ways into one shop.** Shopify has fulfillment orders, events, webhooks and two kinds of tokens; WooCommerce
  has as many ways to tell a number as it has plugins for it; any shop is asked and answered as its owner has laid down.
- **Signatures and tokens of a marketplace.** eBay, Shopee, TikTok Shop, Lazada and AliExpress sign requests or notices
  and renew tokens, each in its own way; most answer errors with status 200.
- **A table somebody made.** The spreadsheet, the private link and the table at an address share one reader of tables,
  which is counted in each of them.
- **An aggregator keeps a list.** Numbers are put on it, taken off it and moved to another carrier, its webhooks are
  verified, and its whole vocabulary of statuses and reasons is mapped.
- **A carrier that says the same in several ways.** UPS, FedEx, USPS, DHL, GLS and PostNord tell times, places and codes
  by service or by the age of the scan.

| connector | lines | words | budget |
| --- | --- | --- | --- |"""


def through() -> str:
    """Carriers without a connector of their own, and which aggregators know them."""
    metas = [one.meta for one in connectors("carrier").values()]
    some = [meta for meta in metas if not meta.carriers or len(meta.carriers) > OWN_AT_MOST]
    direct = {code for meta in metas if meta not in some for code in meta.carriers}
    found = sorted((one for one in all_carriers() if one.code not in direct), key=lambda one: one.name.lower())
    rows = [(one.name, [meta.label for meta in some if knows(meta, one)]) for one in found]
    return "\n".join(
        (THROUGH_HEAD, *(f"| {name} | {', '.join(known) or 'by its number'} |" for name, known in rows), "")
    )


def knows(meta: Meta, one: CarrierInfo) -> bool:
    """Whether an aggregator answers for a carrier, or has a key for it."""
    if meta.carriers:
        return one.code in meta.carriers
    if meta.name == "seventeen_track":
        return bool(one.seventeen_track)
    return bool(meta.name in vendors() and keys_at(meta.name, one.code))


def lengths() -> str:
    """Lines of code of each connector beside the budget."""
    rows = [
        f"| [{one.meta.label}](connectors/{kind}-{name}.md) | {sum(map(lines, own))} | {sum(map(words, own))} |"
        f" {BUDGET[kind]} |"
        for kind in get_args(Kind)
        for name, one in connectors(kind).items()
        for own in [modules(kind, name)]
    ]
    return "\n".join((LENGTHS_HEAD, *rows, ""))


def modules(kind: Kind, name: str) -> set[Path]:
    """The module of a connector, and those of its kind that it imports."""
    folder, waiting, seen = CODE / PACKAGES[kind], [CODE / PACKAGES[kind] / f"{name}.py"], set[Path]()
    while waiting:
        path = waiting.pop()
        if path in seen or not path.exists():
            continue
        seen.add(path)
        waiting += (other for other in imported(path) if folder in other.parents)
    return seen


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def words(path: Path) -> int:
    """Lines of imports, docstrings and of what a connector says of itself."""
    found = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if _says(node)]
    return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in found)


def _says(node: ast.AST) -> TypeGuard[ast.stmt]:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "Meta"
    return isinstance(node, ast.Import | ast.ImportFrom)


def imported(path: Path) -> Iterator[Path]:
    """The modules of connectors that a module imports, as files."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("doorstep.connectors."):
            base = CODE.joinpath(*node.module.split(".")[2:])
            yield base.with_suffix(".py")
            yield from (base / f"{alias.name}.py" for alias in node.names)


def write() -> None:
    """All of them; pages of connectors that are no more go."""
    PAGES.mkdir(exist_ok=True)
    made = pages()
    for path in set(PAGES.glob("*.md")) - made.keys():
        path.unlink()
    for path, text in {**made, THROUGH: through(), LENGTHS: lengths()}.items():
        path.write_text(text, encoding="utf-8")
