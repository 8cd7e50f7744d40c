"""Asking for fresh data now."""

from typing import Literal

import msgspec

from doorstep.app.records.page import Page
from doorstep.app.records.resyncs import Resync, one, resyncs
from doorstep.app.track import resync_store
from doorstep.core.resync import Range
from doorstep.web.api.kinds import Id, whole
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, Listed, Made, Shown, route


class ResyncsQuery(Listed, kw_only=True, forbid_unknown_fields=True):
    """Which resyncs."""

    scope: Literal["parcel", "store"] | None = None
    target_id: Id | None = None


class StoreResync(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A store, and which of its orders: by their date, in the workspace's days."""

    store_id: Id
    range: Range = Range.DAYS_30


@route("GET", "/resyncs", "resyncs:read")
def list_resyncs(ask: Ask, query: ResyncsQuery) -> Page[Resync]:
    """Resyncs, the newest first."""
    return resyncs(ask.ws, query.scope, whole(query.target_id), query.limit, query.cursor)


@route("GET", "/resyncs/{resync_id}", "resyncs:read")
def get_resync(ask: Ask, query: Shown, resync_id: int) -> Resync:
    """One resync, and what came of it."""
    found = one(ask.ws, resync_id)
    if found is None:
        raise Declined("not_found")
    return found


@route("POST", "/resyncs", "resyncs:write", status=201)
def resync_store_orders(ask: Ask, body: StoreResync) -> Made[Resync]:
    """Have all open parcels of a store asked about: once an hour. A single parcel has an address of its own."""
    asked = resync_store.ask_store(ask.ws, int(body.store_id), body.range, ask.actor, "api")
    made = one(ask.ws, asked.resync_id) if asked.accepted else None
    if made is None:
        raise Declined("not_now", asked.messages[0])
    return Made(made, f"/resyncs/{made.id}")


@route("POST", "/resyncs/{resync_id}/cancel", "resyncs:write")
def cancel_resync(ask: Ask, resync_id: int) -> Resync:
    """Ask about no more parcels of a store; answers to what was asked are waited for."""
    resync_store.cancel(ask.ws, resync_id, ask.actor)
    return get_resync(ask, Shown(), resync_id)
