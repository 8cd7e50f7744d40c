"""Orders at suppliers."""

import msgspec

from doorstep.app.receive import matching
from doorstep.app.records.page import Page
from doorstep.app.records.purchases import Purchase, Wanted
from doorstep.app.records.purchases import purchase as one_purchase
from doorstep.app.records.purchases import purchases as some_purchases
from doorstep.core.order import PurchaseState
from doorstep.web.api.kinds import Id, Short, whole
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, Listed, Shown, route


class PurchasesQuery(Listed, kw_only=True, forbid_unknown_fields=True):
    """Which purchases. ``matched`` false: a line is of no order yet."""

    state: PurchaseState | None = None
    supplier_id: Id | None = None
    external_id: Short | None = None
    order_id: Id | None = None
    matched: bool | None = None


class Match(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which order a purchase is for; null = for none of them."""

    order_id: Id | None


@route("GET", "/purchases", "purchases:read", steady=True)
def list_purchases(ask: Ask, query: PurchasesQuery) -> Page[Purchase]:
    """Purchases, the one heard of last first."""
    wanted = Wanted(
        state=query.state,
        supplier_id=whole(query.supplier_id),
        external_id=query.external_id,
        order_id=whole(query.order_id),
        matched=query.matched,
    )
    return some_purchases(ask.ws, wanted, query.limit, query.cursor, ask.fields)


@route("GET", "/purchases/{purchase_id}", "purchases:read", steady=True)
def get_purchase(ask: Ask, query: Shown, purchase_id: int) -> Purchase:
    """One purchase."""
    found = one_purchase(ask.ws, purchase_id, ask.fields)
    if found is None:
        raise Declined("not_found")
    return found


@route("POST", "/purchases/{purchase_id}/match", "purchases:write")
def match_purchase(ask: Ask, body: Match, purchase_id: int) -> Purchase:
    """Say which order a purchase is for: lines that name no order are then that one's, with their numbers."""
    if body.order_id is None:
        matching.part(ask.ws, purchase_id, ask.actor)
    else:
        matching.match(ask.ws, purchase_id, int(body.order_id), ask.actor)
    return get_purchase(ask, Shown(), purchase_id)
