"""Endpoints take turns. One turn tells one endpoint what it is still to be told: several things side by side, what
concerns one thing in the order in which it happened.

Fairness: of the turns under way in a process at most ``OF_ONE`` belong to one workspace; a turn begins no request after
``TURN_S``, and a request lasts ``post.TIMEOUT_S`` at most; whose turn is over goes to the end of the line. However many
slow endpoints a workspace has, the others have all other turns to themselves.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from doorstep.app import clock
from doorstep.app.leases import LONGEST_S, free, new_token
from doorstep.app.loop import in_db
from doorstep.app.webhooks import again, history
from doorstep.app.webhooks.errands import Held, Over, finish, prepare, rest_of
from doorstep.app.webhooks.post import post
from doorstep.db.models import Endpoint, Sending, Workspace

TURN_S: Final = 15.0  # real seconds
LEASE_S: Final = 60.0  # longer than a turn and its last requests
OF_ONE: Final = 2  # turns of one workspace at once
ABREAST: Final = 4  # requests to one endpoint at once
BATCH: Final = 50
PATIENCE: Final = 3  # failures that end a turn: it is the endpoint then, not one message


@dataclass(slots=True)
class _Turn:
    """What a turn has come to."""

    held: Held
    until: float  # monotonic
    failures: int = 0

    @property
    def over(self) -> bool:
        return self.failures >= PATIENCE or clock.monotonic() >= self.until


def claim() -> Held | None:
    """The endpoint that has waited longest and has something to be told; None when none has."""
    now, machine = clock.now(), clock.machine()
    if not Endpoint.objects.filter(state="active", next_at__lte=now).exists():
        return None  # at most times nobody listens, and this costs a tenth
    due = Sending.objects.filter(endpoint_id=OuterRef("id"), state="due", due_at__lte=now)
    busy = Endpoint.objects.filter(lease_until__gt=machine, lease_until__lte=machine + LONGEST_S).values("ws")
    served = busy.annotate(turns=Count("id")).filter(turns__gte=OF_ONE).values("ws")
    with transaction.atomic():
        ready = Endpoint.objects.filter(free(machine), Q(reread_at__lte=now) | Exists(due), next_at__lte=now)
        ready = ready.filter(state="active").exclude(ws__in=served)
        one = ready.select_for_update(skip_locked=True).order_by("next_at", "id").first()
        if one is None:
            return None
        tz = Workspace.objects.values_list("tz", flat=True).get(id=one.ws)
        held = Held(one.ws, one.id, new_token(), tz)
        lease = {"lease_token": held.token, "lease_until": machine + LEASE_S}
        Endpoint.objects.filter(ws=one.ws, id=one.id).update(**lease)
        return held


async def serve(held: Held) -> None:
    """One turn."""
    turn = _Turn(held, clock.monotonic() + TURN_S)
    while not turn.over and await in_db(again.step, held.ws, held.endpoint_id, held.token):
        pass
    while not turn.over and (rows := await in_db(due, held)):
        await _tell(turn, rows)
    await in_db(_end, turn)


async def _tell(turn: _Turn, rows: Sequence[Sending]) -> None:
    abreast = asyncio.Semaphore(ABREAST)

    async def in_order(some: Sequence[Sending]) -> None:
        async with abreast:
            for row in some:
                if turn.over or not await _tell_one(turn, row):
                    return

    by_subject = itertools.groupby(sorted(rows, key=lambda row: row.subject), key=lambda row: row.subject)
    async with asyncio.TaskGroup() as group:
        for _, some in by_subject:
            group.create_task(in_order(list(some)))


async def _tell_one(turn: _Turn, row: Sending) -> bool:
    """Whether the next one about the same thing may be told."""
    try:
        errand = await in_db(prepare, turn.held, row)
        if errand is None:
            return True
        outcome = await post(errand.url, errand.body, errand.headers)
        await in_db(finish, turn.held, errand, outcome)
    except Over:
        turn.until = 0.0
        return False
    turn.failures = 0 if outcome.taken else turn.failures + 1
    return outcome.taken


def due(held: Held) -> list[Sending]:
    """What is told next, in the order in which it happened. What waits for another try keeps back what came later about
    the same thing.
    """
    rows = _waiting(held).filter(~Exists(_before(held)), due_at__lte=clock.now())
    return list(rows.order_by("change_id", "id")[:BATCH])


def _waiting(held: Held) -> "QuerySet[Sending]":
    return Sending.objects.filter(ws=held.ws, endpoint_id=held.endpoint_id, state="due")


def _before(held: Held) -> "QuerySet[Sending]":
    """Of a row, those about the same thing that came earlier and wait for another try, the last one first."""
    earlier = _waiting(held).filter(subject=OuterRef("subject"), change_id__lt=OuterRef("change_id"))
    return earlier.filter(due_at__gt=clock.now()).order_by("-due_at")


def hand_back(held: Held) -> int:
    """A turn that was broken off: what was sent and not written down is sent again, under the same mark."""
    mine = Endpoint.objects.filter(ws=held.ws, id=held.endpoint_id, lease_token=held.token)
    return mine.update(lease_token=0, lease_until=0.0)


def _end(turn: _Turn) -> None:
    """To the end of the line; one that fails is left alone for a while."""
    with contextlib.suppress(Over), transaction.atomic():
        one = turn.held.endpoint()
        kept_back = _waiting(turn.held).filter(Exists(_before(turn.held)), due_at__lte=clock.now())
        kept_back.update(due_at=Subquery(_before(turn.held).values("due_at")[:1]))  # or it would have turns for nothing
        history.tidy(one)
        one.next_at = clock.now() + rest_of(one) * (turn.failures >= PATIENCE)
        one.lease_token, one.lease_until = 0, 0.0
        one.save(update_fields=["next_at", "lease_token", "lease_until"])
