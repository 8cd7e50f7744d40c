"""One thing to tell one endpoint: what is sent, and what is written down of how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from doorstep.app import clock, loop, vault
from doorstep.app.webhooks import endpoints, history, intents
from doorstep.app.webhooks.kinds import BY_LEDGER
from doorstep.app.webhooks.news import concerns, mark_of, news
from doorstep.app.webhooks.post import GONE, Outcome, signing_time
from doorstep.app.webhooks.shapes import SHAPES
from doorstep.core.cadence import spread
from doorstep.core.message import Message
from doorstep.db.models import Change, Endpoint, Outbox, Sending

_HOUR: Final = timedelta(hours=1)
# After a try that failed the next one comes so much later, up to a quarter sooner; after the last none does. Together
# longer than FAILING, so that an endpoint that is gone for good is noticed by one message already.
SCHEDULE: Final = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(hours * _HOUR for hours in (2, 5, 10, 14, 20, 24, 24)),
)
FAILING: Final = timedelta(days=3)  # an endpoint that takes nothing for so long is switched off
SHORTEST_REST: Final = timedelta(seconds=5)
LONGEST_REST: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Held:
    """An endpoint whose turn it is. ``token``: every write checks that the turn is still ours. ``tz``: the workspace's
    IANA zone.
    """

    ws: int
    endpoint_id: int
    token: int
    tz: str

    def endpoint(self) -> Endpoint:
        """The endpoint, locked. Raises Over."""
        mine = Endpoint.objects.select_for_update().filter(ws=self.ws, id=self.endpoint_id, lease_token=self.token)
        one = mine.first()
        if one is None:
            raise Over
        return one


class Over(Exception):
    """The turn has ended: the endpoint was deleted, paused or switched off, or the turn is somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A request to be sent."""

    sending: Sending
    mark: str
    type: str
    url: str
    body: bytes
    headers: Mapping[str, str]


def prepare(held: Held, sending: Sending) -> Errand | None:
    """What is to be sent; None when there is nothing to tell (any more): it is forgotten then. Raises Over."""
    with transaction.atomic():
        endpoint = held.endpoint()
        secrets = _secrets(endpoint) if endpoint.state == "active" else []
        change = Change.objects.filter(ws=held.ws, id=sending.change_id).first()
        with timezone.override(ZoneInfo(held.tz)):
            body = _body(endpoint, change) if change and secrets else None
        if secrets and (change is None or body is None):
            Sending.objects.filter(ws=held.ws, id=sending.id).delete()
            return None
    if change is None or body is None:
        raise Over
    return Errand(
        sending=sending,
        mark=mark_of(change),
        type=BY_LEDGER[change.kind].type,
        url=endpoint.url,
        body=body,
        headers=SHAPES[endpoint.shape].sign(mark_of(change), body, secrets, signing_time()),
    )


def _secrets(endpoint: Endpoint) -> list[str]:
    """What to sign with; none where it was sealed with a key that is lost, and the endpoint is switched off."""
    try:
        return endpoints.live_secrets(endpoint)
    except vault.WrongKey as problem:
        _off(endpoint, problem.message)
        return []


def _body(endpoint: Endpoint, change: Change) -> bytes | None:
    """What the endpoint is told, if it (still) wants to hear it."""
    if not intents.listener(endpoint).wants(change) or not concerns(endpoint, change):
        return None
    told = news(change)
    return SHAPES[endpoint.shape].body(told) if told else None


def finish(held: Held, errand: Errand, outcome: Outcome) -> None:
    """Write down how it ended. Raises Over, and nothing was written then: it is told again, under the same mark."""
    with transaction.atomic():
        endpoint = held.endpoint()
        history.remember(endpoint, errand.mark, errand.type, outcome, errand.sending)
        if outcome.taken:
            _taken(endpoint, errand.sending)
        else:
            _failed(endpoint, errand.sending, outcome)


def _taken(endpoint: Endpoint, sending: Sending) -> None:
    Sending.objects.filter(ws=endpoint.ws, id=sending.id).update(state="done", tries=sending.tries + 1)
    if endpoint.failing_since is not None:
        Endpoint.objects.filter(ws=endpoint.ws, id=endpoint.id).update(failing_since=None)


def _failed(endpoint: Endpoint, sending: Sending, outcome: Outcome) -> None:
    now, tries = clock.now(), sending.tries + 1
    wait = wait_after(tries, sending.id)
    if wait is None:
        Sending.objects.filter(ws=endpoint.ws, id=sending.id).update(state="failed", tries=tries)
    else:
        due_at = now + max(wait, timedelta(seconds=outcome.rest))
        Sending.objects.filter(ws=endpoint.ws, id=sending.id).update(due_at=due_at, tries=tries)
    if endpoint.failing_since is None:
        endpoint.failing_since = now
        endpoint.save(update_fields=["failing_since"])
    if endpoint.state != "active":
        return
    if outcome.status == GONE:
        _off(endpoint, Message(id="webhook.off.gone"))
    elif now - endpoint.failing_since >= FAILING:
        _off(endpoint, Message(id="webhook.off.failing", values={"days": FAILING.days}))


def wait_after(tries: int, seed: int) -> timedelta | None:
    """How long after so many failed tries the next one comes; None = there is none."""
    return spread(SCHEDULE[tries - 1], seed + tries) if tries <= len(SCHEDULE) else None


def rest_of(endpoint: Endpoint) -> timedelta:
    """How long an endpoint that fails is left alone: a tenth of the time it has been failing, within bounds."""
    failing = clock.now() - endpoint.failing_since if endpoint.failing_since else timedelta(0)
    return min(LONGEST_REST, max(SHORTEST_REST, failing / 10))


def _off(endpoint: Endpoint, reason: Message) -> None:
    """Switch it off, and have the owners mailed once, where mail can be sent."""
    endpoints.switch_off(endpoint, reason)
    if settings.EMAIL_HOST:
        key = f"endpoint:{endpoint.state_since.isoformat()}"
        intent = Outbox(ws=endpoint.ws, lane="notice", target_id=endpoint.id, payload_ref=endpoint.id, intent_key=key)
        intent.due_at = clock.now()
        Outbox.objects.bulk_create([intent], ignore_conflicts=True)
        loop.wake("outbox")
