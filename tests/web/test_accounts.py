"""How people sign in: tries are counted in the database, a second factor is asked for, sessions can be ended."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.test import Client

from doorstep.app import vault
from doorstep.db.models import User
from tests.app.ledger import Ledger
from tests.web.conftest import login

PASSWORD = "correct horse battery"


def sign_in(client: Client, email: str = "bob@example.org", password: str = PASSWORD) -> int:
    return client.post("/accounts/login/", {"login": email, "password": password}).status_code


def code_of(user: User) -> str:
    """What the app shows now."""
    secret = vault.unseal(Authenticator.objects.get(user=user, type="totp").data["secret"].encode())["secret"]
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def with_code(client: Client) -> User:
    """Set up an authenticator app as a person does."""
    sign_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = client.session["mfa.totp.secret"]
    assert 'src="data:image/svg+xml' in page and secret in page
    counter = next(totp.yield_hotp_counters_from_time())
    client.post("/accounts/2fa/totp/activate/", {"code": totp.format_hotp_value(totp.hotp_value(secret, counter))})
    cache.clear()  # the same code twice in half a minute is refused, which is not what is shown here
    return User.objects.get(email="bob@example.org")


@pytest.mark.parametrize("email", ["bob@example.org", "nobody@example.org"])
def test_guessing_passwords_is_stopped_whoever_is_meant(shop: Ledger, email: str) -> None:
    codes = [sign_in(Client(), email, f"guess {one}") for one in range(7)]
    assert codes == [200] * 5 + [429] * 2
    answer = Client().post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 429, "the right password too: else one could tell"
    assert answer.headers["Retry-After"] == "300"
    assert b"Too many tries" in answer.content


def test_wrong_and_unknown_read_the_same(shop: Ledger) -> None:
    pages = [
        Client().post("/accounts/login/", {"login": one, "password": "guess"})
        for one in ("bob@example.org", "x@y.example")
    ]
    said = [re.findall(r"errorlist[^>]*>(.*?)</ul>", page.content.decode()) for page in pages]
    assert said[0] == said[1] != []
    for one in ("bob@example.org", "x@y.example"):
        answer = Client().post("/accounts/password/reset/", {"email": one})
        assert answer.headers["Location"] == "/accounts/password/reset/done/"


@pytest.mark.django_db(transaction=True)  # the mail is sent when the change is committed
def test_authenticator_app_is_asked_for_after_the_password(shop: Ledger) -> None:
    user = with_code(Client())
    assert [one.subject for one in mail.outbox if one.to == ["bob@example.org"]] != [], "a mail tells of the change"
    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    assert vault.is_current(stored.encode()), "a stolen copy makes no codes"
    client = Client()
    assert (
        client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        .headers["Location"]
        .startswith("/accounts/2fa/authenticate/")
    )
    assert client.get("/").status_code == 302, "not signed in yet"
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/2fa/authenticate/", {"code": code_of(user)}).status_code == 302
    assert client.get("/").status_code == 200


def test_recovery_code_opens_once(shop: Ledger) -> None:
    client = Client()
    user = with_code(client)
    page = client.get("/accounts/2fa/recovery-codes/").content.decode()
    code = re.findall(r"\b\d{8}\b", page)[0]
    for allowed in (302, 200):
        fresh = Client()
        sign_in(fresh)
        assert fresh.post("/accounts/2fa/authenticate/", {"code": code}).status_code == allowed
    assert Authenticator.objects.filter(user=user, type="recovery_codes").exists()


def test_sessions_are_listed_and_ended_everywhere_else(shop: Ledger) -> None:
    here, there = Client(), Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    assert sign_in(here) == sign_in(there) == 302
    page = here.get("/accounts/sessions/").content.decode()
    assert "Firefox on Linux" in page and "this one" in page
    here.post("/accounts/sessions/")
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


def test_new_password_ends_the_other_sessions(shop: Ledger) -> None:
    here, there = Client(), Client()
    sign_in(here), sign_in(there)
    form = {"oldpassword": PASSWORD, "password1": "another horse entirely", "password2": "another horse entirely"}
    assert here.post("/accounts/password/change/", form).status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    assert any("bob@example.org" in one.to for one in mail.outbox)


@pytest.mark.parametrize(
    "path",
    ["2fa/", "2fa/webauthn/", "2fa/webauthn/add/", "2fa/recovery-codes/generate/", "password/change/", "sessions/"],
)
def test_screens_about_oneself_wear_our_design_and_no_inline_script(shop: Ledger, path: str) -> None:
    client = Client()
    with_code(client)
    answer = client.get(f"/accounts/{path}")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'class="own stack"' in text and "style=" not in text and " onclick=" not in text
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", text)
    assert inline == []


@pytest.mark.parametrize("path", ["password/reset/", "password/reset/done/", "login/", "signup/"])
def test_screens_before_the_sign_in_show_nothing_of_anybody(db: None, path: str) -> None:
    text = Client().get(f"/accounts/{path}").content.decode()
    assert "Doorstep</span>" in text and "Sign out" not in text and "style=" not in text


def test_signed_in_without_a_workspace_one_can_still_secure_oneself(db: None) -> None:
    User.objects.create_user("dora@example.org", PASSWORD)
    assert login("dora@example.org").get("/accounts/2fa/").status_code == 200
