"""How Magento's admin REST API is asked, and what its answers mean before they are read."""

import re
from typing import Final, Literal

import msgspec

from doorstep.connectors.answers import looks_like_html, payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Denied, NotFound, Request
from doorstep.connectors.signing import Pairs
from doorstep.core.message import Message

BASE: Final = "/rest/all/V1"  # of all store views


def site(account: Account) -> str:
    """The shop address without a trailing slash; https unless http was entered."""
    address = account.base_url.strip().rstrip("/")
    return address if "://" in address else f"https://{address}"


def id_of(said: str) -> str:
    """An id of Magento; nothing else becomes part of a path."""
    if not re.fullmatch(r"[0-9]{1,12}", said):
        raise NotFound(said, message=Message(id="stores.not_found", values={"said": said}))
    return said


def criteria(field: str = "", value: str = "", *, how: str = "eq", size: int, page: int = 1) -> Pairs:
    """A search by one field ('' = all), sorted by id, which never changes."""
    one = "searchCriteria[filterGroups][0][filters][0]"
    wanted = ((f"{one}[field]", field), (f"{one}[value]", value), (f"{one}[conditionType]", how)) if field else ()
    order = "searchCriteria[sortOrders][0]"
    return (
        *wanted,
        (f"{order}[field]", "entity_id"),
        (f"{order}[direction]", "ASC"),
        ("searchCriteria[pageSize]", str(size)),
        ("searchCriteria[currentPage]", str(page)),
    )


def request(
    account: Account,
    method: Literal["GET", "POST", "DELETE"],
    path: str,
    *,
    query: Pairs = (),
    body: object = None,
    what: str = "",
    subject: str = "",
    context: dict[str, str] | None = None,
) -> Request:
    token = account.credentials.get("access_token", "")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        url=f"{site(account)}{BASE}{path}",
        query=query,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        context=context or {},
        changes=method != "GET",
    )


def data(answer: Answer) -> object:
    """The answer's JSON, or the Trouble that the status means."""
    problem = trouble(answer, _said(answer))
    if problem is None:
        return payload(answer)
    if isinstance(problem, Denied):
        problem.message = Message(id="magento.denied", values={"said": problem.said})
    elif isinstance(problem, NotFound) and looks_like_html(answer):
        problem.message = Message(id="magento.no_api")
    raise problem


def _said(answer: Answer) -> str:
    """Magento's sentence, with its parameters (a list for %1, %2; an object for %names) put in."""
    try:
        found = payload(answer) if answer.status >= 400 else None
    except Broken:
        found = None
    error = found if isinstance(found, dict) else {}
    said = text(error.get("message")) or f"HTTP {answer.status}"
    given = error.get("parameters")
    if isinstance(given, list):
        given = {str(position): value for position, value in enumerate(given, start=1)}
    values = given if isinstance(given, dict) else {}
    return re.sub(r"%(\w+)", lambda found: text(values.get(found[1])) or found[0], said)
