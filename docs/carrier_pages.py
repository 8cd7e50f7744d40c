"""Writes the reference page of the carriers: who they are, what they are called, and how their numbers are known."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from doorstep.core.number import CarrierInfo, all_carriers, carriers
from doorstep.core.number.format import Format, formats
from doorstep.core.number.vendor_keys import keys_at, vendors

CARRIERS_PAGE: Final = Path(__file__).parent / "reference" / "carriers.md"
UNVERIFIED: Final = ", unverified"
HEAD = """# Carriers

Who moves parcels, what they are called, and which numbers of theirs are known. This page is made from the code by
`make docs`; do not edit it. How a number is read is told in [How Doorstep reads a number](../explanation/numbers.md).

A carrier is meant by its code, its name, any of its other spellings, or the key that a vendor has for it:

```python
from doorstep.core.number import carrier, carrier_named, keys_at, tracking_link

for said in ("DHL eCommerce US", "dhl-global-mail", "云途物流", "CN_YANWEN", "Yamato (EN)", "GLS", "Gati (CN)"):
    print(said, "→", carrier_named(said))
print(carrier_named("GLS", country="US"), carrier_named("WEDO") or "two carriers are called so")
print(carrier("yunexpress").partners[:3], keys_at("aftership", "yunexpress"), keys_at("paypal", "yunexpress"))
print(tracking_link("yunexpress", "YT2229521272164446"))
```

```text
DHL eCommerce US → dhl_ecommerce
dhl-global-mail → dhl_ecommerce
云途物流 → yunexpress
CN_YANWEN → yanwen
Yamato (EN) → yamato
GLS → gls
Gati (CN) → gati_cn
gls_us two carriers are called so
('usps', 'royal_mail', 'la_poste') ('yunexpress',) ('YUNEXPRESS',)
https://www.yuntrack.com/parcelTracking?id=YT2229521272164446
```

The languages are those of the carrier's country. A partner is somebody who often carries the last mile.
"""
WELL_KNOWN = """
## Carriers that are known well

| code | name | country | languages | tracking page | formats | hands over to |
| --- | --- | --- | --- | --- | --- | --- |"""
FORMATS = """
## Formats

What a number of a format proves when nothing else is known: *certain*, *likely*, *possible*, or nothing (*hinted*: it
is considered only when something else speaks for the carrier or its country). A source that says "unverified" is what
people and programs report; no document of the carrier was found.

| format | carrier | example | check digit | alone it is | source |
| --- | --- | --- | --- | --- | --- |"""
NAMED = """
## Carriers that are known by name

Their numbers cannot be told from others, but whatever a shop or a supplier calls them leads to one code. By country.
"""


def page() -> str:
    """The whole page, ending in one newline."""
    parts = (HEAD, *counts(), WELL_KNOWN, *well_known(), FORMATS, *map(format_row, formats()), NAMED, *named())
    return "\n".join(parts).rstrip("\n") + "\n"


def counts() -> Iterator[str]:
    """What there is of everything, as a table."""
    everyone = all_carriers()
    yield from ("| | |", "| --- | --- |")
    yield f"| carriers | {len(everyone)}, {len(carriers())} of them known well |"
    yield f"| spellings besides their names | {sum(len(one.aliases) for one in everyone)} |"
    yield f"| tracking pages | {sum(bool(one.link) for one in everyone)} |"
    yield f"| countries whose postal operator is known | {sum(len(one.s10) for one in everyone)} |"
    yield f"| keys of 17TRACK | {sum(len(one.seventeen_track) for one in everyone)} |"
    for vendor in vendors():
        yield f"| keys of {vendor} | {sum(len(keys_at(vendor, one.code)) for one in everyone)} |"
    unsure = sum(each.source.endswith(UNVERIFIED) for each in formats())
    yield f"| formats of numbers | {len(formats())}, {unsure} of them unverified |"


def well_known() -> Iterator[str]:
    theirs: dict[str, list[str]] = {}
    for each in formats():
        theirs.setdefault(each.carrier, []).append(each.name)
    for one in carriers():
        known = [*theirs.get(one.code, ()), *(["upu_s10"] if one.s10 else ())]
        name = f"[{one.name}]({one.site})" if one.site else one.name
        where = f"`{one.link}`" if one.link else ""
        partners = ", ".join(one.partners)
        yield row(one.code, name, one.country, " ".join(one.languages), where, ", ".join(known), partners)


def format_row(each: Format) -> str:
    carrier = "the country's postal operator" if each.carrier == "@s10" else each.carrier
    check = f"one in {each.check.odds}" if each.check else ""
    return row(each.name, carrier, f"`{each.example}`", check, each.bare, each.source)


def named() -> Iterator[str]:
    """A paragraph for each country: codes and names."""
    at_home: dict[str, list[CarrierInfo]] = {}
    for one in all_carriers()[len(carriers()) :]:
        at_home.setdefault(one.country or "several countries or unknown", []).append(one)
    for country, ones in sorted(at_home.items()):
        yield f"**{country}**: {'; '.join(f'`{one.code}` {one.name}' for one in ones)}\n"


def row(*cells: str) -> str:
    """One row of a table; a bar inside a cell would end it."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write() -> None:
    CARRIERS_PAGE.write_text(page(), encoding="utf-8")
