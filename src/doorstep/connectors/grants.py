"""What a person has allowed on a vendor's page (OAuth 2.0, RFC 6749 section 4.1), as far as it is the same for every
vendor: the code that they came back with, and tokens that end and are renewed with another. Tokens that a program gets
for itself are the subject of ``tokens``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NoReturn
from urllib.parse import urlencode

import msgspec

from doorstep.connectors.answers import convert, instant, payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Denied, Refused, Request
from doorstep.connectors.signing import same
from doorstep.connectors.values import Grant
from doorstep.core.message import Message

MARGIN: Final = timedelta(minutes=5)  # before the end; a flow that starts now must still be let in by its last request


class _Tokens(msgspec.Struct):
    access_token: str
    expires_in: int
    refresh_token: str = ""


def code(grant: Grant, query: Mapping[str, str]) -> str:
    """The code that a person brought back. Raises Denied when they said no, or somebody forged their way back."""
    if not same(grant.state, query.get("state", "")):
        raise Denied("another state", message=Message(id="grants.forged"))
    if not query.get("code"):
        said = query.get("error_description") or query.get("error") or "no code"
        raise Denied(said, message=Message(id="grants.declined", values={"said": said[:200]}))
    return query["code"]


def asks(url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Request:
    """A request to a token endpoint. Plumbing: neither it nor its answer is ever stored."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **(headers or {})}
    return Request(method="POST", url=url, headers=sent, body=urlencode(form).encode())


def tokens(answer: Answer, now: datetime) -> dict[str, str]:
    """``access_token``, ``access_until`` and, where a new one was given, ``refresh_token``. Raises Denied when the
    grant is over (a person took it back, or nobody used it for too long).
    """
    if problem := trouble(answer, _said(answer)):
        if isinstance(problem, Refused | Denied):
            _refuse(problem.said)
        raise problem
    found = convert(payload(answer), _Tokens)
    return held(found.access_token, found.expires_in, found.refresh_token, now)


def held(access: str, seconds: float, refresh: str, now: datetime) -> dict[str, str]:
    """``access_token``, ``access_until`` (ISO 8601, UTC) and, where there is a new one, ``refresh_token``. ``seconds``:
    how long the access token lives. Raises Broken where that is no length of time.
    """
    try:
        until = now + timedelta(seconds=seconds)
    except (OverflowError, ValueError) as error:
        raise Broken(str(error), message=Message(id="stores.garbage")) from error
    kept = {"access_token": access, "access_until": until.isoformat()}
    return {**kept, "refresh_token": refresh} if refresh else kept


def over(account: Account) -> bool:
    """Whether the access token is over, or nearly so, and there is something to get a new one with."""
    until = instant(account.credentials.get("access_until"))
    return bool(account.credentials.get("refresh_token")) and (until is None or until <= account.now + MARGIN)


def _refuse(said: str) -> NoReturn:
    raise Denied(said, message=Message(id="grants.over", values={"said": said}))


def _said(answer: Answer) -> str:
    """The error of RFC 6749 section 5.2: a word, and perhaps a sentence."""
    try:
        found = payload(answer)
    except Broken:
        return f"HTTP {answer.status}"
    error = found if isinstance(found, dict) else {}
    return text(error.get("error_description")) or text(error.get("error")) or f"HTTP {answer.status}"
