"""Stores of this installation in a household's list: only what was accepted, only for the proven address, and only
until it is revoked.
"""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from doorstep.app import clock, outbox
from doorstep.app.household import granted_news, grants, household_entry, household_letters, households
from doorstep.app.household.household_letters import Round
from doorstep.app.household.households import Refused
from doorstep.db.models import Audit, Brand, Connection, Grant, GrantRead, Order, Outbox, ThreadMessage, User, Workspace
from tests.app.ledger import Ledger, iso, track17
from tests.web.conftest import NUMBER
from tests.web.shoppers import at_home, come_in, text

INES = "ines@buyer.example"  # who ordered 1001 and 1002


@pytest.fixture(autouse=True)
def _opened(settings: Any) -> None:
    settings.SHOPPER_APP = True


@pytest.fixture
def opened(shop: Ledger) -> Ledger:
    """Alice's shop, opened for the app."""
    Brand.objects.create(
        ws=shop.ws, store_id=shop.store.id, key="k", app=True, phone="+351 1", email="hi@lamps.example"
    )
    return shop


@pytest.fixture
def ines(opened: Ledger) -> tuple[Client, Workspace]:
    return at_home(INES)


def accepted(client: Client, shop: Ledger) -> Grant:
    client.post("/my/stores/accept", {"store": f"{shop.ws}-{shop.store.id}"})
    return Grant.objects.get(revoked_at=None)


def test_store_is_offered_accepted_and_shows_order_shipping_and_seller(
    opened: Ledger, ines: tuple[Client, Workspace], order: Order, alice: Client
) -> None:
    client, home = ines
    assert "1 shop knows orders of yours" in text(client, "/my/")
    assert "2 orders that were placed with ines@buyer.example" in text(client, "/my/stores")
    assert NUMBER not in text(client, "/my/")
    grant = accepted(client, opened)
    page = text(client, "/my/")
    assert NUMBER in page and "LAMP-1" in page and "1 shop knows" not in page
    page = text(client, f"/my/order/{grant.id}/{order.id}")
    for part in ("1001", "Out for delivery", NUMBER, "SHADE-2", 'href="tel:+3511"', "Contact the shop"):
        assert part in page
    for part in ("Aroso", "4000-123", "+351900000001"):
        assert part not in page, "a household reads no more than the order's page tells"
    assert [(one.grant_id, one.order_id) for one in GrantRead.objects.filter(ws=home.id)] == [(grant.id, order.id)]
    text(client, f"/my/order/{grant.id}/{order.id}")
    assert GrantRead.objects.count() == 1, "once a day"
    assert "1 shopper follows this store" in text(alice, f"/connections/{opened.store.id}/page")
    assert Audit.objects.filter(ws=opened.ws, verb="grant.accept", actor="shopper").count() == 1


def test_shopper_writes_and_answers_as_on_the_orders_page(
    opened: Ledger, ines: tuple[Client, Workspace], order: Order
) -> None:
    client, _ = ines
    path = f"/my/order/{accepted(client, opened).id}/{order.id}"
    client.post(f"{path}/message", {"body": "Where is the shade?"})
    assert ThreadMessage.objects.get(ws=opened.ws).body == "Where is the shade?"
    assert "Where is the shade?" in text(client, path)
    assert "Write something first" in client.post(f"{path}/message", {"body": " "}).content.decode()
    found = re.search(r'name="parcel" value="(\d+)"', text(client, path))
    assert found
    client.post(f"{path}/mark", {"parcel": found.group(1), "mark": "damaged"})
    assert "You told the shop that it came damaged" in text(client, path)
    assert client.post(f"{path}/photo", {"parcel": found.group(1)}).status_code == 422
    client.post(f"{path}/resync", {"parcel": found.group(1)})
    client.post(f"{path}/keep", {"label": "The lamp"})
    assert "The lamp" in text(client, "/my/")
    client.post(f"{path}/way", {"way": "phone", "dead": "1"})
    assert "tel:" not in text(client, path)
    for what in ("seller", "carrier"):
        assert client.post(f"{path}/{what}").status_code == 404, "the shop's own, not the shopper's"


def test_revoked_grant_ends_at_once_and_is_never_used_again(
    opened: Ledger, ines: tuple[Client, Workspace], order: Order
) -> None:
    client, _ = ines
    grant = accepted(client, opened)
    path = f"/my/order/{grant.id}/{order.id}"
    client.post(f"/my/stores/{grant.id}/revoke")
    for answer in (client.get(path), client.post(f"{path}/message", {"body": "x"}), client.post(f"{path}/mark")):
        assert answer.status_code == 404
    assert NUMBER not in text(client, "/my/")
    again = accepted(client, opened)
    assert again.id != grant.id
    assert client.get(path).status_code == 404
    assert Audit.objects.filter(ws=opened.ws, verb="grant.revoke").count() == 1


