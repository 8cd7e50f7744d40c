"""Requests to Shopify's Admin API, and what its answers mean before their data is read."""

import math
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from doorstep.connectors.answers import convert, looks_like_html, payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Busy, Denied, NotFound, Refused, Request, Trouble
from doorstep.connectors.stores.shopify_admin.documents import VERSION
from doorstep.core.message import Message

_CLOSED = (402, 423)  # unpaid and frozen; locked
_ADMIN = re.compile(r"admin\.shopify\.com/store/([A-Za-z0-9-]+)")


def ask(
    account: Account,
    document: str,
    variables: Mapping[str, object],
    *,
    what: str = "",
    subject: str = "",
    changes: bool = False,
) -> Request:
    return Request(
        method="POST",
        url=f"{site(account)}/admin/api/{VERSION}/graphql.json",
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Shopify-Access-Token": account.credentials.get("access_token", ""),
        },
        body=msgspec.json.encode({"query": document, "variables": variables}),
        what=what,
        subject=subject,
        changes=changes,
    )


def site(account: Account) -> str:
    """The shop's address as typed. Raises Refused, naming the right one, for that of the merchant's own console."""
    typed = account.base_url.strip().rstrip("/")
    if console := _ADMIN.search(typed):
        raise Refused(message=Message(id="shopify.console_address", values={"shop": f"{console[1]}.myshopify.com"}))
    url = urlsplit(typed if "://" in typed else f"https://{typed}")
    return f"{url.scheme}://{url.netloc}"


def gid(kind: str, ref: str) -> str:
    """The API's id of a number. Raises NotFound for what cannot be one."""
    if not re.fullmatch(r"[0-9]{1,20}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return f"gid://shopify/{kind}/{ref}"


def data(answer: Answer) -> Mapping[str, object]:
    """``data`` of an answer. Errors come with HTTP 200. A field that Shopify keeps back (personal data) is null and an
    error beside data: that is no trouble.
    """
    closed = _closed(answer)
    if closed:
        raise closed
    found = convert(payload(answer), dict[str, object])
    errors = _errors(found)
    whole = found.get("data")
    kept_back = isinstance(whole, dict) and whole and all(value is not None for value in whole.values())
    if errors and not (kept_back and all(code == "ACCESS_DENIED" for code, _ in errors)):
        raise _trouble(*errors[0], found, answer)
    return convert(whole, dict[str, object])


def keeps_back(answer: Answer) -> bool:
    """Whether fields were left out because the app may not see personal data."""
    found = payload(answer)
    return isinstance(found, dict) and any(code == "ACCESS_DENIED" for code, _ in _errors(found))


def result(answer: Answer, mutation: str) -> Mapping[str, object]:
    """What a mutation gives. ``userErrors`` are a refusal in the shop's words."""
    found = convert(data(answer).get(mutation), dict[str, object])
    errors = convert(found.get("userErrors") or [], list[dict[str, object]])
    if errors:
        said = " ".join(text(one.get("message")) for one in errors)[:200]
        raise Refused(said, message=Message(id="stores.refused", values={"said": said}))
    return found


def _closed(answer: Answer) -> Trouble | None:
    """What the HTTP status alone means."""
    said = _said(answer)
    if answer.status in _CLOSED:
        return Denied(said, message=Message(id="shopify.closed"))
    if answer.status == 430:
        return Busy(said, message=Message(id="stores.busy"))
    problem = trouble(answer, said)
    if isinstance(problem, Denied):
        problem.message = Message(id="shopify.denied", values={"said": said})
    elif isinstance(problem, NotFound) or (problem is None and looks_like_html(answer)):
        return NotFound(said, message=Message(id="shopify.no_api"))
    return problem


def _said(answer: Answer) -> str:
    """Before GraphQL is reached, ``errors`` is a text."""
    try:
        found = payload(answer)
    except Broken:
        return f"HTTP {answer.status}"
    told = found if isinstance(found, dict) else {}
    return text(told.get("errors")) or f"HTTP {answer.status}"


def _errors(found: Mapping[str, object]) -> list[tuple[str, str]]:
    """(code, message) of every error."""
    errors = found.get("errors")
    said: list[tuple[str, str]] = []
    for error in errors if isinstance(errors, list) else [errors] if errors else []:
        told = error if isinstance(error, dict) else {"message": error}
        extensions = told.get("extensions")
        code = text(extensions.get("code")) if isinstance(extensions, dict) else ""
        said.append((code, text(told.get("message"))[:200]))
    return said


def _trouble(code: str, said: str, found: Mapping[str, object], answer: Answer) -> Trouble:
    if code == "THROTTLED":
        return Busy(said, retry_after=_refill(found), message=Message(id="stores.busy"))
    if code == "ACCESS_DENIED":
        return Denied(said, message=Message(id="shopify.denied", values={"said": said}))
    if code == "SHOP_INACTIVE":
        return Denied(said, message=Message(id="shopify.closed"))
    if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT"):
        return Broken(said, message=Message(id="stores.failed", values={"said": said}))
    return Refused(said, message=Message(id="stores.refused", values={"said": said or f"HTTP {answer.status}"}))


class _Bucket(msgspec.Struct, rename="camel"):
    currently_available: float
    restore_rate: float


class _Cost(msgspec.Struct, rename="camel"):
    requested_query_cost: float
    throttle_status: _Bucket


def _refill(found: Mapping[str, object]) -> float | None:
    """Seconds until the bucket holds what the query costs, rounded up; None where Shopify does not say."""
    extensions = found.get("extensions")
    try:
        cost = msgspec.convert(extensions.get("cost") if isinstance(extensions, dict) else None, _Cost, strict=False)
    except msgspec.ValidationError:
        return None
    bucket = cost.throttle_status
    if not bucket.restore_rate > 0:
        return None
    return float(max(1, math.ceil((cost.requested_query_cost - bucket.currently_available) / bucket.restore_rate)))
