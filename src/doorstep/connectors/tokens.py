"""Tokens that a program gets with its own client id and secret (OAuth 2.0 client credentials, RFC 6749 section 4.4):
there is nobody to ask and nothing to renew with but these. What a person has allowed, and its refresh token, is the
subject of ``grants``. Both keep a token as ``access_token`` and ``access_until``.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from doorstep.connectors.contract import Account, Answer, Broken

MARGIN: Final = timedelta(minutes=5)  # renewed this long before it ends
_SHORTEST: Final = 60.0  # seconds that a token is taken to live when its answer does not say


class _Claims(msgspec.Struct):
    exp: int


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float | None = None


def stale(account: Account) -> bool:
    """There is no token yet, or it ends within the margin."""
    try:
        ends = datetime.fromisoformat(account.credentials.get("access_until", ""))
    except ValueError:
        return True
    return not account.credentials.get("access_token") or ends - MARGIN <= account.now


def issued(answer: Answer, account: Account) -> Mapping[str, str]:
    """``access_token`` and ``access_until`` (ISO 8601, UTC) of a good answer. Raises Broken."""
    try:
        token = msgspec.json.decode(answer.body, type=_Token, strict=False)
        ends = account.now + timedelta(seconds=token.expires_in or _SHORTEST)
    except (msgspec.MsgspecError, RecursionError, OverflowError, ValueError) as error:
        raise Broken(f"not a token: {error}") from error
    return {"access_token": token.access_token, "access_until": ends.isoformat()}


def kept(token: str, now: datetime) -> Mapping[str, str]:
    """``access_token`` and ``access_until`` of a token that says itself when it ends (a JWT, RFC 7519 section 4.1.4);
    one that does not is taken to live shortly.
    """
    try:
        part = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=_Claims)
        ends = datetime.fromtimestamp(claims.exp, UTC)
    except (IndexError, ValueError, OverflowError, OSError):
        ends = now + 2 * MARGIN
    return {"access_token": token, "access_until": ends.isoformat()}


def bearer(account: Account) -> str:
    """The ``Authorization`` header of the token that is kept (RFC 6750)."""
    return f"Bearer {account.credentials.get('access_token', '')}"
