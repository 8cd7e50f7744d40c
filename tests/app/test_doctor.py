"""The doctor names what is wrong and how to mend it."""

from datetime import timedelta
from typing import Any

import pytest

from doorstep.app import clock, inbox, vault
from doorstep.app.inbox import Arrival
from doorstep.app.operate import doctor
from doorstep.app.say import say
from doorstep.db.models import Connection, Postbox

pytestmark = pytest.mark.django_db(transaction=True)


def found() -> dict[str, str]:
    findings = doctor.examine()
    assert all(say(one.message) for one in findings)  # a missing sentence or value is a warning, hence an error
    return {one.message.id.removeprefix("doctor."): one.grade for one in findings}


def connection(**changed: Any) -> Connection:
    fields = {"ws": 1, "kind": "store", "connector": "woocommerce", "label": "Shop", "connected_at": clock.now()}
    return Connection.objects.create(**{**fields, **changed})


def test_a_fresh_installation_is_sound(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    (tmp_path / "key").touch(mode=0o600)
    grades = found()
    assert "bad" not in grades.values()
    assert grades.items() >= {
        "key": "good", "database": "good", "credentials": "good", "clock": "good", "disk": "good",
        "mail_out_missing": "note", "polling_only": "note", "mail_domain_local": "note",
    }.items()  # fmt: skip


def test_a_key_that_others_can_read_is_bad(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert found()["key_in_environment"] == "good"
    (tmp_path / "key").touch()
    (tmp_path / "key").chmod(0o640)
    assert found()["key_readable"] == "bad"


def test_a_full_disk_is_bad(monkeypatch):
    monkeypatch.setattr(doctor, "MIN_FREE_MB", 1 << 60)
    assert found()["disk_full"] == "bad"


def test_credentials_of_another_key_and_refused_ones_are_bad(settings):
    connection(credentials_enc=vault.seal({"a": "b"}), external_id="1")
    assert found()["credentials"] == "good"
    connection(state="denied", external_id="2")
    settings.SECRET_KEY = "another"
    grades = found()
    assert grades["credentials_unreadable"] == grades["connection_denied"] == "bad" and "credentials" not in grades


def test_mailboxes_that_cannot_be_read_are_counted_and_nobody_is_named(settings):
    settings.SHOPPER_APP = True
    for number, (state, failures) in enumerate([("active", 0), ("paused", 9)]):
        mailbox(number, state=state, failures=failures)
    assert found()["postboxes"] == "good"
    mailbox(2, state="denied", failures=2)
    mailbox(3, failures=1)
    said = next(one.message for one in doctor.examine() if one.message.id == "doctor.postboxes_failing")
    assert said.values == {"count": 2, "all": 3, "refused": 1, "hosts": "imap2.example, imap3.example"}


def mailbox(number: int, **how: Any) -> None:
    at = clock.now()
    there = {"host": f"imap{number}.example", "port": 993, "connected_at": at, "next_at": at}
    Postbox.objects.create(ws=1, user_id=1, address=f"ines{number}@buyer.example", **there, **how)


def test_a_clock_set_back_is_bad():
    later = clock.now() + timedelta(days=2)
    inbox.keep([Arrival(ws=1, connection_id=1, dedup_key="x", received_at=later, what="orders")])
    assert found()["clock_behind"] == "bad"


def test_every_allowed_host_is_told_and_a_wrong_one_is_bad(settings):
    settings.ALLOW_HOSTS = "shop.lan:8080,,"
    assert found()["allow_host"] == "note"
    settings.ALLOW_HOSTS = "shop.lan"
    assert found()["allow_host_unreadable"] == "bad"


def test_what_is_set_is_told(settings):
    settings.EMAIL_HOST = "smtp.example"
    settings.DEMO, settings.CLOCK = True, "2026-01-01T00:00:00Z@7200"
    settings.PUBLIC_URL = "https://no-such-name.invalid"
    settings.MAIL_DOMAIN = "no-such-name.invalid"
    grades = found()
    assert grades.items() >= {
        "mail_out": "good", "demo": "note", "polling_only": "note", "mail_domain_without_mx": "bad"
    }.items()  # fmt: skip


def test_a_database_of_another_version_is_bad(monkeypatch):
    standing = doctor.upgrade.Standing(fresh=False, missing=("doorstep.0002",), unknown=())
    monkeypatch.setattr(doctor.upgrade, "standing", lambda: standing)
    assert found()["database_behind"] == "bad"
    newer = doctor.upgrade.Standing(fresh=False, missing=(), unknown=("9999_next",))
    monkeypatch.setattr(doctor.upgrade, "standing", lambda: newer)
    assert found()["database_too_new"] == "bad"


def test_a_database_that_does_not_answer_is_bad(monkeypatch):
    def dead() -> None:
        raise doctor.DatabaseError("no route to host")

    monkeypatch.setattr(doctor.upgrade, "standing", dead)
    assert found()["database_unreachable"] == "bad"


@pytest.mark.parametrize(("scheme", "plain"), [("https", False), ("http", True)])
def test_a_public_address_is_tried(settings, monkeypatch, scheme, plain):
    monkeypatch.setattr(doctor, "_is_public", lambda host: True)
    settings.PUBLIC_URL = f"{scheme}://no-such-name.invalid"
    grades = found()
    assert grades["public_url_unreachable"] == "bad" and ("public_url_plain" in grades) is plain
