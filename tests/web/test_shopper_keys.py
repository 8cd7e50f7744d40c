"""Passkeys in the app: made after one has shown who one is, good for coming in, and never the only way."""

import html
import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator as Factor
from django.core import mail
from django.test import Client

from doorstep.app import clock
from doorstep.app.household import household_keys, households
from doorstep.app.telling import notify
from doorstep.core.roles import Member
from doorstep.db.models import Membership, User, Workspace
from tests.app.ledger import Ledger
from tests.web.authenticator import Authenticator
from tests.web.shoppers import at_home, code_of, come_in, text

INES = "ines@buyer.example"


@pytest.fixture(autouse=True)
def _opened(settings: Any) -> None:
    settings.SHOPPER_APP = True


@pytest.fixture
def ines(db: None) -> Client:
    return come_in(INES)


def options(client: Client) -> dict[str, Any]:
    """What the page asks the browser for."""
    found = re.search(r'<script id="options"[^>]*>(.*?)</script>', text(client, "/my/you/keys"))
    assert found
    read: dict[str, Any] = json.loads(html.unescape(found.group(1)))["creation_options"]
    return read


def with_key(client: Client, name: str = "My phone") -> Authenticator:
    device = Authenticator()
    client.post("/my/you/keys/add", {"name": name, "credential": device.make(options(client))})
    return device


def enter_with(device: Authenticator, client: Client | None = None, **more: str) -> Any:
    client = client or Client()
    asked = client.get("/my/enter/key").json()["request_options"]
    return client.post("/my/enter/key", {"credential": device.sign(asked), **more})


def test_passkey_opens_the_app_without_a_mail(ines: Client) -> None:
    device = with_key(ines)
    page = text(ines, "/my/you/keys")
    assert "The passkey works from now on" in page and "My phone" in page
    assert mail.outbox[-1].subject == "A passkey was added"
    client, mails = Client(), len(mail.outbox)
    assert enter_with(device, client, next="/my/add").headers["Location"] == "/my/add"
    assert client.get("/my/add").status_code == 200
    assert "last used" in text(client, "/my/you/keys")
    assert len(mail.outbox) == mails


def test_lost_passkey_locks_nobody_out_and_is_taken_away(ines: Client) -> None:
    device = with_key(ines)
    again = come_in(INES)
    assert again.get("/my/").status_code == 200, "the mailed code goes on working"
    (key,) = household_keys.keys(User.objects.get())
    assert again.post(f"/my/you/keys/{key.id}/remove").status_code == 302
    assert again.post(f"/my/you/keys/{key.id}/remove").status_code == 404
    assert mail.outbox[-1].subject == "A passkey was removed"
    answer = enter_with(device)
    assert answer.headers["Location"].startswith("/my/enter")
    assert "You have no passkey yet" in text(again, "/my/you/keys")


def test_session_that_came_past_a_passkey_opens_households_only(ines: Client) -> None:
    device = with_key(ines)
    past = come_in(INES)
    shop = Workspace.objects.create(name="Lamps", kind="business")
    Membership.objects.create(ws=shop.id, user_id=User.objects.get().pk, role=Member.OWNER.value)
    assert past.get("/").headers["Location"] == "/my/"
    direct = Client()
    enter_with(device, direct)
    assert direct.get("/").status_code == 200
    later = Client()
    later.post("/my/enter", {"email": INES})
    code = re.search(r"\d{4} \d{4}", str(mail.outbox[-1].body))
    assert code
    answer = later.post("/my/code", {"code": code.group()})
    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate"), "who works in a shop shows both"


