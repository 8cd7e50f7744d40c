"""The gateway of AliExpress's open platform: signed requests, its two envelopes, and the Trouble an answer can be.

A method with dots goes to ``/sync``; one that is a path (tokens) goes to ``/rest`` and the path begins what is signed.
Sources: the portal's pages on signing and calling (HMAC-SHA256 over the sorted parameters; the timestamp may be two
hours off) and its error codes; two clients' code for what the pages leave out.
"""

import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

import msgspec

from doorstep.connectors.answers import text
from doorstep.connectors.bought import broken, decoded, trouble
from doorstep.connectors.contract import Account, Answer, Busy, Denied, NotFound, Refused, Request, Trouble
from doorstep.core.message import Message

T = TypeVar("T")
LABEL: Final = "AliExpress"
HOST: Final = "api-sg.aliexpress.com"
SYNC: Final = f"https://{HOST}/sync"
REST: Final = f"https://{HOST}/rest"
_DAY: Final = 86_400.0
_BAN: Final = re.compile(r"ban will last (?:for )?([0-9]{1,6})")
_LIMITS: Final = frozenset({"7", "ApiCallLimit", "AppCallLimit", "AppApiCallLimit", "SellerCallLimit"})
_LIMIT_OF_THE_DAY: Final = frozenset({"AppCallLimit"})
_DOWN: Final = frozenset({"10", "ServiceUnavailable", "ServiceTimeout", "InternalError"})
_KEY: Final = frozenset({"24", "25", "28", "29", "IncompleteSignature", "InvalidAppKey", "InvalidAppkey"})
_SESSION: Final = frozenset({"26", "27", "IllegalAccessToken", "IllegalRefreshToken", "InvalidRefreshToken"})
_PERMISSION: Final = frozenset({"11", "12", "13", "InsufficientPermission"})
_CODE: Final = frozenset({"InvalidCode"})
_CLOCK: Final = frozenset({"31", "IllegalTimestamp", "InvalidTimestamp"})
_NOT_YOURS: Final = frozenset({"isv.insufficient-permission", "isv.invalid-authorization"})
_GOOD: Final = frozenset({"", "0", "200"})


class _Refusal(msgspec.Struct):
    """Of ``/sync`` under ``error_response``, of ``/rest`` the whole answer."""

    code: str | int = ""
    msg: str | None = None
    message: str | None = None
    sub_code: str | None = None
    sub_msg: str | None = None
    type: str | None = None


def signature(secret: str, parameters: Mapping[str, str], path: str = "") -> str:
    """Upper-case hex of HMAC-SHA256 over the path, if any, and all names with their values, sorted by name."""
    joined = "".join(name + parameters[name] for name in sorted(parameters))
    return hmac.digest(secret.encode(), (path + joined).encode(), "sha256").hex().upper()


def call(
    account: Account,
    method: str,
    parameters: Mapping[str, str],
    *,
    what: str = "",
    subject: str = "",
    context: Mapping[str, str] | None = None,
) -> Request:
    """A signed question with the account's session. All parameters go into the query, which is never stored."""
    session = {"session": account.credentials.get("access_token", "")}
    system = {**_system(account), **session, "method": method, "format": "json", "v": "2.0"}
    query = _signed(account, {**system, **parameters})
    return Request(method="POST", url=SYNC, query=query, what=what, subject=subject, context=context or {})


def token_call(account: Account, path: str, parameters: Mapping[str, str]) -> Request:
    """A signed question about tokens: no session yet, or no more."""
    query = _signed(account, {**_system(account), **parameters}, path)
    return Request(method="POST", url=REST + path, query=query, changes=True)


def _system(account: Account) -> dict[str, str]:
    stamp = str(int(account.now.timestamp() * 1000))
    return {"app_key": account.settings.get("app_key", ""), "timestamp": stamp, "sign_method": "sha256"}


def _signed(account: Account, parameters: Mapping[str, str], path: str = "") -> tuple[tuple[str, str], ...]:
    sign = signature(account.credentials.get("app_secret", ""), parameters, path)
    return (*parameters.items(), ("sign", sign))


def opened(answer: Answer) -> dict[str, object]:
    """What a good answer carries, without its envelope. Raises the Trouble that a bad one is."""
    if problem := trouble(answer, "", LABEL):
        raise problem
    found = decoded(answer, dict[str, object], LABEL)
    refusal = found.get("error_response", found if "code" in found else None)
    if isinstance(refusal, dict):
        _refuse(converted(refusal, _Refusal))
    inner = [value for name, value in found.items() if name.endswith("_response")]
    return converted(inner[0], dict[str, object]) if len(inner) == 1 else found


def converted(value: object, shape: type[T]) -> T:
    """Decoded JSON as a documented shape. Raises Broken, in words."""
    try:
        return msgspec.convert(value, shape, strict=False)
    except msgspec.ValidationError as error:
        raise broken(LABEL, str(error)) from error


def _refuse(refusal: _Refusal) -> None:
    code = text(refusal.code)
    if code not in _GOOD:
        raise _trouble(refusal, code)


def _trouble(refusal: _Refusal, code: str) -> Trouble:
    parts = (code, refusal.msg or refusal.message, refusal.sub_code, refusal.sub_msg)
    said = " ".join(part for part in parts if part)[:200]
    sub = refusal.sub_code or ""
    if code in _LIMITS or "call-limited" in sub:
        ban = _BAN.search(said)
        wait = float(ban[1]) if ban else _DAY if code in _LIMIT_OF_THE_DAY else 1.0
        return Busy(said, retry_after=wait, message=Message(id="aliexpress.limit"))
    if code in _DOWN or sub.startswith("isp.") or refusal.type in {"ISP", "SYSTEM"}:
        return Busy(said, message=Message(id="aliexpress.down"))
    if sub in _NOT_YOURS:
        return NotFound(said)
    for codes, kind, sentence in _MEANINGS:
        if code in codes:
            return kind(said, message=Message(id=sentence, values={"said": said}))
    return Refused(said)


_MEANINGS: Final[tuple[tuple[frozenset[str], type[Trouble], str], ...]] = (
    (_KEY, Denied, "aliexpress.key_refused"),
    (_SESSION, Denied, "aliexpress.session_over"),
    (_PERMISSION, Denied, "aliexpress.no_permission"),
    (_CODE, Denied, "aliexpress.code_refused"),
    (_CLOCK, Refused, "aliexpress.clock"),
)


def listed(value: object) -> Iterator[object]:
    """A list, however this gateway wraps it: as a list, as an object that holds one, or as one bare item in either."""
    if isinstance(value, dict) and len(value) == 1:
        (only,) = value.values()
        value = only if isinstance(only, list | dict) else value
    if isinstance(value, list):
        yield from value
    elif value:
        yield value


def result(answer: Answer) -> dict[str, object]:
    """The ``result`` of a good answer; Broken without one."""
    found = opened(answer).get("result")
    if not isinstance(found, dict):
        raise broken(LABEL, "no result")
    return found
