"""Finds connectors. There is no list to edit: a module with a ``CONNECTOR`` in ``carriers/``, ``stores/``,
``suppliers/`` or ``payments/`` is one.
"""

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Literal

from doorstep.connectors.contract import Connector

Kind = Literal["store", "supplier", "carrier", "payment"]
PACKAGES: dict[Kind, str] = {
    "store": "stores",
    "supplier": "suppliers",
    "carrier": "carriers",
    "payment": "payments",
}


@functools.cache
def connectors(kind: Kind) -> Mapping[str, Connector]:
    """All connectors of a kind by name, sorted by label."""
    package = importlib.import_module(f"doorstep.connectors.{PACKAGES[kind]}")
    names = [info.name for info in pkgutil.iter_modules(package.__path__) if not info.ispkg]
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    found: list[Connector] = [module.CONNECTOR for module in modules if hasattr(module, "CONNECTOR")]
    return {one.meta.name: one for one in sorted(found, key=lambda one: one.meta.label.lower())}


def connector(kind: str, name: str) -> Connector:
    """The connector, or KeyError naming what exists."""
    if kind not in PACKAGES:
        raise KeyError(f"no kind {kind!r}; there are {', '.join(PACKAGES)}")
    found = connectors(kind)
    if name not in found:
        raise KeyError(f"no {kind} connector {name!r}; there are {', '.join(found)}")
    return found[name]
