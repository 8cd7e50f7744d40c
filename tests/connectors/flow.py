"""Drives a connector's flow with canned answers, and holds every Request to the rules of the contract."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from doorstep.connectors.contract import OWN, Account, Answer, Connector, Flow, Renewing, Request

T = TypeVar("T")
NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
AT_MOST = 50  # requests of one flow in a test

Reply = Answer | Callable[[Request], Answer]


@dataclass
class Driven(Generic[T]):
    """What a flow did. ``result`` is what it returned."""

    requests: list[Request] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    result: T = None  # type: ignore[assignment]  # set when the flow ends; before that there is nothing to type


def answer(body: Any = b"", status: int = 200, **headers: str) -> Answer:
    """A canned answer; ``body`` is bytes, text, or a value to be written as JSON."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(what="", status=status, headers=named, body=raw, received_at=NOW)


def drive(connector: Connector, account: Account, flow: Flow[T], replies: Iterable[Reply] | Reply) -> Driven[T]:
    """Runs ``flow`` to its end. ``replies`` is a list, or one reply for every request."""
    done: Driven[T] = Driven()
    many = None if isinstance(replies, Answer) or callable(replies) else iter(replies)
    try:
        step = next(flow)
        while len(done.requests) < AT_MOST:
            check_request(connector, account, step)
            done.requests.append(step)
            done.answers.append(_reply(step, replies if many is None else next(many)))
            step = flow.send(done.answers[-1])
    except StopIteration as end:
        done.result = end.value
        if many is not None:
            assert next(many, None) is None, "the flow ended before it used every canned answer"
        return done
    raise AssertionError(f"more than {AT_MOST} requests")


def fresh(connector: Connector, account: Account, replies: Iterable[Reply] | Reply) -> Account:
    """The account with credentials that are good, as the app hands it to a flow."""
    if not isinstance(connector, Renewing) or not connector.stale(account):
        return account
    learned = drive(connector, account, connector.renew(account), replies).result
    return replace(account, credentials={**account.credentials, **learned})


def _reply(request: Request, reply: Any) -> Answer:
    """The reply with the ``what`` and ``context`` of its request, as the app hands it on."""
    given = reply if isinstance(reply, Answer) else reply(request)
    return Answer(
        what=request.what,
        status=given.status,
        headers=given.headers,
        body=given.body,
        context=request.context,
        received_at=given.received_at,
    )


def check_request(connector: Connector, account: Account, request: Request) -> None:
    """Only to the hosts that the connector names; no secret where it would be stored or logged."""
    parts = urlsplit(request.url)
    own = urlsplit(account.base_url if "://" in account.base_url else f"https://{account.base_url}").hostname
    allowed = {own} if connector.meta.hosts == OWN else set(connector.meta.hosts)
    assert parts.hostname in allowed, f"{parts.hostname} is not among {allowed}"
    assert parts.scheme == "https" or connector.meta.hosts == OWN, "a vendor is only asked over https"
    assert not parts.query, "the query belongs in Request.query"
    stored = [request.url, request.what, request.subject, *request.context, *request.context.values()]
    stored += [request.body.decode()] if request.what and not request.sealed else []
    secrets = [value for value in account.credentials.values() if value]
    assert not [text for text in stored for secret in secrets if secret in text], "a secret would be stored"
    assert request.changes is False or not request.what, "what changes something over there is not a poll"
