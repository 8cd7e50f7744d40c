"""A push that is not sent: what would go out under which rules, whether the store would take it, what the buyer sees.

Nothing is written and nothing is changed over there. When the store itself is asked, only requests that read are sent;
the first one that would change something is described instead.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from doorstep.app import clock
from doorstep.app.ledger import policies, told
from doorstep.app.push.cases import Considered, consider
from doorstep.app.say import say
from doorstep.app.vendors.accounts import account_of, drive, message_of
from doorstep.connectors.contract import Account, Can, Flow, Pushed, Request, Shipment, Store, Trouble
from doorstep.connectors.registry import connector
from doorstep.core.channel import Channel
from doorstep.core.convert import Given
from doorstep.core.message import Message
from doorstep.core.order import Role
from doorstep.core.policy import Decision, Hold, MailBy, Policy, Push, decide
from doorstep.core.preview import Preview, preview
from doorstep.db.models import Connection, Order

LATEST: Final = 10
HIDDEN: Final = "•••"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A request as one may show it: no headers, no query, no secret. ``body`` is JSON made readable where it is."""

    method: str
    url: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """One parcel of one order. ``shipment``: what the connector would be handed, None = nothing would be given.
    ``request``: the first one to be sent; after the store was asked, the first that would change something. ``answer``
    says what the store thinks of it. ``takes``: True, False, or None = not asked.
    """

    order_id: int
    order: str
    store: str
    parcel_id: int
    preview: Preview
    until: datetime | None
    shipment: Shipment | None
    request: Described | None
    takes: bool | None
    answer: Message | None

    def as_json(self) -> dict[str, Any]:
        """Plain data: ids of sentences are kept beside the sentences."""
        return {
            "order": self.order,
            "store": self.store,
            "parcel": self.parcel_id,
            "decision": self.preview.kind,
            "reason": _said(self.preview.reason),
            "until": self.until.isoformat() if self.until else None,
            "told": dict(self.preview.fields),
            "contents": [asdict(one) for one in self.shipment.contents] if self.shipment else [],
            "request": asdict(self.request) if self.request else None,
            "takes": self.takes,
            "answer": _said(self.answer) if self.answer else None,
            "buyer": [_said(one) for one in self.preview.buyer],
            "notes": [_said(one) for one in self.preview.notes],
        }


def of_order(ws: int, order_id: int) -> list[DryRun]:
    """Every parcel of an order under the rules that its store has now."""
    return [_run(one, policies.current(ws, one.spot.store.id)[0]) for one in consider(ws, {order_id})]


def of_store(ws: int, store_id: int, policy: Policy) -> list[DryRun]:
    """The latest orders of a store that have a number, under rules that it may not have yet."""
    latest = Order.objects.filter(ws=ws, store_id=store_id, before_connection=False).order_by("-placed_at")
    found = consider(ws, set(latest.values_list("id", flat=True)[: 2 * LATEST]))
    found.sort(key=lambda one: one.spot.order.placed_at, reverse=True)
    fresh = (replace(one, case=replace(one.case, pushed="", in_store="")) for one in found)
    return [_run(one, policy) for one in fresh][:LATEST]


async def ask_store(runs: Collection[DryRun], store: Connection) -> list[DryRun]:
    """The same, with the store's own answer for what would be given. Raises nothing: trouble is an answer."""
    return [await _asked(one, store) if one.shipment else one for one in runs]


def _run(considered: Considered, policy: Policy) -> DryRun:
    spot, now = considered.spot, clock.now()
    decision = decide(policy, considered.case, now)
    given = _given(considered, decision)
    shipment = _shipment(considered, policy, given) if given and isinstance(decision, Push) else None
    return DryRun(
        order_id=spot.order.id,
        order=spot.order.number,
        store=spot.store.label,
        parcel_id=spot.parcel.id,
        preview=preview(_there(spot.store), policy, decision, given, whole=considered.whole),
        until=decision.until if isinstance(decision, Hold) else None,
        shipment=shipment,
        request=_first(spot.store, shipment) if shipment else None,
        takes=None,
        answer=Message(id="preview.answer.unasked", values={"store": spot.store.label}) if shipment else None,
    )


def _there(store: Connection) -> Channel:
    """The store's channel under the name that its merchant knows."""
    return replace(told.there(store), label=store.label)


def _given(considered: Considered, decision: Decision) -> Given | None:
    """How the decision's number is told; None where nothing is told now or later."""
    number = decision.number if isinstance(decision, (Push, Hold)) else ""
    if not number:
        return None
    row, spot = considered.numbers[number], considered.spot
    answer = told.told(spot.store, row, Role.LOCAL.value, told.page_shown(spot.order.ws, spot.order.id))
    return answer if isinstance(answer, Given) else None


def _shipment(considered: Considered, policy: Policy, given: Given) -> Shipment:
    spot = considered.spot
    return Shipment(
        order=spot.order.external_id,
        number=given.number,
        key="doorstep-dry-run",
        carrier=given.carrier,
        carrier_name=given.named.field,
        carrier_beside=given.named.beside,
        url=given.url,
        contents=() if considered.whole else considered.contents,
        shipped_at=clock.now(),
        notify=policy.mail_by is MailBy.STORE,
        replaces=spot.given.remote_id if spot.given else "",
        former=spot.given.remote_number if spot.given else "",
    )


def _flow(store: Connection, account: Account, shipment: Shipment) -> Flow[Pushed]:
    return cast(Store, connector("store", store.connector)).push(account, shipment)


def _takes_numbers(store: Connection) -> bool:
    return Can.PUSH in connector("store", store.connector).meta.can


def _first(store: Connection, shipment: Shipment) -> Described | None:
    """What a push would send first; None where it would not even begin."""
    try:
        account = account_of(store)
        step = next(_flow(store, account, shipment)) if _takes_numbers(store) else None
    except Trouble:
        return None
    return describe(step, account) if step else None


def describe(request: Request, account: Account) -> Described:
    """A request without what is secret."""
    text = HIDDEN if request.sealed else request.body.decode(errors="replace")
    for secret in filter(None, account.credentials.values()):
        text = text.replace(secret, HIDDEN)
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        text = text[:2000]
    return Described(method=request.method, url=request.url.partition("?")[0], body=text)


async def _asked(run: DryRun, store: Connection) -> DryRun:
    assert run.shipment is not None
    shipment, values = run.shipment, {"store": store.label}
    try:
        asks = _takes_numbers(store)
        change = await drive(store, lambda account: until_change(_flow(store, account, shipment))) if asks else None
    except Trouble as trouble:
        return replace(run, takes=False, answer=message_of(trouble))
    if change is None:
        return replace(run, takes=True, answer=Message(id="preview.answer.has_it", values=values))
    answer = Message(id="preview.answer.takes", values=values)
    return replace(run, takes=True, request=describe(change, account_of(store)), answer=answer)


def until_change(flow: Flow[Pushed]) -> Flow[Request | None]:
    """The same flow up to the first request that would change something, which is returned instead of sent; None where
    nothing would be changed.
    """
    try:
        step = next(flow)
        while not step.changes:
            try:
                answer = yield step
            except Trouble as trouble:
                step = flow.throw(trouble)
            else:
                step = flow.send(answer)
    except StopIteration:
        return None
    finally:
        flow.close()
    return step


def _said(message: Message) -> Mapping[str, Any]:
    return {"id": message.id, "text": say(message)}
