"""Signed requests to WooCommerce's REST API, and what its answers mean before they are read."""

import re
import secrets
from collections.abc import Mapping
from typing import Literal

import msgspec

from doorstep.connectors.answers import looks_like_html, payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Denied, NotFound, Request
from doorstep.connectors.signing import Pairs, basic, oauth_query
from doorstep.core.message import Message


def request(
    account: Account,
    method: Literal["GET", "POST", "PUT", "DELETE"],
    path: str,
    *,
    query: Pairs = (),
    body: object = None,
    what: str = "",
    subject: str = "",
    sign: str | None = None,
) -> Request:
    """A signed request. ``sign``: basic, query, oauth or '' (not at all); None = as found out when connecting."""
    url = f"{site(account)}/wp-json{path}"
    secure = url.startswith("https:")
    how = sign if sign is not None else (account.settings.get("auth") or "basic") if secure else "oauth"
    key, secret = (account.credentials.get(name, "") for name in ("consumer_key", "consumer_secret"))
    headers = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if how == "basic":
        headers["Authorization"] = basic(key, secret)
    elif how == "query":
        query = (*query, ("consumer_key", key), ("consumer_secret", secret))
    elif how == "oauth":
        nonce = secrets.token_hex(16)  # the one thing that must differ between two equal requests of one second
        query = oauth_query(method, url, query, key=key, secret=secret, now=account.now, nonce=nonce)
    return Request(
        method=method,
        url=url,
        query=query,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        context=told(account) if what else {},
        changes=method != "GET",
    )


def told(account: Account) -> dict[str, str]:
    return {"way": account.settings.get("way", "")}


def site(account: Account) -> str:
    """The shop's address as typed: with or without scheme, path of the REST API or closing slash."""
    typed = account.base_url.strip().partition("/wp-json")[0].rstrip("/")
    return typed if "://" in typed else f"https://{typed}"


def order_id(ref: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


def opened(answer: Answer) -> object:
    """The answer's JSON, or the Trouble that status and error code mean."""
    problem = trouble(answer, said(answer))
    if problem is None:
        return payload(answer)
    if isinstance(problem, NotFound) and (looks_like_html(answer) or code(answer) == "rest_no_route"):
        problem.message = Message(id="stores.woocommerce.no_api")
    elif isinstance(problem, Denied):
        problem.message = Message(id="stores.woocommerce.denied", values={"said": problem.said})
    raise problem


def error(answer: Answer) -> Mapping[str, object]:
    try:
        found = payload(answer)
    except Broken:
        return {}
    return found if isinstance(found, dict) else {}


def code(answer: Answer) -> str:
    return text(error(answer).get("code"))


def said(answer: Answer) -> str:
    return text(error(answer).get("message")) or f"HTTP {answer.status}"
