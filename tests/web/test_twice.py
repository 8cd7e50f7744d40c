"""What is good once is good once, also where two hold it at the same moment."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from doorstep.app import doors
from doorstep.app.connections import granting
from doorstep.app.members import invitations
from doorstep.app.members.team import Refused
from doorstep.db.models import Attempt, Door, Membership, User
from tests.app.ledger import Ledger
from tests.web.shoppers import code_of

PASSWORD = "a lamp beside the door"


def test_code_lets_in_once(db: None, settings: Any) -> None:
    settings.SHOPPER_APP = True
    client = Client()
    client.post("/my/enter", {"email": "ines@buyer.example"})
    code = {"code": code_of(mail.outbox[0])}
    assert client.post("/my/code", code).headers["Location"] == "/my/"
    assert client.post("/my/code", code).headers["Location"] == "/my/enter"


def test_invitation_that_two_opened_lets_in_one(shop: Ledger) -> None:
    alice = User.objects.get(email="alice@example.org")
    invitations.invite(shop.ws, "dora@example.org", "owner", alice.pk)
    token = doors.token_of(Door.objects.get(kind="invite"))
    first, second = invitations.look(token), invitations.look(token)
    assert first and second
    dora = invitations.accept(first, None, PASSWORD)
    Membership.objects.filter(user_id=dora.pk).update(role="viewer")  # by alice, a moment later
    for who, password in ((None, PASSWORD), (dora, "")):
        with pytest.raises(Refused) as refused:
            invitations.accept(second, who, password)
        assert refused.value.message.id == "team.used"
    assert Membership.objects.get(user_id=dora.pk).role == "viewer"


def test_authorization_is_taken_once_and_by_whom_it_was_begun(shop: Ledger) -> None:
    mine = {"ws": shop.ws, "user_id": 1, "kind": "store", "connector": "shopify", "again": 0}
    sealed, until = granting.vault.seal({granting.VERIFIER: "v"}), granting.clock.machine() + granting.GOOD_S
    Attempt.objects.create(**mine, state_sha256=granting._hash("state"), sealed=sealed, until=until)
    assert granting.take(shop.ws, 2, "state") is None, "another member"
    assert granting.take(shop.ws + 1, 1, "state") is None, "the same person, elsewhere"
    assert granting.take(shop.ws, 1, "state") is not None
    assert granting.take(shop.ws, 1, "state") is None
