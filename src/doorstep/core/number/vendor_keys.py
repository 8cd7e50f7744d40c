"""What vendors call carriers in their interfaces: AfterShip's slugs, PayPal's enum, Shopify's company names ...

The table is ``vendor_keys.csv``, one key a row; a key that means another carrier in a country has that country (ISO
3166) beside it. 17TRACK's numbers stand with the carriers, see ``directory.key_of``. It is read when first asked for.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_Key = tuple[str, str]  # country or '', our code


def carrier_at(vendor: str, key: str, *, country: str = "") -> str:
    """Our code for a vendor's key, exactly as the vendor writes it; '' if the vendor's list has no such key."""
    known = _keys().get((vendor, key), {})
    return known.get(country) or known.get("", "")


def keys_at(vendor: str, code: str, *, country: str = "") -> tuple[str, ...]:
    """The keys that a vendor has for one of our carriers in a country, in the order of the alphabet; often none."""
    return _codes().get((vendor, code, country), ()) or _codes().get((vendor, code, ""), ())


def slug_at(vendor: str, code: str) -> str:
    """What a vendor whose keys are words with dashes calls a carrier: of its keys the one that reads like our code,
    else the shortest; our code in that spelling where its list has none.
    """
    usual, known = code.replace("_", "-"), keys_at(vendor, code)
    return usual if usual in known else min(known, key=len, default=usual)


def codes_at(vendor: str) -> frozenset[str]:
    """Our codes of all carriers that a vendor lists."""
    return frozenset(code for one, _, _, code in _rows() if one == vendor)


@cache
def vendors() -> tuple[str, ...]:
    """The vendors whose keys are in the table."""
    return tuple(dict.fromkeys(vendor for vendor, _ in _keys()))


def carriers_spelled(squeezed: str) -> Sequence[_Key]:
    """Who has a key at any vendor that reads so in lower case with letters and digits only: countries and codes."""
    return _spelled().get(squeezed, ())


@cache
def _rows() -> Sequence[Sequence[str]]:
    """Vendor, key, country, code."""
    with Path(__file__).with_name("vendor_keys.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))[1:]


@cache
def _keys() -> Mapping[tuple[str, str], Mapping[str, str]]:
    keys: dict[tuple[str, str], dict[str, str]] = {}
    for vendor, key, country, code in _rows():
        keys.setdefault((vendor, key), {})[country] = code
    return keys


@cache
def _codes() -> Mapping[tuple[str, str, str], tuple[str, ...]]:
    codes: dict[tuple[str, str, str], list[str]] = {}
    for vendor, key, country, code in _rows():
        codes.setdefault((vendor, code, country), []).append(key)
    return {carrier: tuple(keys) for carrier, keys in codes.items()}


@cache
def _spelled() -> Mapping[str, Sequence[_Key]]:
    spelled: dict[str, list[_Key]] = {}
    for _, key, country, code in _rows():
        spelled.setdefault("".join(re.findall(r"[^\W_]+", key.casefold())), []).append((country, code))
    return spelled
