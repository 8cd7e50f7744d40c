"""How TikTok Shop is asked: signed requests, tokens of its own kind, and errors that come with HTTP 200, too."""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import convert, payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Busy, Denied, Refused, Request
from doorstep.connectors.signing import Pairs
from doorstep.core.message import Message

API: Final = "https://open-api.tiktokglobalshop.com"
AUTH: Final = "https://auth.tiktok-shops.com"
REFUSED_TOKENS: Final = range(105_000, 105_010)  # unknown, over, of another application, without the scope
GRANTS: Final = range(36_004_000, 36_005_000)  # of the token endpoints
# TikTok has hundreds of numbers for the same few troubles; those that pass say so in their sentence.
_PASSES = re.compile(r"try again|time-?out|too many request|retry", re.IGNORECASE)


class _Tokens(msgspec.Struct):
    access_token: str
    access_token_expire_in: int
    refresh_token: str


def sign(secret: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """Hex HMAC-SHA256 of path, sorted parameters and body, wrapped in the secret; ``sign`` and the token stay out."""
    pairs = "".join(name + query[name] for name in sorted(query) if name not in {"sign", "access_token"})
    content = secret.encode() + (path + pairs).encode() + body + secret.encode()
    return hmac.digest(secret.encode(), content, "sha256").hex()


def request(
    account: Account,
    method: Literal["GET", "POST", "PUT"],
    path: str,
    *,
    query: Pairs = (),
    body: object = None,
    what: str = "",
    subject: str = "",
    changes: bool = False,
    shop: bool = True,
) -> Request:
    """``shop``: of the connected shop, and not of the application."""
    raw = b"" if body is None else msgspec.json.encode(body)
    key, secret = account.settings.get("app_key", ""), account.credentials.get("app_secret", "")
    asked = {**dict(query), "app_key": key, "timestamp": str(int(account.now.timestamp()))}
    if shop:
        asked["shop_cipher"] = account.settings.get("shop_cipher", "")
    asked["sign"] = sign(secret, path, asked, raw)
    headers = {"x-tts-access-token": account.credentials.get("access_token", ""), "Content-Type": "application/json"}
    return Request(
        method=method,
        url=API + path,
        query=tuple(asked.items()),
        headers=headers,
        body=raw,
        what=what,
        subject=subject,
        changes=changes,
    )


def token_request(account: Account, path: str, query: Mapping[str, str]) -> Request:
    """Plumbing: secrets are in the query, which is neither logged nor stored."""
    key, secret = account.settings.get("app_key", ""), account.credentials.get("app_secret", "")
    asked = {"app_key": key, "app_secret": secret, **query}
    return Request(method="GET", url=f"{AUTH}/api/v2/token/{path}", query=tuple(asked.items()))


def tokens(answer: Answer, now: datetime) -> dict[str, str]:
    """``access_token``, ``access_until``, ``refresh_token``. TikTok says the end as seconds since 1970."""
    found = convert(data(answer), _Tokens)
    end = found.access_token_expire_in
    lives = end - now.timestamp() if end > 10**9 else end
    return grants.held(found.access_token, lives, found.refresh_token, now)


def data(answer: Answer) -> object:
    """``data`` of an answer, or the Trouble that its code, its sentence and its status mean."""
    try:
        found = payload(answer)
    except Broken:
        if problem := trouble(answer, f"HTTP {answer.status}"):
            raise problem from None
        raise
    envelope = convert(found, dict[str, object])
    said = text(envelope.get("message"))[:200] or f"HTTP {answer.status}"
    code = convert(envelope.get("code", 0 if answer.status >= 400 else None), int)
    if code in GRANTS:
        raise Denied(said, message=Message(id="grants.over", values={"said": said}))
    problem = trouble(answer, said)
    if code in REFUSED_TOKENS or isinstance(problem, Denied):
        raise Denied(said, message=Message(id="tiktok_shop.denied", values={"said": said}))
    if code and _PASSES.search(said) and not isinstance(problem, Broken):
        raise Busy(said, message=Message(id="stores.busy"))
    if problem:
        raise problem
    if code != 0:
        raise Refused(said, message=Message(id="stores.refused", values={"said": said}))
    return envelope.get("data")
