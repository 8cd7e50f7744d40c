"""How Lazada is asked: a host for each country, every request signed, errors that come with HTTP 200."""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import convert, payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Busy, Denied, NotFound, Refused, Request
from doorstep.core.message import Message

AUTH: Final = "auth.lazada.com"
HOSTS: Final[Mapping[str, str]] = {
    "id": "api.lazada.co.id",
    "my": "api.lazada.com.my",
    "ph": "api.lazada.com.ph",
    "sg": "api.lazada.sg",
    "th": "api.lazada.co.th",
    "vn": "api.lazada.vn",
}
_DENIED = re.compile(r"token|signature|permission|app_?key|app_?call_?disabled|auth", re.IGNORECASE)
_PASSES = re.compile(r"limit|timeout|unavailable|busy|system|remote", re.IGNORECASE)
_GONE: Final = frozenset({"16", "E016", "E0016"})  # no such order


class _Tokens(msgspec.Struct):
    access_token: str
    refresh_token: str
    expires_in: int


def sign(secret: str, path: str, parameters: Mapping[str, str]) -> str:
    """HMAC-SHA256 of the path and the sorted parameters, as hex in capitals."""
    content = path + "".join(name + parameters[name] for name in sorted(parameters))
    return hmac.digest(secret.encode(), content.encode(), "sha256").hex().upper()


def request(
    account: Account,
    path: str,
    asked: Mapping[str, str],
    *,
    host: str = "",
    what: str = "",
    subject: str = "",
    context: dict[str, str] | None = None,
) -> Request:
    """``host``: of the tokens, which need none; otherwise that of the shop's country."""
    token = {} if host else {"access_token": account.credentials.get("access_token", "")}
    common = {"app_key": account.settings.get("app_key", ""), "sign_method": "sha256", **token}
    query = {**asked, **common, "timestamp": str(int(account.now.timestamp() * 1000))}
    query["sign"] = sign(account.credentials.get("app_secret", ""), path, query)
    return Request(
        method="GET",
        url=f"https://{host or _host(account)}/rest{path}",
        query=tuple(query.items()),
        headers={"Accept": "application/json"},
        what=what,
        subject=subject,
        context=context or {},
    )


def tokens(answer: Answer, now: datetime) -> dict[str, str]:
    """``access_token``, ``access_until``, ``refresh_token``."""
    found = convert(envelope(answer), _Tokens)
    return grants.held(found.access_token, found.expires_in, found.refresh_token, now)


def country_of(account: Account) -> str:
    return account.settings.get("country", "").strip().lower()


def envelope(answer: Answer) -> dict[str, object]:
    """The whole answer of a request that went well. Raises Trouble."""
    try:
        found = convert(payload(answer), dict[str, object])
    except Broken:
        if problem := trouble(answer, f"HTTP {answer.status}"):
            raise problem from None
        raise
    code, said = text(found.get("code")), text(found.get("message"))[:200]
    problem = trouble(answer, said or f"HTTP {answer.status}")
    if code in {"", "0"} and problem is None:
        return found
    said = said or code or f"HTTP {answer.status}"
    if isinstance(problem, Denied) or _DENIED.search(code):
        raise Denied(said, message=Message(id="lazada.denied", values={"said": said}))
    passes = _PASSES.search(code) or found.get("type") == "SYSTEM"
    if passes and code and not isinstance(problem, Broken):
        raise Busy(said, message=Message(id="stores.busy"))
    if problem:
        raise problem
    kind, sentence = (NotFound, "stores.not_found") if code in _GONE else (Refused, "stores.refused")
    raise kind(said, message=Message(id=sentence, values={"said": said}))


def _host(account: Account) -> str:
    """Of a country that is none of Lazada's, Singapore's: the connection test tells it."""
    return HOSTS.get(country_of(account), HOSTS["sg"])
