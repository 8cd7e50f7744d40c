"""Why there is no news, and what to do."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta as Limits

from doorstep.app import clock
from doorstep.app.order import acks
from doorstep.app.order.order_view import findings_of
from doorstep.app.records.findings import Finding, of_open_orders, of_order
from doorstep.app.records.page import Page
from doorstep.web.api.kinds import Text
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, route


class FindingsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``limit`` counts orders: each is thought about anew."""

    limit: Annotated[int, Limits(ge=1, le=50, description="Findings of at most so many orders.")] = 20
    cursor: Annotated[str, Limits(max_length=1000, description="`next_cursor` of the page before.")] = ""


class Answer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An answer to the finding of that ``key``: the buyer was told, later, it is no problem; or open it again."""

    key: Text
    answer: Literal["told", "later", "fine", "open"]


@route("GET", "/findings", "findings:read")
def list_findings(ask: Ask, query: FindingsQuery) -> Page[Finding]:
    """Findings about orders that are not done, the newest order first. A page holds those of ``limit`` orders."""
    return of_open_orders(ask.ws, query.limit, query.cursor)


@route("GET", "/orders/{order_id}/findings", "findings:read")
def list_findings_of_order(ask: Ask, order_id: int) -> Page[Finding]:
    """All findings about one order, the surest first."""
    found = of_order(ask.ws, order_id)
    if found is None:
        raise Declined("not_found")
    return Page(data=found, next_cursor=None)


@route("POST", "/orders/{order_id}/findings/answer", "findings:write")
def answer_finding(ask: Ask, body: Answer, order_id: int) -> Page[Finding]:
    """Answer a finding. The same cause on other evidence is a new finding."""
    now = clock.now()
    every = acks.answered(ask.ws, order_id, findings_of(ask.ws, order_id, now) or (), now)
    one = next((one for one in every if one.key == body.key), None)
    if one is None:
        raise Declined("not_found")
    if body.answer == "open":
        acks.take_back(ask.ws, order_id, one, ask.actor)
    else:
        acks.answer(ask.ws, order_id, one, body.answer, ask.actor)
    return list_findings_of_order(ask, order_id)
