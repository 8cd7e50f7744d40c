"""A request in AfterShip's shape, from its path to its envelope."""

import re
from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest

from doorstep.app.api.api_rate import Standing
from doorstep.core.message import Message
from doorstep.web.api.problem import Declined
from doorstep.web.compat.aftership import couriers, envelope, signature, trackings
from doorstep.web.compat.aftership.envelope import Refusal
from doorstep.web.compat.aftership.route import OPERATIONS, Asked, Operation
from doorstep.web.compat.call import Reply, asked, let_in, sent

MODULES: Final = (trackings, couriers)  # what they register is the table
ROOT: Final = "/tracking/"
FIRST: Final = "2024-07"  # the version from which on an answer's data is the tracking itself
KEY: Final = "as-api-key"
_PATH: Final = re.compile(r"/tracking/(\d{4}-\d\d)(/[a-z]+)(?:/([A-Za-z0-9_-]{1,64}))?(?:/([a-z-]+))?/?")
TABLE: Final[Mapping[tuple[str, str], Operation]] = {(one.method, one.path): one for one in OPERATIONS}


def answer(request: HttpRequest) -> Reply:
    """What is done, or why it is not."""
    standing: list[Standing] = []
    try:
        return _done(request, standing)
    except Exception as problem:
        return envelope.refused(problem, standing)


def _done(request: HttpRequest, standing: list[Standing]) -> Reply:
    found, number_id = _found(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    holder = let_in(headers.get(KEY, ""), KEY, found.scope, standing)
    body = sent(request)
    signature.check(request.method or "", request.path, request.META.get("QUERY_STRING", ""), headers, body)
    query = asked(request)
    for name in sorted(set(query) - found.takes):
        raise Refusal(envelope.VALUE_INVALID, Message(id="compat.no_parameter", values={"name": name[:60]}))
    data = found.handle(Asked(holder=holder, id=number_id, query=query, body=body))
    return envelope.good(data, found.status, standing[-1])


def _found(request: HttpRequest) -> tuple[Operation, int]:
    """The operation, and the tracking's id in the path; an id that is none of ours is that of nothing."""
    said = _PATH.fullmatch(request.path)
    if said is None or said[1] < FIRST:
        raise Declined("method", Message(id="compat.no_operation", values={"first": FIRST}))
    part, verb = said[3] or "", f"/{said[4]}" if said[4] else ""
    literal = TABLE.get((request.method or "", f"{said[2]}/{part}{verb}" if part else said[2]))
    if literal:
        return literal, 0
    named = TABLE.get((request.method or "", f"{said[2]}/{{id}}{verb}")) if part else None
    if named is None:
        raise Declined("method", Message(id="compat.no_operation", values={"first": FIRST}))
    return named, int(part) if part.isdecimal() and len(part) < 19 else 0
