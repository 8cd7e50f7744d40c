"""How a parcel is carried, where its number says it: registered, express, as a return ... Data in ``carriage.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """``code`` as it stands in the number; ``returns``: the parcel goes back to who sold it."""

    code: str
    name: str
    returns: bool


def service_of(form: str, number: str) -> Service | None:
    """The service of a number (without routing) of a format; None if it names none that we know."""
    family = _families().get(form)
    if not family:
        return None
    start, end = family["at"]
    code = number[start:end]
    name = next(filter(None, (family["names"].get(code[:length], "") for length in range(len(code), 0, -1))), "")
    return Service(code=code, name=name, returns=name in family.get("returns", ())) if name else None


@cache
def _families() -> Mapping[str, Mapping[str, Any]]:
    """The rows by the names of their formats, with the names of services by code."""
    rows = tomllib.loads(Path(__file__).with_name("carriage.toml").read_text(encoding="utf-8"))
    return {form: {**row, "names": _by_code(row["service"])} for row in rows.values() for form in row["formats"]}


def _by_code(services: Mapping[str, str]) -> Mapping[str, str]:
    return {code: name for name, codes in services.items() for code in codes.split()}
