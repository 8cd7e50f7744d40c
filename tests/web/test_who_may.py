"""Every view, for everybody: members of each role, the owner of another workspace, and nobody."""

import pytest
from django.db import transaction
from django.test import Client

from doorstep.app.members import workspaces
from doorstep.core import roles
from doorstep.core.roles import Member
from doorstep.db.models import Order
from tests.app.ledger import Ledger
from tests.web import own, views
from tests.web.conftest import login
from tests.web.views import ENTRANCE, HOUSEHOLD, NEEDS, OPEN, POSTS


def status(client: Client, name: str, path: str) -> int:
    """What a press or a look is answered with; whatever it did is taken back."""
    with transaction.atomic():
        answer = client.post(path) if name in POSTS else client.get(path)
        transaction.set_rollback(True)
    return answer.status_code


def test_every_view_says_who_may_open_it() -> None:
    known = NEEDS.keys() | OPEN
    assert {one for one in views.named() - known if not one.startswith(HOUSEHOLD)} == set(), (
        "add it to tests/web/views.py"
    )
    assert known - views.named() == set()


@pytest.mark.parametrize("role", list(Member))
def test_each_role_opens_what_it_may_and_nothing_else(shop: Ledger, order: Order, role: Member) -> None:
    workspaces.join(shop.ws, f"{role}@example.org", "correct horse battery", role)
    workspaces.join(shop.ws, "other@example.org", "correct horse battery", Member.OWNER)
    client, wrong = login(f"{role}@example.org"), []
    for name, path in views.addresses(shop, order):
        code = status(client, name, path)
        if (code == 403) == roles.may(role, NEEDS[name]) or code >= 500:
            wrong.append(f"{name}: {code}")
    assert wrong == []


def test_owner_of_another_workspace_gets_nothing_of_this_one(shop: Ledger, order: Order, charlie: Client) -> None:
    wrong = []
    for name, path in views.addresses(shop, order):
        names_a_thing = any(str(one) in path for one in (order.id, shop.store.id))
        with own.naming(shop.ws) as found:
            code = status(charlie, name, path)
        if code >= 500 or found or (names_a_thing and code != 404):
            wrong.append(f"{name}: {code} {found}")
    assert wrong == []
    with own.naming(shop.ws) as found:  # it would be seen
        login("alice@example.org").get("/today")
    assert found


def test_nobody_opens_anything(shop: Ledger, order: Order) -> None:
    client = Client()
    for name, path in views.addresses(shop, order):
        answer = client.post(path) if name in POSTS else client.get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/accounts/login/"), path


def test_nobody_opens_what_is_about_an_account(db: None) -> None:
    told = {name: Client().get(path) for name, path in views.of_allauth() if name not in ENTRANCE}
    assert len(told) > 10
    assert {name for name, answer in told.items() if answer.status_code != 302} == set()
    assert {
        name for name, answer in told.items() if not answer.headers["Location"].startswith("/accounts/login/")
    } == set()
