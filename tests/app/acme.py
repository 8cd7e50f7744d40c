"""A vendor made for tests, and its connector: what no vendor of the sandbox does on demand. Real HTTP on the loopback.

A person allows it on its own page; access tokens end, and a refresh token is good once.
"""

import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from doorstep.app import clock, loop
from doorstep.connectors import registry, signing
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Can,
    Checked,
    Delivery,
    Denied,
    Facts,
    Field,
    Flow,
    Grant,
    Meta,
    Received,
    Request,
)
from sandbox.serve import HOST, listen

MEMBER = "acme-account-7"
CLIENT = {"client_id": "app-1", "client_secret": "s3cret"}


class Vendor:
    """The other side. ``asked`` counts requests by path; ``grants`` are codes that a person's yes has made."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}
        self.grants: dict[str, str] = {}  # code -> PKCE challenge
        self.refresh: set[str] = set()
        self.tokens: set[str] = set()
        self.revoked = False
        self.url = ""
        self._serial = itertools.count(1)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked[request.path] = self.asked.get(request.path, 0) + 1
        if request.path == "/token":
            return self._token(dict(parse_qsl(await request.text())))
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response({"id": MEMBER})

    def _token(self, form: Mapping[str, str]) -> web.Response:
        fits = form.get("client_secret") == CLIENT["client_secret"] and not self.revoked
        if form["grant_type"] == "authorization_code":
            fits = fits and self.grants.pop(form["code"], "") == signing.challenge(form["code_verifier"])
        else:
            fits = fits and form["refresh_token"] in self.refresh
            self.refresh.discard(form["refresh_token"])  # good once
        if not fits:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response(self.issue())

    def issue(self) -> dict[str, str]:
        """New tokens."""
        serial = next(self._serial)
        self.tokens, fresh = {f"access-{serial}"}, f"refresh-{serial}"
        self.refresh.add(fresh)
        return {"access_token": f"access-{serial}", "refresh_token": fresh}

    def allows(self, url: str) -> dict[str, str]:
        """A person says yes on the page at ``url``: the query they come back with."""
        asked = dict(parse_qsl(url.partition("?")[2]))
        code = f"code-{next(self._serial)}"
        self.grants[code] = asked["code_challenge"]
        return {"code": code, "state": asked["state"]}


class Acme:
    """A supplier: its account is allowed by a person, its tokens end, and it asks our address before it calls."""

    meta = Meta(
        name="acme",
        label="Acme",
        hosts=OWN,
        polls_per_minute=6000,
        can=frozenset({Can.GRANT, Can.HOOKS}),
        fields=(
            Field(name="base_url", label="Address"),
            Field(name="client_id", label="Client ID"),
            Field(name="client_secret", label="Client secret", secret=True),
        ),
    )
    status: ClassVar[dict[str, Any]] = {}
    unseen: frozenset[str] = frozenset()

    def authorize(self, account: Account, grant: Grant) -> str:
        query = {"state": grant.state, "redirect_uri": grant.redirect, "client_id": account.settings["client_id"]}
        return f"{account.base_url}/allow?" + urlencode(
            {**query, "code_challenge": signing.challenge(grant.verifier), "scope": "read"}
        )

    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
        if "code" not in query:
            raise Denied(query.get("error", ""))
        form = {"grant_type": "authorization_code", "code": query["code"], "code_verifier": grant.verifier}
        return _tokens(account, (yield _ask_token(account, form)))

    def check(self, account: Account) -> Flow[Checked]:
        answer = yield _get(account, "/me")
        return Checked(external_id=json.loads(_good(answer).body)["id"], label="Acme")

    def stale(self, account: Account) -> bool:
        until = account.credentials.get("until", "")
        return bool(until) and datetime.fromisoformat(until) <= account.now

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        refresh = account.credentials.get("refresh_token", "")
        if not refresh:
            return {}
        answer = yield _ask_token(account, {"grant_type": "refresh_token", "refresh_token": refresh})
        return _tokens(account, answer)

    def visit(self, account: Account, *, change: bool = False) -> Flow[str]:
        """Something to ask for; ``change`` sends something first."""
        if change:
            yield replace(_get(account, "/change"), method="POST", changes=True)
        _good((yield _get(account, "/me")))
        return account.credentials["access_token"]

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        yield _get(account, "/hooks")
        return {}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        if not signing.same(account.credentials["hook_secret"], delivery.headers.get("x-acme", "")):
            raise Denied("no")
        return Received(answer=Answer(what="news", body=delivery.body, received_at=delivery.received_at))

    def answer_challenge(self, account: Account, address: str, query: Mapping[str, str]) -> bytes:
        if "challenge" not in query:
            raise Denied("no question")
        return json.dumps({"said": query["challenge"], "by": account.settings["client_id"]}).encode()

    def read(self, answer: Answer) -> Facts:
        return Facts()


def _get(account: Account, path: str) -> Request:
    token = account.credentials.get("access_token", "")
    return Request(method="GET", url=account.base_url + path, headers={"Authorization": f"Bearer {token}"})


def _ask_token(account: Account, form: Mapping[str, str]) -> Request:
    body = urlencode({**form, "client_secret": account.credentials["client_secret"]}).encode()
    return Request(method="POST", url=f"{account.base_url}/token", body=body)


def _tokens(account: Account, answer: Answer) -> Mapping[str, str]:
    until = (account.now + timedelta(hours=1)).isoformat()
    return {**json.loads(_good(answer).body), "until": until}


def _good(answer: Answer) -> Answer:
    if answer.status != 200:
        raise Denied(f"HTTP {answer.status}")
    return answer


@contextlib.asynccontextmanager
async def living(settings: Any, monkeypatch: Any) -> AsyncIterator[Vendor]:
    """The vendor at work, and its connector among those of the product."""
    vendor, app = Vendor(), web.Application()
    app.router.add_route("*", "/{tail:.*}", vendor.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    door = listen(0)
    await web.SockSite(runner, door).start()
    port = door.getsockname()[1]
    vendor.url = f"http://{HOST}:{port}"
    settings.ALLOW_HOSTS = f"{HOST}:{port}"
    monkeypatch.setitem(registry.connectors("supplier"), "acme", Acme())
    yield vendor
    await loop.end()
    await runner.cleanup()


def credentials(vendor: Vendor, *, hours: int = 1) -> dict[str, str]:
    """Of an account that was allowed; its token ends in ``hours``."""
    until = clock.now() + timedelta(hours=hours)
    return {"client_secret": CLIENT["client_secret"], **vendor.issue(), "until": until.isoformat()}
