"""Doorstep's own shape: the API's resources, signed as Standard Webhooks 1.0 says
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from doorstep.app.webhooks.kinds import TEST, TYPES
from doorstep.app.webhooks.shapes.base import News

VERSION: Final = "1"  # of the body; it rises with a change that an old receiver cannot read
PREFIX: Final = "whsec_"
_BYTES: Final = 32  # the standard takes 24 to 64


class Own:
    """The shape of endpoints unless another one is chosen."""

    name = "doorstep"
    types = frozenset(TYPES) | {TEST}

    def new_secret(self) -> str:
        """The prefix, then base64 of random bytes."""
        return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()

    def body(self, news: News) -> bytes:
        """What changed, and what it is about as it stands now."""
        told = {
            "id": news.mark,
            "type": news.type,
            "version": VERSION,
            "timestamp": news.at,
            "change": {"old": news.old, "new": news.new},
            "object": news.object,
            "data": news.about,
        }
        return msgspec.json.encode(told)

    def sign(self, mark: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
        """One signature for each live secret, between blanks."""
        at = str(int(now.timestamp()))
        content = b".".join((mark.encode(), at.encode(), body))
        signatures = " ".join(f"v1,{_signature(secret, content)}" for secret in secrets)
        return {"webhook-id": mark, "webhook-timestamp": at, "webhook-signature": signatures}


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


OWN: Final = Own()
