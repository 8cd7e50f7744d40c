"""AfterShip's shape: ``tracking_update`` with the whole tracking, signed in the header ``aftership-hmac-sha256``.

It has room for one signature: after a rotation receivers have to take the new secret at once.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from doorstep.app import clock
from doorstep.app.compat import aftership
from doorstep.app.compat.ends import ended
from doorstep.app.records import tracked
from doorstep.app.webhooks.shapes.base import News

HEADER: Final = "aftership-hmac-sha256"


class AfterShip:
    """Of a parcel with several numbers the one is told that a program follows, else the courier's."""

    name = aftership.VENDOR
    types = frozenset({"parcel.status", "parcel.scan"})

    def new_secret(self) -> str:
        """Random hexadecimal digits, as theirs."""
        return secrets.token_hex(32)

    def body(self, news: News) -> bytes | None:
        """The tracking as it stands now; None once a program has marked it completed."""
        one = tracked.of_parcel(news.ws, news.subject_id)
        if one is None or ended(one):
            return None
        return msgspec.json.encode(aftership.update(one, news.mark, news.at, clock.now()))

    def sign(self, mark: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
        """The HMAC of the body, by the newest secret."""
        signature = hmac.new(secrets[0].encode(), body, hashlib.sha256).digest()
        return {HEADER: base64.b64encode(signature).decode()}


AFTERSHIP: Final = AfterShip()
