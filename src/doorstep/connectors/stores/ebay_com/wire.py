"""How eBay is asked: hosts, tokens of a seller and of the application, and what its error numbers mean."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import payload, text, trouble
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Denied,
    Flow,
    NotFound,
    Refused,
    Request,
    Trouble,
)
from doorstep.connectors.signing import Pairs, basic
from doorstep.core.message import Message, Value

API: Final = "https://api.ebay.com"
IDENTITY: Final = "https://apiz.ebay.com"
TOKEN: Final = f"{API}/identity/v1/oauth2/token"
ANYBODY: Final = "https://api.ebay.com/oauth/api_scope"  # of an application without a seller
# errorId -> the sentence that says what to do. The ids are those of the Sell Fulfillment schema.
SENTENCES: Final[Mapping[int, tuple[type[Trouble], str]]] = {
    32100: (NotFound, "stores.not_found"),
    32300: (Refused, "ebay.number_or_carrier"),
    32400: (Refused, "ebay.suspended"),
    32500: (Refused, "ebay.shipped_date"),
    34100: (Refused, "ebay.too_many_numbers"),
    34200: (Refused, "ebay.global_shipping"),
    34300: (Refused, "ebay.global_shipping"),
}


def request(
    account: Account,
    method: Literal["GET", "POST", "PUT"],
    path: str,
    *,
    query: Pairs = (),
    body: object = None,
    what: str = "",
    subject: str = "",
    context: Mapping[str, str] | None = None,
    token: str | None = None,
    base: str = API,
) -> Request:
    """``token``: the application's; None = the seller's."""
    bearer = account.credentials.get("access_token", "") if token is None else token
    headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        url=base + path,
        query=query,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        context=context or {},
        changes=method != "GET",
    )


def application(account: Account) -> Mapping[str, str]:
    """The header that proves who the application is."""
    return {"Authorization": basic(account.settings.get("client_id", ""), account.credentials.get("client_secret", ""))}


def application_token(account: Account) -> Flow[str]:
    """A token of the application itself: keys and destinations of notices are asked for with it."""
    form = {"grant_type": "client_credentials", "scope": ANYBODY}
    answer = yield grants.asks(TOKEN, form, application(account))
    return grants.tokens(answer, account.now)["access_token"]


def data(answer: Answer) -> object:
    """The answer's JSON (None where it is empty), or the Trouble that status and error number mean."""
    number, said = _error(answer)
    problem = trouble(answer, said)
    if problem is None:
        return payload(answer) if answer.body.strip() else None
    values: dict[str, Value] = {"said": said}
    if number in SENTENCES and not isinstance(problem, Busy | Broken):
        kind, sentence = SENTENCES[number]
        problem = kind(said, message=Message(id=sentence, values=values))
    elif isinstance(problem, Denied):
        problem.message = Message(id="ebay.denied", values=values)
    raise problem


def _error(answer: Answer) -> tuple[int, str]:
    """Number and sentence of the first error; the longer sentence, because the short one is cut at 50 characters."""
    try:
        found = payload(answer) if answer.status >= 400 else None
    except Broken:
        found = None
    errors = found.get("errors") if isinstance(found, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    number = first.get("errorId")
    said = text(first.get("longMessage")) or text(first.get("message")) or f"HTTP {answer.status}"
    return number if isinstance(number, int) else 0, said[:200]
