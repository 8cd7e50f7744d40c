"""17TRACK's shape: ``TRACKING_UPDATED`` with the whole of ``track_info``, and the header ``sign``: the hex SHA-256 of
the body, a slash and the key. It is a plain hash, not an HMAC, because their receivers check it so.

It has room for one signature: after a rotation receivers have to take the new secret at once.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from doorstep.app import clock
from doorstep.app.compat import seventeen_track
from doorstep.app.compat.ends import ended
from doorstep.app.records import tracked
from doorstep.app.webhooks.shapes.base import News


class SeventeenTrack:
    """Of a parcel with several numbers the one is told that a program follows, else the courier's."""

    name = seventeen_track.VENDOR
    types = frozenset({"parcel.status", "parcel.scan"})

    def new_secret(self) -> str:
        """Random hexadecimal digits in the length of their keys."""
        return secrets.token_hex(16).upper()

    def body(self, news: News) -> bytes | None:
        """The number as it stands now; None once a program has stopped it."""
        one = tracked.of_parcel(news.ws, news.subject_id)
        if one is None or ended(one):
            return None
        return msgspec.json.encode(seventeen_track.update(one, clock.now()))

    def sign(self, mark: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
        """The hash, by the newest secret."""
        return {"sign": hashlib.sha256(body + b"/" + secrets[0].encode()).hexdigest()}


SEVENTEEN_TRACK: Final = SeventeenTrack()
