"""Who works in a workspace: invitations, roles, leaving, and the rule about second factors."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from doorstep.app import clock, outbox
from doorstep.app.loop import in_db
from doorstep.app.members import invitations, team, workspaces
from doorstep.core.roles import Member
from doorstep.db.models import Audit, Door, Membership, Outbox, User
from tests.app.ledger import Ledger
from tests.web.conftest import login

PASSWORD = "a lamp beside the door"


async def deliver(ws: int) -> None:
    """Carry out the invitations that are due."""
    while leased := await in_db(outbox.claim, (invitations.LANE,)):
        await invitations.send(leased)


def posted(ws: int) -> list[str]:
    """The links of the mails that would be sent now, newest last; what would not be sent is left out."""
    letters = [
        invitations.write(invitations.Leased(row, 0, interrupted=False))
        for row in Outbox.objects.filter(ws=ws, lane=invitations.LANE).order_by("id")
    ]
    return [found[0] for one in letters if one and (found := re.findall(r"/join/\S+", one.body))]


def invited(shop: Ledger, alice: Client, email: str = "dora@example.org", role: str = "agent") -> str:
    alice.post("/team/invite", {"email": email, "role": role})
    return posted(shop.ws)[-1]


def test_invited_person_makes_an_account_and_works_here(shop: Ledger, alice: Client) -> None:
    link, dora = invited(shop, alice), Client()
    page = dora.get(link)
    assert b"alice@example.org" in page.content and page.headers["Cache-Control"] == "private, no-store"
    assert dora.post(link, {"password": "short"}).status_code == 422
    assert not User.objects.filter(email="dora@example.org").exists()
    assert dora.post(link, {"password": PASSWORD}).headers["Location"] == "/accounts/login/"
    signed = dora.post("/accounts/login/", {"login": "dora@example.org", "password": PASSWORD})
    assert signed.status_code == 302
    assert dora.get("/").status_code == 200
    assert Membership.objects.get(ws=shop.ws, user_id=User.objects.get(email="dora@example.org").pk).role == "agent"
    assert Client().get(link).status_code == 404, "it works once"


def test_invitation_is_for_its_address_only(shop: Ledger, alice: Client, charlie: Client) -> None:
    link = invited(shop, alice)
    assert b"charlie@example.org" in charlie.get(link).content
    assert charlie.post(link).status_code == 422
    assert charlie.get("/team").content.count(b"alice@example.org") == 0
    link = invited(shop, alice, "charlie@example.org", "viewer")
    assert b"Sign in" in Client().get(link).content
    assert Client().post(link, {"password": PASSWORD}).status_code == 422, "a new password is no way in"
    assert charlie.post(link).headers["Location"] == "/today"
    assert b"alice@example.org" in charlie.get("/team").content


def test_void_invitations_open_nothing(shop: Ledger, alice: Client) -> None:
    first = invited(shop, alice)
    door = invitations.waiting(shop.ws)[0]
    alice.post(f"/team/invitations/{door.id}", {"do": "resend"})
    second = posted(shop.ws)[-1]
    assert second != first and len(posted(shop.ws)) == 1
    assert Client().get(first).status_code == 404
    Door.objects.filter(ws=shop.ws, kind="invite", revoked_at=None).update(expires_at=clock.now() - timedelta(hours=1))
    assert Client().get(second).status_code == 404
    assert invitations.waiting(shop.ws)[0].over
    assert posted(shop.ws) == [], "a mail that waited too long is not sent"
    alice.post(f"/team/invitations/{invitations.waiting(shop.ws)[0].id}", {"do": "revoke"})
    assert invitations.waiting(shop.ws) == []
    assert alice.post(f"/team/invitations/{door.id}", {"do": "revoke"}).status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_invitation_goes_by_mail(settings) -> None:
    def begin() -> int:
        workspace = workspaces.create("Lanterns", "alice@example.org", PASSWORD)
        invitations.invite(workspace.id, "Dora@Example.org ", "viewer", User.objects.get().pk)
        return workspace.id

    await deliver(await in_db(begin))
    (letter,) = mail.outbox
    assert letter.to == ["dora@example.org"]
    assert letter.subject == "Invitation to Lanterns"
    assert "/join/" in str(letter.body) and "alice@example.org" in str(letter.body)


@pytest.mark.parametrize(
    ("email", "role"), [("nobody", "agent"), ("x@example.org", "king"), ("bob@example.org", "agent")]
)
def test_who_cannot_be_invited(shop: Ledger, alice: Client, bob: Client, email: str, role: str) -> None:
    alice.post("/team/invite", {"email": email, "role": role})
    assert invitations.waiting(shop.ws) == []


def test_many_open_invitations_are_enough(shop: Ledger, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST", 1)
    invited(shop, alice)
    invited(shop, alice)  # the same address again is not one more
    alice.post("/team/invite", {"email": "else@example.org", "role": "agent"})
    assert [one.email for one in invitations.waiting(shop.ws)] == ["dora@example.org"]


def test_nobody_is_sent_mail_after_mail(shop: Ledger, alice: Client) -> None:
    for _ in range(7):
        alice.post("/team/invite", {"email": "dora@example.org", "role": "agent"})
    assert Outbox.objects.filter(ws=shop.ws, lane=invitations.LANE).count() == 5
    assert len(invitations.waiting(shop.ws)) == 1, "the last link that was sent stays good"


def test_last_owner_stays(shop: Ledger, alice: Client) -> None:
    me = User.objects.get(email="alice@example.org").pk
    alice.post("/team/leave")
    alice.post(f"/team/members/{me}", {"do": "role", "role": "viewer"})
    alice.post(f"/team/members/{me}", {"do": "owner"})
    assert Membership.objects.get(ws=shop.ws, user_id=me).role == "owner"


def test_removed_member_is_out_with_the_next_request(shop: Ledger, alice: Client) -> None:
    bob, pk = Client(), User.objects.get(email="bob@example.org").pk
    bob.post("/accounts/login/", {"login": "bob@example.org", "password": "correct horse battery"})
    assert bob.get("/").status_code == 200
    alice.post(f"/team/members/{pk}", {"do": "remove"})
    assert bob.get("/").headers["Location"].startswith("/accounts/login/"), "the session itself has ended"
    assert alice.post(f"/team/members/{pk}", {"do": "remove"}).status_code == 404
    assert Audit.objects.filter(ws=shop.ws, verb="member.remove").count() == 1


def test_whom_a_removed_member_invited_is_invited_no_more(shop: Ledger, alice: Client, bob: Client) -> None:
    pk = User.objects.get(email="bob@example.org").pk
    alice.post(f"/team/members/{pk}", {"do": "owner"})
    link = invited(shop, bob, role="owner")
    bob.post(f"/team/members/{User.objects.get(email='alice@example.org').pk}", {"do": "owner"})
    alice.post(f"/team/members/{pk}", {"do": "remove"})
    assert Client().get(link).status_code == 404
    assert invitations.waiting(shop.ws) == []


def test_member_of_two_workspaces_keeps_the_other(shop: Ledger, alice: Client, bob: Client) -> None:
    workspaces.create("Bob's own", "bob@example.org", PASSWORD)
    assert bob.post("/team/leave").headers["Location"] == "/today"
    assert b"Bob&#x27;s own" in bob.get("/team").content
    assert not Membership.objects.filter(ws=shop.ws, user_id=User.objects.get(email="bob@example.org").pk).exists()


def test_role_is_changed_and_the_workspace_handed_over(shop: Ledger, alice: Client, bob: Client) -> None:
    pk = User.objects.get(email="bob@example.org").pk
    alice.post(f"/team/members/{pk}", {"do": "role", "role": "king"})
    alice.post(f"/team/members/{pk}", {"do": "role", "role": "agent"})
    assert not Audit.objects.filter(ws=shop.ws, verb="member.role").exists(), "nothing changed"
    alice.post(f"/team/members/{pk}", {"do": "role", "role": "manager"})
    assert bob.get("/keys").status_code == 200
    alice.post(f"/team/members/{pk}", {"do": "owner"})
    roles = {one.email: one.role for one in team.colleagues(shop.ws)}
    assert roles == {"alice@example.org": Member.MANAGER, "bob@example.org": Member.OWNER}
    assert alice.post("/team/invite", {"email": "x@example.org", "role": "agent"}).status_code == 403
    assert bob.post(f"/team/members/{pk}", {"do": "dance"}).status_code == 404
    assert bob.post("/team/invitations/1", {"do": "dance"}).status_code == 404


def test_everybody_may_be_asked_for_a_second_factor(shop: Ledger, alice: Client, bob: Client) -> None:
    alice.post("/team/second-factor", {"needed": "1"})
    assert bob.get("/").status_code == 200, "an owner without one would lock themselves out"
    owner = User.objects.get(email="alice@example.org")
    Authenticator.objects.create(user=owner, type=Authenticator.Type.TOTP, data={"secret": "sealed"})
    alice.post("/team/second-factor", {"needed": "1"})
    assert alice.get("/").status_code == 200
    sent = bob.get("/")
    assert sent.headers["Location"] == "/accounts/2fa/?needed"
    assert b"asks everybody for a second factor" in bob.get("/accounts/2fa/?needed").content
    alice.post("/team/second-factor", {"needed": "0"})
    assert bob.get("/").status_code == 200
    assert [one.second for one in team.colleagues(shop.ws)] == [True, False]


def test_agent_sees_the_team_and_changes_nothing(shop: Ledger, bob: Client) -> None:
    page = bob.get("/team").content
    assert b"alice@example.org" in page and b"Send the invitation" not in page and b"Audit log" not in page
    assert login("bob@example.org").post("/team/invite").status_code == 403
