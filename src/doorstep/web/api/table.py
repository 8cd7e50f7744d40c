"""All operations, by where they are found."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from doorstep.web.api import (
    connections,
    findings,
    imports,
    numbers,
    orders,
    parcels,
    purchases,
    pushes,
    recognizing,
    resyncs,
    webhooks,
)
from doorstep.web.api.route import ROUTES, Route

MODULES: Final = (
    *(orders, parcels, numbers, purchases, pushes, findings, resyncs, connections, imports, recognizing),
    webhooks,
)


def _table() -> Mapping[tuple[str, ...], Mapping[str, Route]]:
    found: dict[tuple[str, ...], dict[str, Route]] = defaultdict(dict)
    for one in ROUTES:
        parts = one.path.strip("/").split("/")
        found[tuple("{}" if part.startswith("{") else part for part in parts)][one.method] = one
    return dict(found)


TABLE: Final = _table()
