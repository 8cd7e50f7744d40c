"""Whether a webhook comes from Doorstep: for the program that receives it, with the standard library only.

    from doorstep.client import webhooks

    try:
        event = webhooks.verify(body, headers, "whsec_...")
    except webhooks.Unverified:
        ...  # answer 400, and believe nothing of it

Signed as Standard Webhooks 1.0 says; any of its libraries does the same.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

TOLERANCE_S: Final = 300.0  # what the clocks may differ by, and the longest that a request may be under way
PREFIX: Final = "whsec_"


class Unverified(Exception):
    """Nothing of the request is to be believed. It says why."""


def verify(
    body: bytes | str, headers: Mapping[str, str], secret: str | Sequence[str], *, now: float | None = None
) -> dict[str, Any]:
    """The event in a request. ``body``: exactly what was received. ``headers``: in any spelling. ``secret``: one, or
    several while they are exchanged. ``now``: seconds since 1970, the machine's own unless said. Raises Unverified;
    ValueError for a secret that is none.
    """
    raw = body.encode() if isinstance(body, str) else bytes(body)
    said = {name.lower(): value for name, value in headers.items()}
    mark, at, signatures = (said.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (mark and at and signatures):
        raise Unverified("a header is missing: webhook-id, webhook-timestamp or webhook-signature")
    if not _recent(at, time.time() if now is None else now):
        raise Unverified("webhook-timestamp is not of the last five minutes: it may have been sent before")
    content = b".".join((mark.encode(), at.encode(), raw))
    good = [hmac.new(key, content, hashlib.sha256).digest() for key in _keys(secret)]
    known = [hmac.compare_digest(one, other) for one in _v1(signatures) for other in good]  # all, for equal time
    if not any(known):
        raise Unverified("no signature was made with this secret")
    return _event(raw)


def _recent(at: str, now: float) -> bool:
    return at.isascii() and at.isdecimal() and len(at) < 16 and abs(now - int(at)) <= TOLERANCE_S


def _keys(secret: str | Sequence[str]) -> list[bytes]:
    some = [secret] if isinstance(secret, str) else list(secret)
    try:
        keys = [base64.b64decode(one.removeprefix(PREFIX), validate=True) for one in some]
    except binascii.Error:
        raise ValueError("a secret begins with whsec_ and goes on in base64") from None
    if not keys or not all(keys):
        raise ValueError("there is no secret to check with")
    return keys


def _v1(signatures: str) -> Iterator[bytes]:
    """The signatures of the version that is known."""
    for one in signatures.split():
        version, _, text = one.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(text, validate=True)
            except ValueError:
                continue


def _event(raw: bytes) -> dict[str, Any]:
    try:
        event = json.loads(raw)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise Unverified("the body is no JSON object")
    return event
