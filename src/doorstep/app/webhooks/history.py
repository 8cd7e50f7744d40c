"""What came of telling an endpoint: every try, for a while."""

import re
from dataclasses import asdict
from datetime import timedelta
from typing import Final

from doorstep.app import clock
from doorstep.app.log import clean
from doorstep.app.webhooks.post import Outcome
from doorstep.db.models import Endpoint, Sending, SendingTry

KEPT: Final = timedelta(days=30)
SAID: Final = 300  # characters of an answer
AGAIN_S: Final = 24 * 3600.0  # between two looks for what is old, real seconds
_looked: dict[int, float] = {}  # when this process looked last, by endpoint
# What is long and without blanks may be a key, and an address is somebody's: neither is worth keeping.
_HIDDEN: Final = re.compile(r"[\w.+-]+@[\w.-]+\.\w+|[A-Za-z0-9+/_=-]{24,}")


def remember(endpoint: Endpoint, mark: str, kind: str, outcome: Outcome, sending: Sending | None = None) -> SendingTry:
    """Write a try down. Part of the caller's transaction."""
    return SendingTry.objects.create(
        ws=endpoint.ws,
        endpoint_id=endpoint.id,
        sending_id=sending.id if sending else 0,
        mark=mark,
        type=kind,
        subject=sending.subject if sending else "",
        at=clock.now(),
        number=sending.tries + 1 if sending else 1,
        status=outcome.status,
        ms=outcome.ms,
        said=redacted(outcome.body),
        trouble=asdict(outcome.trouble) if outcome.trouble else None,
    )


def redacted(body: bytes) -> str:
    """How an answer began, as one line of text, without what looks like a secret or an e-mail address."""
    text = body[: SAID * 4].decode("utf-8", "replace")
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return _HIDDEN.sub("[…]", str(clean(line)))[:SAID]


def tidy(endpoint: Endpoint) -> None:
    """Once a day, forget what is old."""
    now = clock.monotonic()
    if now - _looked.get(endpoint.id, -AGAIN_S) < AGAIN_S:
        return
    _looked[endpoint.id] = now
    before = clock.now() - KEPT
    mine = {"ws": endpoint.ws, "endpoint_id": endpoint.id}
    SendingTry.objects.filter(at__lt=before, **mine).delete()
    Sending.objects.filter(due_at__lt=before, **mine).exclude(state="due").delete()
