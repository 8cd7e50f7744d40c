"""Tables that other tracking services write, known by their columns.

Documented only: the names of AfterShip's and of Advanced Shipment Tracking's columns are those of their published CSV
formats; no file of 17TRACK or ParcelPanel was seen, so theirs are the names of the same fields in their APIs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from doorstep.connectors.suppliers.sheets.columns import plain
from doorstep.core.number import carrier_at, carrier_by_key


def _as_it_is(said: str) -> str:
    return said


def _slug(said: str) -> str:
    """AfterShip's own words: some mean another carrier there than anywhere else."""
    return carrier_at("aftership", said.strip().lower()) or said


def _key(said: str) -> str:
    """17TRACK's numbers of carriers."""
    text = said.strip()
    return (carrier_by_key(int(text)) if text.isascii() and text.isdecimal() and len(text) < 10 else "") or said


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Whose table it is. ``marks``: columns (as ``columns.plain`` writes their names) of which one set is all there;
    ``names``: which column holds what, the one named earlier first; ``carrier`` makes our code of a cell, or leaves it.
    """

    label: str
    marks: tuple[frozenset[str], ...]
    names: Mapping[str, Sequence[str]]
    carrier: Callable[[str], str] = _as_it_is


EXPORTS: Final = (
    Export(
        label="AfterShip",
        marks=(
            frozenset({"trackingnumber", "courier", "orderid", "title"}),
            frozenset({"trackingnumber", "slug", "tag"}),
        ),
        names=MappingProxyType({
            "order": ("ordernumber", "orderid"),
            "number": ("trackingnumber",),
            "carrier": ("courier", "slug"),
            "shipped": ("trackingshipdate", "shipmentpickupdate"),
        }),
        carrier=_slug,
    ),
    Export(
        label="Advanced Shipment Tracking",
        marks=(frozenset({"orderid", "trackingprovider", "trackingnumber", "statusshipped"}),),
        names=MappingProxyType({
            "order": ("orderid",),
            "number": ("trackingnumber",),
            "carrier": ("trackingprovider",),
            "sku": ("sku",),
            "quantity": ("qty",),
            "shipped": ("dateshipped",),
        }),
    ),
    Export(
        label="17TRACK",
        marks=(frozenset({"number", "carrier", "orderno"}), frozenset({"number", "carrier", "packagestatus"})),
        names=MappingProxyType({"order": ("orderno",), "number": ("number",), "carrier": ("carrier",)}),
        carrier=_key,
    ),
    Export(
        label="ParcelPanel",
        marks=(frozenset({"ordername", "tracknumber"}),),
        names=MappingProxyType({
            "order": ("ordername",),
            "number": ("tracknumber",),
            "carrier": ("shopifycarrier", "carrier", "courier"),
        }),
    ),
)  # fmt: skip


def export_of(head: Sequence[str]) -> Export | None:
    """Whose table has these columns, None for nobody's that is known."""
    names = {plain(one) for one in head}
    return next((one for one in EXPORTS if any(marks <= names for marks in one.marks)), None)
