"""How Shopee is asked: every request signed, tokens of its own kind, and errors that come with HTTP 200, too."""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import convert, payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Busy, Denied, NotFound, Refused, Request
from doorstep.connectors.signing import Pairs
from doorstep.core.message import Message

HOST: Final = "https://partner.shopeemobile.com"
_DENIED = re.compile(r"auth|permission|token|_sign|partner|shop_?id|whitelist", re.IGNORECASE)
_PASSES = re.compile(r"busy|rate|limit|too_?many|time_?out|server|inner|network|try again", re.IGNORECASE)
_GONE = re.compile(r"not_?(found|exist)", re.IGNORECASE)


class _Tokens(msgspec.Struct):
    access_token: str
    refresh_token: str
    expire_in: int


def sign(key: str, partner: str, path: str, at: str, token: str = "", shop: str = "") -> str:
    """Hex HMAC-SHA256 of who, what and when; of a shop's request also of its token and id."""
    return hmac.digest(key.encode(), f"{partner}{path}{at}{token}{shop}".encode(), "sha256").hex()


def shop_of(account: Account) -> str:
    """The shop that was allowed: known from the way back, kept as a setting since."""
    return account.settings.get("shop_id") or account.credentials.get("shop_id", "")


def signed(account: Account, path: str, *, shop: bool = True) -> Pairs:
    """The parameters that every request begins with. ``shop``: of the connected shop, and not of the application."""
    partner, key = account.settings.get("partner_id", ""), account.credentials.get("partner_key", "")
    at = str(int(account.now.timestamp()))
    base: Pairs = (("partner_id", partner), ("timestamp", at))
    if not shop:
        return (*base, ("sign", sign(key, partner, path, at)))
    token, ref = account.credentials.get("access_token", ""), shop_of(account)
    return (*base, ("access_token", token), ("shop_id", ref), ("sign", sign(key, partner, path, at, token, ref)))


def request(
    account: Account,
    method: Literal["GET", "POST"],
    path: str,
    *,
    query: Pairs = (),
    body: Mapping[str, object] | None = None,
    what: str = "",
    subject: str = "",
    context: dict[str, str] | None = None,
    changes: bool = False,
    shop: bool = True,
) -> Request:
    return Request(
        method=method,
        url=HOST + path,
        query=(*signed(account, path, shop=shop), *query),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        context=context or {},
        changes=changes,
    )


def tokens(answer: Answer, now: datetime) -> dict[str, str]:
    """``access_token`` (four hours), ``access_until``, ``refresh_token`` (a month, for one use)."""
    found = convert(envelope(answer), _Tokens)
    return grants.held(found.access_token, found.expire_in, found.refresh_token, now)


def data(answer: Answer) -> dict[str, object]:
    """``response`` of an answer, or the Trouble that its error and its status mean."""
    return convert(envelope(answer).get("response") or {}, dict[str, object])


def envelope(answer: Answer) -> dict[str, object]:
    """The whole answer of a request that went well. Raises Trouble."""
    try:
        found = convert(payload(answer), dict[str, object])
    except Broken:
        if problem := trouble(answer, f"HTTP {answer.status}"):
            raise problem from None
        raise
    code, said = text(found.get("error")), text(found.get("message"))[:200]
    problem = trouble(answer, said or code or f"HTTP {answer.status}")
    if not code and problem is None:
        return found
    said = said or code or f"HTTP {answer.status}"
    if isinstance(problem, Denied) or (code and _DENIED.search(code)):
        raise Denied(said, message=Message(id="shopee.denied", values={"said": said}))
    if code and _PASSES.search(code) and not isinstance(problem, Broken):
        raise Busy(said, message=Message(id="stores.busy"))
    if problem:
        raise problem
    kind, sentence = (NotFound, "stores.not_found") if _GONE.search(code) else (Refused, "stores.refused")
    raise kind(said, message=Message(id=sentence, values={"said": said}))