@pytest.mark.parametrize("how", ["unticked", "removed", "closing"])
def test_store_that_its_merchant_closes_is_closed_at_once(
    opened: Ledger, ines: tuple[Client, Workspace], order: Order, how: str
) -> None:
    client, _ = ines
    grant = accepted(client, opened)
    if how == "unticked":
        Brand.objects.update(app=False)
    elif how == "removed":
        Connection.objects.filter(id=opened.store.id).update(state="removed")
    else:
        Workspace.objects.filter(id=opened.ws).update(closing_at="2026-01-01T00:00:00Z")
    assert client.get(f"/my/order/{grant.id}/{order.id}").status_code == 404
    assert NUMBER not in text(client, "/my/")
    assert "has stopped showing orders" in text(client, "/my/stores")


def test_store_that_is_not_opened_is_not_even_named(shop: Ledger) -> None:
    client, _ = at_home(INES)
    assert "No shop here knows your orders" in text(client, "/my/stores")
    client.post("/my/stores/accept", {"store": f"{shop.ws}-{shop.store.id}"})
    assert not Grant.objects.exists()
    assert "cannot be accepted" in text(client, "/my/stores")


def test_charlie_is_offered_nothing_and_cannot_use_ines_grant(
    opened: Ledger, ines: tuple[Client, Workspace], order: Order
) -> None:
    grant = accepted(ines[0], opened)
    charlie, _ = at_home("charlie@example.org")
    assert "No shop here knows your orders" in text(charlie, "/my/stores")
    assert charlie.get(f"/my/order/{grant.id}/{order.id}").status_code == 404
    charlie.post(f"/my/stores/{grant.id}/revoke")
    assert Grant.objects.get().revoked_at is None


def test_address_that_somebody_typed_proves_nothing(opened: Ledger) -> None:
    """An owner may add anybody's address to a team: that person has not shown that it is theirs."""
    user = User.objects.create_user(INES, "correct horse battery")
    households.ensure(user, locale="en", tz="UTC")
    client = Client()
    client.force_login(user)
    assert "once you have shown that it is yours" in text(client, "/my/stores")
    assert grants.offers(households.of(user.pk)[0][0].id, user) == ()
    come_in(INES, client)
    assert "2 orders" in text(client, "/my/stores")


def test_letter_that_only_looks_like_another_proves_nothing(opened: Ledger) -> None:
    """Orders know addresses with their letters folded: what is proven has to be that very address."""
    looks_like = "ine\u017f@buyer.example"  # its last letter folds to an s
    with pytest.raises(Refused):
        household_entry.check(household_entry.send(looks_like, "1"), "", "1")
    assert mail.outbox[-1].to == [INES], "the code goes to whose orders they are"
    user = User.objects.create_user(looks_like)
    EmailAddress.objects.create(user=user, email=looks_like, verified=True, primary=True)
    assert grants.offers(households.ensure(user, locale="en", tz="UTC").id, user) == ()


def test_who_leaves_a_household_takes_their_stores_along(opened: Ledger, order: Order) -> None:
    rui, home = at_home("rui@buyer.example")
    owner = User.objects.get(email="rui@buyer.example")
    households.invite(home, INES, owner)
    ines = household_entry.proven(INES)
    households.answer(ines, households.asked(ines)[0].id, yes=True)
    grant = grants.accept(home.id, ines, f"{opened.ws}-{opened.store.id}")
    assert rui.get(f"/my/order/{grant.id}/{order.id}").status_code == 200, "the household sees it together"
    households.remove(home.id, ines.pk, "user:1")
    assert rui.get(f"/my/order/{grant.id}/{order.id}").status_code == 404
    assert grants.given(home.id, owner.pk) == (), "who comes back brings nothing back"
    households.remove(home.id, owner.pk, "user:1")
    assert rui.get("/my/").status_code == 200, "the owner stays"


def test_accepting_twice_is_one_grant(opened: Ledger, ines: tuple[Client, Workspace]) -> None:
    client, home = ines
    accepted(client, opened)
    with pytest.raises(Refused):
        grants.accept(home.id, User.objects.get(email=INES), f"{opened.ws}-{opened.store.id}")
    assert Grant.objects.count() == 1


STEPS = st.lists(
    st.sampled_from(["accept", "revoke", "open", "close", "prove", "unprove", "leave", "join"]), max_size=12
)