def test_who_came_long_ago_shows_once_more_who_they_are(ines: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, device = options(ines), Authenticator()
    late = clock.machine() + 901
    monkeypatch.setattr(clock, "machine", lambda: late)
    assert "show once more that it is you" in text(ines, "/my/you/keys")
    for path in ("/my/you/keys/add", "/my/you/keys/1/remove"):
        answer = ines.post(path, {"credential": device.make(wanted)})
        assert answer.headers["Location"] == "/my/enter?next=%2Fmy%2Fyou%2Fkeys"
    assert household_keys.keys(User.objects.get()) == ()
    silent = at_home("rui@buyer.example")[0]
    assert "show once more that it is you" in text(silent, "/my/you/keys"), "a session alone shows nothing"


def test_a_code_shows_it_again_to_who_came_with_a_passkey(ines: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client, late = Client(), clock.machine() + 901
    enter_with(with_key(ines), client)
    monkeypatch.setattr(clock, "machine", lambda: late)
    assert "show once more that it is you" in text(client, "/my/you/keys")
    client.post("/my/enter", {"email": INES})
    client.post("/my/code", {"code": code_of(mail.outbox[-1])})
    assert "show once more that it is you" not in text(client, "/my/you/keys")


@pytest.mark.parametrize(
    "sent", ["", "{}", "[]", '{"id": 1}', '{"id": "x", "rawId": "x", "response": {}, "type": "public-key"}']
)
def test_what_is_no_passkey_is_said(ines: Client, sent: str) -> None:
    ines.post("/my/you/keys/add", {"credential": sent})
    assert "That passkey was not taken" in text(ines, "/my/you/keys")
    answer = Client().post("/my/enter/key", {"credential": sent, "lang": "de"}, follow=True)
    assert "Dieser Passkey wurde nicht angenommen" in answer.content.decode()


def test_answer_is_good_once_and_of_its_owner_only(ines: Client) -> None:
    device = with_key(ines)
    other, client = Authenticator(), Client()
    other.id, other.user = device.id, device.user
    assert enter_with(other).headers["Location"].startswith("/my/enter"), "another device signed it"
    signed = device.sign(client.get("/my/enter/key").json()["request_options"])
    assert Client().post("/my/enter/key", {"credential": signed}).headers["Location"].startswith("/my/enter")
    client.post("/my/enter/key", {"credential": signed})
    client.post("/my/leave")
    assert client.post("/my/enter/key", {"credential": signed}).headers["Location"].startswith("/my/enter")
    charlie = come_in("charlie@example.org")
    (key,) = household_keys.keys(User.objects.get(email=INES))
    assert charlie.post(f"/my/you/keys/{key.id}/remove").status_code == 404
    with_key(ines, "")
    assert [one.name for one in household_keys.keys(User.objects.get(email=INES))] == ["My phone", INES]


def test_who_has_no_household_is_told_to_come_with_a_code(ines: Client) -> None:
    device = with_key(ines)
    Membership.objects.all().delete()
    answer = Client().post("/my/enter/key", {}, follow=True)
    assert "was not taken" in answer.content.decode()
    client = Client()
    assert enter_with(device, client).headers["Location"].startswith("/my/enter")
    assert "an account without parcels" in text(client, "/my/enter")


def test_too_many_tries_and_too_many_passkeys_are_said(ines: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(household_keys, "MOST", 1)
    wanted, device = options(ines), with_key(ines)
    assert "as many passkeys as there can be" in text(ines, "/my/you/keys")
    ines.post("/my/you/keys/add", {"credential": device.make(wanted)})
    assert len(household_keys.keys(User.objects.get())) == 1
    client = Client()
    for _ in range(11):
        answer = client.post("/my/enter/key", {"credential": ""}, follow=True)
    assert "many tries" in answer.content.decode()


def test_mail_that_does_not_go_takes_nothing_back(ines: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_: notify.Letter) -> None:
        raise OSError("down")

    monkeypatch.setattr(notify, "send", down)
    with_key(ines)
    assert len(household_keys.keys(User.objects.get())) == 1


def test_code_alone_takes_no_second_factor_away(shop: Ledger, alice: Client) -> None:
    """Who has alice's open session and her mailbox has not shown the second factor that her business asks for."""
    user = User.objects.get(email="alice@example.org")
    Factor.objects.create(user=user, type=Factor.Type.TOTP, data={"secret": "x"})
    households.ensure(user, locale="en", tz="UTC")
    alice.post("/my/enter", {"email": user.email})
    answer = alice.post("/my/code", {"code": code_of(mail.outbox[-1])})
    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
    factor = Factor.objects.create(user=user, type=Factor.Type.WEBAUTHN, data={"name": "Phone"})
    assert alice.post(f"/my/you/keys/{factor.pk}/remove").headers["Location"].startswith("/my/enter")
    assert Factor.objects.filter(pk=factor.pk).exists()
