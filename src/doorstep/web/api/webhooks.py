"""Programs of yours that are told what changes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta as Limits

from doorstep.app.records import webhooks
from doorstep.app.records.page import Page
from doorstep.app.records.webhooks import Webhook, WebhookSecret, WebhookTry
from doorstep.app.webhooks import endpoints, trial
from doorstep.app.webhooks.endpoints import LONGEST_LABEL, LONGEST_URL, Wish
from doorstep.core.message import Message
from doorstep.core.status import Status
from doorstep.web.api.kinds import Aware, Id, Short
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, Listed, Made, Shown, route

Address = Annotated[str, Limits(min_length=1, max_length=LONGEST_URL)]
Label = Annotated[str, Limits(max_length=LONGEST_LABEL)]
Types = Annotated[list[Short], Limits(max_length=100, description="Types of events; empty = all.")]
Stores = Annotated[list[Id], Limits(max_length=100, description="Only what concerns these stores; empty = all.")]
Statuses = Annotated[
    list[Status],
    Limits(max_length=50, description="Of `parcel.status` and `parcel.scan` only these new statuses; empty = all."),
]

AsWhom = Annotated[
    Literal["doorstep", "aftership", "seventeen_track"],
    Limits(description="In whose shape it is told and signed: Doorstep's own, AfterShip's or 17TRACK's."),
]
Agreed = Annotated[
    str,
    Limits(max_length=200, description="The secret that a receiver of another shape has already; empty = a new one."),
]


class TriesQuery(Listed, kw_only=True, forbid_unknown_fields=True):
    """Which tries."""

    failed: bool = False


class WebhookWish(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An address that is to be told what changes, and what of it."""

    url: Address
    label: Label = ""
    types: Types = msgspec.field(default_factory=list)
    store_ids: Stores = msgspec.field(default_factory=list)
    statuses: Statuses = msgspec.field(default_factory=list)
    shape: AsWhom = "doorstep"
    secret: Agreed = ""


class WebhookChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays."""

    url: Address | None = None
    label: Label | None = None
    types: Types | None = None
    store_ids: Stores | None = None
    statuses: Statuses | None = None


class Since(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """From when on."""

    since: Aware


@route("GET", "/webhooks", "webhooks:read")
def list_webhooks(ask: Ask) -> Page[Webhook]:
    """All webhooks, on one page. Their secrets never leave again."""
    return webhooks.webhooks(ask.ws)


@route("POST", "/webhooks", "webhooks:write", status=201, secret=True)
def make_webhook(ask: Ask, body: WebhookWish) -> Made[WebhookSecret]:
    """Have an address told what changes from now on. The answer is the only one with its secret."""
    wish = Wish(
        url=body.url,
        label=body.label,
        types=body.types,
        store_ids=[int(one) for one in body.store_ids],
        statuses=[one.value for one in body.statuses],
    )
    if body.secret and body.shape == "doorstep":
        raise Declined("refused", Message(id="compat.own_secret"))
    made, secret = endpoints.make(ask.ws, wish, ask.actor, shape=body.shape, secret=body.secret)
    return Made(WebhookSecret(webhook=get_webhook(ask, Shown(), made), secret=secret), f"/webhooks/{made}")


@route("GET", "/webhooks/{webhook_id}", "webhooks:read")
def get_webhook(ask: Ask, query: Shown, webhook_id: int) -> Webhook:
    """One webhook."""
    found = webhooks.webhook(ask.ws, webhook_id)
    if found is None:
        raise Declined("not_found")
    return found


@route("PATCH", "/webhooks/{webhook_id}", "webhooks:write")
def change_webhook(ask: Ask, body: WebhookChange, webhook_id: int) -> Webhook:
    """Have it told elsewhere, or something else, from now on."""
    known = get_webhook(ask, Shown(), webhook_id)
    wanted = known.statuses if body.statuses is None else body.statuses
    stores = known.store_ids if body.store_ids is None else body.store_ids
    wish = Wish(
        url=known.url if body.url is None else body.url,
        label=known.label if body.label is None else body.label,
        types=known.types if body.types is None else body.types,
        store_ids=[int(one) for one in stores],
        statuses=[one.value for one in wanted],
    )
    endpoints.change(ask.ws, webhook_id, wish, ask.actor)
    return get_webhook(ask, Shown(), webhook_id)


@route("DELETE", "/webhooks/{webhook_id}", "webhooks:write", status=204)
def delete_webhook(ask: Ask, webhook_id: int) -> None:
    """Forget a webhook, its log, and what it was still to be told."""
    endpoints.delete(ask.ws, webhook_id, ask.actor)


@route("GET", "/webhooks/{webhook_id}/tries", "webhooks:read")
def list_webhook_tries(ask: Ask, query: TriesQuery, webhook_id: int) -> Page[WebhookTry]:
    """What was sent in the last 30 days and how it was answered, the newest first."""
    get_webhook(ask, Shown(), webhook_id)
    return webhooks.tries(ask.ws, webhook_id, query.limit, query.cursor, failed=query.failed)


@route("POST", "/webhooks/{webhook_id}/test", "webhooks:write")
def try_webhook(ask: Ask, webhook_id: int) -> WebhookTry:
    """Send a test event (`endpoint.test`) now, and wait for the answer. It is not sent again when it fails."""
    return webhooks.tried(trial.send_test(ask.ws, webhook_id))


@route("POST", "/webhooks/{webhook_id}/pause", "webhooks:write")
def pause_webhook(ask: Ask, webhook_id: int) -> Webhook:
    """Tell it nothing until it is resumed."""
    endpoints.pause(ask.ws, webhook_id, ask.actor)
    return get_webhook(ask, Shown(), webhook_id)


@route("POST", "/webhooks/{webhook_id}/resume", "webhooks:write")
def resume_webhook(ask: Ask, webhook_id: int) -> Webhook:
    """Tell it again, first what changed since it was paused or switched off (30 days at most)."""
    endpoints.resume(ask.ws, webhook_id, ask.actor)
    return get_webhook(ask, Shown(), webhook_id)


@route("POST", "/webhooks/{webhook_id}/replay", "webhooks:write", status=202)
def replay_webhook(ask: Ask, body: Since, webhook_id: int) -> Webhook:
    """Tell again what changed since an instant, under the webhook-ids of the first time."""
    endpoints.replay(ask.ws, webhook_id, body.since, ask.actor)
    return get_webhook(ask, Shown(), webhook_id)


@route("POST", "/webhooks/{webhook_id}/rotate", "webhooks:write", secret=True)
def rotate_webhook_secret(ask: Ask, webhook_id: int) -> WebhookSecret:
    """Give it a new secret. Both sign for 24 hours; the answer is the only one with the new one."""
    secret = endpoints.rotate(ask.ws, webhook_id, ask.actor)
    return WebhookSecret(webhook=get_webhook(ask, Shown(), webhook_id), secret=secret)


@route("POST", "/webhooks/{webhook_id}/end_overlap", "webhooks:write")
def end_webhook_overlap(ask: Ask, webhook_id: int) -> Webhook:
    """Let the newest secret sign alone from now on."""
    endpoints.end_overlap(ask.ws, webhook_id, ask.actor)
    return get_webhook(ask, Shown(), webhook_id)
