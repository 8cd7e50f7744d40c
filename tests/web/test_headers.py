"""Headers and cookies at their strictest on every kind of answer: pages, files, errors, redirects, and to programs."""

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from doorstep.app import doors
from doorstep.app.overview import deadlines
from doorstep.db.models import Brand, Order, User
from tests.app.ledger import Ledger
from tests.web import views
from tests.web.shoppers import at_home
from tests.web.views import POSTS

CACHED = ("/static/", "/look/brand/", "/my/app.webmanifest", "/my/worker.js")  # nothing of anybody is in them


def wrong(path: str, answer: HttpResponse) -> Iterator[str]:
    """What is not as strict as it can be."""
    said = {name.lower(): value for name, value in answer.headers.items()}
    policy = said.get("content-security-policy", "")
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    if rules.get("default-src") != "'none'" or not ({"frame-ancestors", "sandbox"} & rules.keys()):
        yield "policy"
    if "unsafe-eval" in policy or "unsafe" in rules.get("script-src", "") or "*" in policy:
        yield "policy allows"
    if said.get("x-content-type-options") != "nosniff":
        yield "sniffed"
    if said.get("referrer-policy") not in {"no-referrer", "same-origin"}:
        yield "referred"
    if "noindex" not in said.get("x-robots-tag", ""):
        yield "indexed"
    if "camera=()" not in said.get("permissions-policy", ""):
        yield "permitted"
    kept = {one.strip() for one in said.get("cache-control", "").split(",")}
    if not path.startswith(CACHED) and not (kept >= {"private", "no-store"} or kept == {"private", "no-cache"}):
        yield f"kept: {kept}"
    if not path.startswith(("/static/", "/look/brand/")) and said.get("cross-origin-resource-policy") != "same-origin":
        yield "drawn by others"
    yield from _loose(answer.cookies)


def _loose(cookies: SimpleCookie) -> Iterator[str]:
    for name, one in cookies.items():
        if name not in {"sessionid", "csrftoken", "messages"}:
            yield f"a cookie {name}"
        strict = one["httponly"] and one["samesite"] == "Lax" and one["path"] == "/" and not one["domain"]
        if not strict and one["max-age"] != 0:  # one that is taken back
            yield f"the cookie {name} is loose"


def found(asked: Iterator[tuple[Client, str, str]]) -> dict[str, list[str]]:
    """By path what is wrong with its answer; a GET, or what is said otherwise."""
    told: dict[str, list[str]] = {}
    for client, method, path in asked:
        if some := list(wrong(path, client.generic(method, path))):
            told[f"{method} {path}"] = some
    return told


def test_every_page_and_file_of_the_console(shop: Ledger, order: Order, alice: Client) -> None:
    every = views.addresses(shop, order)
    assert found((alice, "POST" if name in POSTS else "GET", path) for name, path in every) == {}


def test_every_way_in_with_a_token_and_nobodys_pages(shop: Ledger, order: Order, page: str) -> None:
    row = Brand.objects.create(ws=shop.ws, store_id=shop.store.id, key="a" * 22, colour="#112233")
    feed = deadlines.feed_url(deadlines.open_feed(shop.ws, User.objects.get(email="alice@example.org").pk, "user:1"))
    tokens = {
        "find": doors.token_of(doors.ensure(shop.ws, "lookup", shop.store.id)),
        "leave": doors.token_of(doors.ensure(shop.ws, "leave", order.id)),
    }
    paths = [
        *(page + below for below in ("", "/calendar.ics", "/qr.svg", "/follow", "/resync")),
        *(f"/{way}/{token}" for way, token in tokens.items()),
        "/calendar/" + feed.rpartition("/")[2],
        f"/look/brand/{row.key}.css",
        *(f"/{way}/no-such-token" for way in ("t", "s", "join", "follow", "find", "calendar")),
        *("/static/no-such-file.js", "/no-such-page", "/?x=%00", "/import/template.csv"),
        *("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/orders/1"),
        *("/api/v1/", "/api/v1/orders", "/api/v1/openapi.json", "/tracking/2024-10/trackings", "/track/v2.2/register"),
    ]
    nobody = Client()
    asked = [(nobody, method, path) for path in paths for method in ("GET", "POST")]
    assert found(iter([*asked, (nobody, "HEAD", "/static/page.css"), (nobody, "PUT", "/today")])) == {}


def test_every_page_of_the_app(db: None, settings: Any) -> None:
    settings.SHOPPER_APP = True
    ines, _ = at_home("ines@buyer.example")
    ours = (one for one in get_resolver().url_patterns if str(getattr(one, "name", "")).startswith(views.HOUSEHOLD))
    paths = [f"/{one.pattern}" for one in ours]
    whole = [re.sub(r"<int:\w+>", "1", path.replace("<slug:name>", "statuses")) for path in paths]
    whole.sort(key=lambda path: path.endswith(("/leave", "/erase")))  # the last that ines does
    assert len(whole) > 20
    asked = ((who, method, path) for path in whole for who in (ines, Client()) for method in ("GET", "POST"))
    assert found(asked) == {}


def test_refused_before_a_view_is_asked(shop: Ledger, settings: Any) -> None:
    """Another site's form, and a host that is not ours."""
    settings.ALLOWED_HOSTS = ["testserver"]
    strict = Client(enforce_csrf_checks=True)
    assert found(iter([(strict, "POST", "/columns"), (strict, "POST", "/accounts/login/")])) == {}
    elsewhere = Client(HTTP_HOST="evil.example")
    assert elsewhere.get("/").status_code == 400
    assert found(iter([(elsewhere, "GET", "/"), (elsewhere, "GET", "/api/v1/orders")])) == {}


def test_login_and_a_message_set_strict_cookies(shop: Ledger) -> None:
    client, form = Client(), {"login": "alice@example.org", "password": "correct horse battery"}
    answers = [client.get("/accounts/login/"), client.post("/accounts/login/", form)]
    answers.append(client.post("/deadlines/feed", {"do": "end"}))  # leaves a message for the next page
    assert [list(_loose(one.cookies)) for one in answers] == [[], [], []]
    assert {"sessionid", "csrftoken"} <= {name for one in answers for name in one.cookies}
