"""How PrestaShop's webservice is asked, and what its answers mean before they are read."""

import re
from collections.abc import Mapping
from typing import Literal, TypeVar
from xml.etree.ElementTree import Element, SubElement, tostring

from doorstep.connectors import xml
from doorstep.connectors.answers import convert, looks_like_html, payload, text, trouble
from doorstep.connectors.contract import Account, Answer, Broken, Denied, NotFound, Request
from doorstep.connectors.signing import Pairs, basic
from doorstep.core.message import Message

T = TypeVar("T")


def id_of(ref: str) -> str:
    """An id of PrestaShop; nothing else becomes part of a query."""
    if not re.fullmatch(r"[0-9]{1,12}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


def site(account: Account) -> str:
    """The shop address without a trailing slash or the webservice's own path; https unless http was entered."""
    typed = re.sub(r"/(api)?/*$", "", account.base_url.strip())
    return typed if "://" in typed else f"https://{typed}"


def request(
    account: Account,
    resource: str,
    query: Pairs,
    *,
    method: Literal["GET", "POST", "PUT"] = "GET",
    body: bytes = b"",
    what: str = "",
    subject: str = "",
    context: dict[str, str] | None = None,
) -> Request:
    """The key is a user name without a password."""
    headers = {"Authorization": basic(account.credentials.get("api_key", ""), "")}
    if body:
        headers["Content-Type"] = "text/xml"
    return Request(
        method=method,
        url=f"{site(account)}/api/{resource}",
        query=query if body else (*query, ("output_format", "JSON")),
        headers=headers,
        body=body,
        what=what,
        subject=subject,
        context=context or {},
        changes=method != "GET",
    )


def document(kind: str, fields: Mapping[str, str]) -> bytes:
    root = Element("prestashop")
    one = SubElement(root, kind)
    for name, value in fields.items():
        SubElement(one, name).text = value
    made: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def rows(answer: Answer, name: str, shape: type[T]) -> list[T]:
    """The rows of a resource. None at all is an empty list without its name."""
    found = data(answer)
    return convert(found.get(name) or [] if isinstance(found, dict) else found, list[shape])  # type: ignore[valid-type]  # checked by msgspec


def written(answer: Answer) -> None:
    """What was written comes back as XML; all that counts is that nothing went wrong."""
    if problem := trouble(answer, _said(answer)):
        raise problem


def data(answer: Answer) -> object:
    """The answer's JSON, or the Trouble that the status means."""
    problem = trouble(answer, _said(answer))
    if problem is None:
        return payload(answer)
    if isinstance(problem, Denied):
        problem.message = Message(id="prestashop.denied", values={"said": problem.said})
    elif isinstance(problem, NotFound) and looks_like_html(answer):
        problem.message = Message(id="prestashop.no_api")
    raise problem


def _said(answer: Answer) -> str:
    """PrestaShop's first sentence: JSON where JSON was asked for, XML where XML was sent."""
    if answer.status < 400:
        return ""
    root = xml.opened(answer.body)
    if root is not None and root.tag == "prestashop":
        return xml.said(root, "errors/error/message") or f"HTTP {answer.status}"
    try:
        found = payload(answer)
    except Broken:
        found = None
    errors = found.get("errors") if isinstance(found, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return (text(first.get("message")) if isinstance(first, dict) else "") or f"HTTP {answer.status}"
