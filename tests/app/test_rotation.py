"""A new key is taken into use: what was sealed opens, links go on, and a stop half way costs nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as configured
from django.contrib.sessions.backends.db import SessionStore

from doorstep.app import clock, doors, vault
from doorstep.app.merge.orders import email_hash
from doorstep.app.operate import backup, keyfile, rotation
from doorstep.app.privacy.traces import find as traces_of
from doorstep.db.models import Audit, Connection, Person, User, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Iterator[Path]:
    """The key file of this test run; afterwards it is what it was."""
    place = Path(configured.DATA_DIR) / "key"
    before = "\n".join(vault.secrets())
    yield place
    place.write_text(before, encoding="ascii")
    rotation.reread()


@pytest.fixture
def ws() -> int:
    ws = Workspace.objects.create(name="Shop").id
    shop(ws, "Shop", vault.seal({"key": "hush"}))
    Person.objects.create(ws=ws, email="Ann@example.org", email_hash=email_hash("Ann@example.org"))
    return ws


def shop(ws: int, label: str, sealed: bytes) -> None:
    Connection.objects.create(
        ws=ws,
        kind="store",
        connector="generic",
        label=label,
        external_id=label,
        credentials_enc=sealed,
        connected_at=clock.now(),
    )


def test_everything_is_sealed_with_the_new_key_and_links_go_on(place, ws):
    old, page = str(configured.SECRET_KEY), doors.page_url(ws, 7)
    hook = doors.token_of(doors.ensure(ws, "hook", 3))
    SessionStore().create()
    done = rotation.rotate(close_links=False)
    assert done == {"finished_earlier": False, "people": 1, "links_closed": 0, "unreadable": []}
    assert keyfile.read(place) == vault.secrets() == (str(configured.SECRET_KEY), old)
    assert place.stat().st_mode & 0o777 == 0o600
    row = Connection.objects.get(ws=ws)
    assert vault.is_current(row.credentials_enc) and vault.unseal(row.credentials_enc) == {"key": "hush"}
    assert bytes(Person.objects.get(ws=ws).email_hash) == email_hash("ann@example.org")
    assert doors.page_url(ws, 7) == page and doors.token_of(doors.ensure(ws, "hook", 3)) == hook
    assert doors.enter("page", doors.page_url(ws, 8).rpartition("/")[2]) is not None
    assert SessionStore.get_model_class().objects.count() == 0
    assert Audit.objects.get(ws=ws, verb="key.rotate").actor == "cli"


def test_second_factors_are_sealed_anew_and_what_no_key_opens_is_left(place, ws):
    user = User.objects.create_user("ann@example.org", "correct horse battery")
    kept = {"totp": {"secret": vault.seal({"secret": "hush"}).decode()}, "recovery_codes": {"seed": "lost"}}
    for kind, data in kept.items():
        Authenticator.objects.create(user=user, type=kind, data=data)
    rotation.rotate(close_links=False)
    sealed = Authenticator.objects.get(user=user, type="totp").data["secret"].encode()
    assert vault.is_current(sealed) and vault.unseal(sealed) == {"secret": "hush"}
    assert Authenticator.objects.get(user=user, type="recovery_codes").data == {"seed": "lost"}


def test_what_stopped_half_way_works_and_is_finished_by_the_next_call(place, ws):
    keyfile.put_before(place)
    rotation.reread()
    keys = vault.secrets()
    assert vault.unseal(Connection.objects.get(ws=ws).credentials_enc) == {"key": "hush"}
    assert rotation.rotate(close_links=False)["finished_earlier"]
    assert vault.secrets() == keys and vault.is_current(Connection.objects.get(ws=ws).credentials_enc)


def test_links_are_closed_where_somebody_has_read_the_key(place, ws):
    page, hook = doors.page_url(ws, 7), doors.token_of(doors.ensure(ws, "hook", 3))
    assert rotation.rotate(close_links=True)["links_closed"] == 1
    assert doors.enter("page", page.rpartition("/")[2]) is None
    assert doors.enter("hook", hook) is not None
    assert doors.page_url(ws, 7) != page


def test_what_no_key_opens_is_named_and_left(place, ws):
    shop(ws, "Lost", b"gAAAA")
    assert rotation.rotate(close_links=False)["unreadable"] == ["Lost"]
    assert bytes(Connection.objects.get(label="Lost").credentials_enc) == b"gAAAA"


def test_a_key_of_the_environment_is_changed_there(place, ws, settings):
    settings.SECRET_KEY, settings.FORMER_KEYS = "of-the-environment", ()
    Connection.objects.all().delete()
    Person.objects.update(email_hash=email_hash("Ann@example.org"))
    with pytest.raises(rotation.NotPossible) as caught:
        rotation.rotate(close_links=False)
    assert caught.value.message.id == "rotate.environment"
    settings.SECRET_KEY, settings.FORMER_KEYS = "newer", ("of-the-environment",)
    assert rotation.rotate(close_links=False) == {
        "finished_earlier": True, "people": 1, "links_closed": 0, "unreadable": []
    }  # fmt: skip


def test_a_shopper_is_still_found_by_address(place, ws):
    rotation.rotate(close_links=False)
    assert [one.email for one in traces_of(ws, "ann@example.org").people] == ["Ann@example.org"]


@pytest.mark.django_db(transaction=True)
def test_a_backup_with_the_key_takes_the_former_ones_along(place, ws, tmp_path):
    rotation.rotate(close_links=False)
    made = backup.take(tmp_path / "copy", with_key=True)
    assert made.key == backup.fingerprint(vault.secrets()[0])
    assert any(part.name == backup.KEY for part in made.parts)
