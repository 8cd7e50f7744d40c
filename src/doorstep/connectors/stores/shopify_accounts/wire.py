"""Requests to the Customer Account API, and what its answers mean before their data is read."""

from collections.abc import Mapping

import msgspec

from doorstep.connectors.answers import convert, payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Busy, Denied, Refused, Request, Trouble
from doorstep.core.message import Message


def ask(
    account: Account, document: str, variables: Mapping[str, object], *, what: str = "", subject: str = ""
) -> Request:
    """The token goes alone in its header, as this API wants it."""
    return Request(
        method="POST",
        url=account.settings["graphql"],
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Origin": account.settings.get("origin", ""),
            "Authorization": account.credentials.get("access_token", ""),
        },
        body=msgspec.json.encode({"query": document, "variables": variables}),
        what=what,
        subject=subject,
    )


def data(answer: Answer) -> Mapping[str, object]:
    """``data`` of an answer. Errors come with HTTP 200."""
    problem = trouble(answer, f"HTTP {answer.status}")
    if isinstance(problem, Denied):
        problem.message = Message(id="shop_accounts.denied")
    if problem:
        raise problem
    found = convert(payload(answer), dict[str, object])
    errors = found.get("errors")
    if errors:
        raise _trouble(errors[0] if isinstance(errors, list) else errors)
    return convert(found.get("data"), dict[str, object])


def _trouble(error: object) -> Trouble:
    told = error if isinstance(error, dict) else {"message": error}
    extensions = told.get("extensions")
    code = text(extensions.get("code")) if isinstance(extensions, dict) else ""
    said = text(told.get("message"))[:200] or code
    if code == "THROTTLED":
        return Busy(said, message=Message(id="stores.busy"))
    if code in ("ACCESS_DENIED", "UNAUTHORIZED"):
        return Denied(said, message=Message(id="shop_accounts.denied"))
    if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT"):
        return Broken(said, message=Message(id="stores.failed", values={"said": said}))
    return Refused(said, message=Message(id="stores.refused", values={"said": said}))