@hypothesis(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_happens_no_row_is_read_without_a_live_grant(opened: Ledger, order: Order, steps: list[str]) -> None:
    """The model: an order is seen exactly while it was accepted and not revoked since, the store is open, the address
    proven, and whoever accepted lives there.
    """
    from allauth.account.models import EmailAddress
    from django.db import transaction

    with transaction.atomic():
        owner = household_entry.proven("rui@buyer.example")
        home = households.ensure(owner, locale="en", tz="UTC")
        ines = household_entry.proven(INES)
        true = {"open": True, "prove": True, "join": False, "grant": False}
        for step in ["join", *steps]:
            _take(step, true, home, ines, opened, EmailAddress)
            seen = {one.id for _, some in grants.orders(home.id) for one in some}
            last = Grant.objects.order_by("-id").first()
            opened_now = grants.open_order(home.id, last.id, order.id, owner.pk) if last else None
            visible = true["grant"] and true["open"] and true["prove"] and true["join"]
            assert (order.id in seen, opened_now is not None) == (visible, visible), steps
            for other in Order.objects.exclude(ws=opened.ws):
                assert last is None or grants.open_order(home.id, last.id, other.id, owner.pk) is None
        assert all(a.id < b.id for a, b in pairwise(Grant.objects.order_by("id")))
        transaction.set_rollback(True)


def _take(step: str, true: dict[str, bool], home: Workspace, ines: User, shop: Ledger, addresses: Any) -> None:
    if step == "accept":
        # Also somebody who does not live there may press: the views refuse before, and nothing is shown of it.
        if true["open"] and true["prove"] and true["join"] and not true["grant"]:
            grants.accept(home.id, ines, f"{shop.ws}-{shop.store.id}")
            true["grant"] = True
    elif step == "revoke":
        for one in Grant.objects.filter(ws=home.id, revoked_at=None):
            grants.revoke(home.id, one.id, "user:1")
        true["grant"] = False
    elif step in {"open", "close"}:
        Brand.objects.update(app=step == "open")
        true["open"] = step == "open"
    elif step in {"prove", "unprove"}:
        addresses.objects.filter(user=ines).update(verified=step == "prove")
        true["prove"] = step == "prove"
    elif step == "leave" and true["join"]:
        households.remove(home.id, ines.pk, "user:1")
        true["join"] = true["grant"] = False
    elif step == "join" and not true["join"]:
        from doorstep.db.models import Membership

        Membership.objects.create(ws=home.id, user_id=ines.pk, role="agent")
        true["join"] = True


def test_news_of_an_accepted_stores_order_is_told_as_of_ones_own(
    opened: Ledger, ines: tuple[Client, Workspace], order: Order
) -> None:
    client, home = ines
    client.post("/my/you/news", {"what": ["delivered"], "mail": "at_once", "daily_at": "8"})
    grant = accepted(client, opened)
    path = f"/my/order/{grant.id}/{order.id}"
    assert "Mute this parcel" in text(client, path)
    GrantRead.objects.all().delete()
    client.post(f"{path}/mute", {"muted": "1"})
    GrantRead.objects.all().delete()
    at, now = clock.now() - timedelta(minutes=1), replace(opened, at=clock.now())
    now.hears(now.track(track17(NUMBER, (f"{iso(at)}+00:00", "Delivered_Other", "Here"), key=3011)))
    row = Outbox.objects.get(lane="granted", intent_key__endswith=":delivered")
    assert (row.ws, row.target_id, row.intent_key) == (opened.ws, order.id, f"{row.payload_ref}:delivered")
    granted_news.spread(leased("granted"))
    told = Outbox.objects.get(lane="home")
    assert told.ws == home.id and told.intent_key.endswith(f"@{grant.id}:delivered:mail:{grant.user_id}")
    assert household_letters.write(leased("home")) is None, "muted"
    assert not GrantRead.objects.exists(), "and so it was not read"
    client.post(f"{path}/mute", {"muted": "0"})
    GrantRead.objects.all().delete()
    sent = household_letters.write(leased("home"))
    assert isinstance(sent, Round)
    assert sent.letter.to == (INES,) and sent.letter.subject.endswith(": Delivered")
    assert f"{path}\n" in sent.letter.body
    assert [one.order_id for one in GrantRead.objects.filter(ws=home.id, user_id=grant.user_id)] == [order.id]
    client.post(f"/my/stores/{grant.id}/revoke")
    assert household_letters.write(leased("home")) is None, "revoked"
    assert grants.of_order(order) == ()


def leased(lane: str) -> outbox.Leased:
    """The newest intent of a lane, whatever became of it before."""
    Outbox.objects.update(due_at=clock.now() + timedelta(days=1))
    newest = Outbox.objects.filter(lane=lane).latest("id")
    Outbox.objects.filter(id=newest.id).update(due_at=clock.now(), state="due", lease_until=0.0)
    taken = outbox.claim((lane,))
    assert taken is not None
    return taken
