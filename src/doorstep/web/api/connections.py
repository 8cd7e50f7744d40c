"""Connected stores, suppliers, carrier accounts."""

from typing import Literal

from doorstep.app.records.connections import Connection, connection, connections
from doorstep.app.records.page import Page
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, Shown, route


class ConnectionsQuery(Shown, kw_only=True, forbid_unknown_fields=True):
    """Which connections."""

    kind: Literal["store", "supplier", "carrier", "payment"] | None = None


@route("GET", "/connections", "connections:read")
def list_connections(ask: Ask, query: ConnectionsQuery) -> Page[Connection]:
    """All connections, on one page. What is secret of them never leaves."""
    return connections(ask.ws, query.kind)


@route("GET", "/connections/{connection_id}", "connections:read")
def get_connection(ask: Ask, query: Shown, connection_id: int) -> Connection:
    """One connection."""
    found = connection(ask.ws, connection_id)
    if found is None:
        raise Declined("not_found")
    return found
