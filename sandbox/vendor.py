"""A vendor of the world that is known by its host name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Vendor:
    """``kind``: store, supplier, carrier or payment. ``keys`` open its door, named as Doorstep's form has them.
    ``agreed`` makes what an app holds beside them that a person has let in on the vendor's own page already.
    """

    kind: str
    hosts: tuple[str, ...]
    app: Callable[[], web.Application]
    keys: Mapping[str, str]
    agreed: Callable[[], Mapping[str, str]] | None = None
