"""How BigCommerce is asked, and what its answers mean before they are read. A list without entries is an empty 204."""

import re
from typing import Final, Literal

import msgspec

from doorstep.connectors.answers import payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Busy, Denied, NotFound, Request
from doorstep.connectors.signing import Pairs
from doorstep.core.message import Message

API: Final = "https://api.bigcommerce.com/stores"
_HASH: Final = re.compile(r"(?:.*/stores/)?([0-9A-Za-z_]{1,40})(?:/.*)?")


def store_hash(account: Account) -> str:
    """The store's permanent id; the whole API path that BigCommerce shows is taken, too."""
    said = account.settings.get("store_hash", "").strip()
    found = _HASH.fullmatch(said)
    if not found:
        raise Denied("no store hash", message=Message(id="bigcommerce.no_store", values={"said": said[:100]}))
    return found[1]


def id_of(said: str) -> str:
    """An id of BigCommerce; nothing else becomes part of a path."""
    if not re.fullmatch(r"[0-9]{1,12}", said):
        raise NotFound(said, message=Message(id="stores.not_found", values={"said": said}))
    return said


def request(
    account: Account,
    method: Literal["GET", "POST", "PUT", "DELETE"],
    path: str,
    *,
    query: Pairs = (),
    body: object = None,
    what: str = "",
    subject: str = "",
    context: dict[str, str] | None = None,
) -> Request:
    """``path`` begins with the version: orders are v2, webhooks v3."""
    headers = {"X-Auth-Token": account.credentials.get("access_token", ""), "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        url=f"{API}/{store_hash(account)}{path}",
        query=query,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        context=context or {},
        changes=method != "GET",
    )


def data(answer: Answer) -> object:
    """The answer's JSON (None where it is empty), or the Trouble that the status means."""
    problem = trouble(answer, _said(answer))
    if problem is None:
        return payload(answer) if answer.body.strip() or answer.status != 204 else None
    if isinstance(problem, Denied):
        problem.message = Message(id="bigcommerce.denied", values={"said": problem.said})
    elif isinstance(problem, Busy):
        problem.retry_after = problem.retry_after or _pause(answer)
    raise problem


def _pause(answer: Answer) -> float | None:
    """Seconds until the window of calls begins anew; BigCommerce says milliseconds."""
    said = answer.headers.get("x-rate-limit-time-reset-ms", "")
    return int(said) / 1000 if re.fullmatch(r"[0-9]{1,9}", said) else None


def _said(answer: Answer) -> str:
    """v2 answers with a list of errors (or one), each with a ``message``; v3 with one ``title``."""
    try:
        found = payload(answer) if answer.status >= 400 else None
    except Broken:
        found = None
    first = found[0] if isinstance(found, list) and found else found
    error = first if isinstance(first, dict) else {}
    return text(error.get("message")) or text(error.get("title")) or f"HTTP {answer.status}"
