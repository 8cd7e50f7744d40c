"""Connected mailboxes: what gets into a household from them, what never does, and what happens when they fail."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outgoing

from doorstep.app import clock, outbox, vault
from doorstep.app.household import (
    household_entry,
    household_parcels,
    household_records,
    households,
    postbox_rounds,
    postboxes,
)
from doorstep.app.household.postboxes import key_of
from doorstep.app.loop import in_db
from doorstep.app.operate import rotation
from doorstep.app.reading.understand import understand
from doorstep.app.receive import mail_auth, mailbox
from doorstep.app.say import say
from doorstep.connectors.contract import Trouble
from doorstep.db.models import Audit, Inbox, Outbox, Postbox, User, Workspace
from tests.app.imap_server import Box, Server, serving
from tests.app.test_household_mails import NUMBER, OTHER, mail, shipped
from tests.app.test_mail_auth import dns, signed

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "abcd efgh ijkl mnop"  # as the provider shows it
TODAY = clock.now().date()


class Home:
    """A household whose member has a mailbox at a provider of this test."""

    def __init__(self, server: Server) -> None:
        self.server, self.box = server, server.box
        self.user: User = household_entry.proven("ines@localhost.example")
        self.home: Workspace = households.ensure(self.user, locale="de", tz="UTC")

    def connect(self, password: str = SECRET) -> Postbox:
        typed = {"server": f"localhost:{self.server.port}", "login": self.box.login}
        return postboxes.connect(self.home.id, self.user, key_of("ines@localhost.example", password, **typed))

    def look(self) -> Postbox:
        """One turn of the worker, with what it brought understood."""
        Postbox.objects.filter(ws=self.home.id).update(next_at=clock.now(), lease_until=0.0)
        turn = postbox_rounds.claim()
        assert turn
        postboxes.loop.call(postbox_rounds.look(turn))
        while understand():
            pass
        return Postbox.objects.get(ws=self.home.id)

    def titles(self) -> list[tuple[str, ...]]:
        return [one.numbers for one in household_parcels.entries(self.home.id)]

    def put(self, raw: bytes, **more: Any) -> None:
        self.box.put(raw, **{"came": TODAY, **more})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: Any, settings: Any) -> Iterator[Home]:
    settings.SHOPPER_APP = True
    monkeypatch.setattr(mail_auth, "txt", dns)
    with serving(Box(), tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        settings.ALLOW_HOSTS = f"localhost:{server.port}"
        yield Home(server)


def proven(raw: bytes) -> bytes:
    """The same mail, from a sender who signs."""
    raw = raw.replace(b"lamps.example>", b"supplier.example>").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return signed(raw)


def test_shipping_mails_become_parcels_and_nothing_else_is_kept(home: Home) -> None:
    home.put(mail("Dinner on Friday?", f"Shall we meet at eight? {NUMBER}", "Rui <rui@friends.example>"))
    home.put(proven(shipped()))
    home.put(mail("Your order: rate it now", "Tell us what you think of it.", mark="3"))
    home.put(shipped(OTHER, "100043", mark="4"))
    home.put(proven(shipped("RR473124832CN", "100044", mark="5")), came=TODAY - timedelta(days=40))
    row = home.connect()
    assert (row.uid_validity, row.next_uid, row.read_at) == (0, 1, None)
    row = home.look()
    assert home.titles() == [(NUMBER,)], "only what its sender has proven goes on by itself"
    (look,) = mailbox.look_list(home.home.id)
    assert mailbox.waiting(home.home.id) == 1
    assert [one.text for one in look.numbers] == [OTHER], "of the other a person decides"
    assert Inbox.objects.filter(ws=home.home.id).count() == 2, "no trace of the others, not even a hash"
    fetched = [one for one in home.box.heard if "BODY.PEEK[])" in one]
    assert [one.split(" ")[3] for one in fetched] == ["2", "3", "4"], "of the first only sender and subject were read"
    assert all(not one.flags for one in home.box.mails)
    assert (row.uid_validity, row.next_uid, row.said, row.failures) == (7, 5, None, 0)
    assert row.read_at and row.next_at > clock.now() + timedelta(minutes=9)


def test_only_new_mails_are_read_the_next_time_and_all_again_when_numbers_mean_others(home: Home) -> None:
    home.put(proven(shipped()))
    home.connect()
    home.look()
    home.box.heard.clear()
    home.put(proven(shipped(OTHER, "100043", mark="2")))
    assert home.look().next_uid == 3
    assert [one.split(" ")[3] for one in home.box.heard if "BODY.PEEK[])" in one] == ["2"]
    home.box.validity = 8
    assert home.look().uid_validity == 8
    assert sorted(home.titles()) == [(NUMBER,), (OTHER,)]
    assert Inbox.objects.filter(ws=home.home.id).count() == 2, "what came before is not new"


def test_word_of_the_provider_itself_is_believed_and_no_other(home: Home, monkeypatch: Any) -> None:
    said = b"Authentication-Results: %b; dmarc=pass header.from=lamps.example\n"
    known = postbox_rounds.provider_at("imap.gmail.com")
    monkeypatch.setattr(postbox_rounds, "provider_at", {"localhost": known}.get)
    home.put(said % b"mx.google.com" + shipped())
    home.put(said % b"mx.elsewhere.example" + shipped(OTHER, "100043", mark="2"))
    home.connect()
    home.look()
    assert home.titles() == [(NUMBER,)]
    assert [row.headers["context"].get("how", "") for row in Inbox.objects.order_by("id")] == ["authserv", ""]


def test_much_is_read_in_several_looks(home: Home, monkeypatch: Any) -> None:
    monkeypatch.setattr(postbox_rounds, "MOST_HEADS", 2)
    monkeypatch.setattr(postbox_rounds, "MOST_READ", 1)
    monkeypatch.setattr(postbox_rounds, "MOST_MAIL", 5000)
    home.put(proven(shipped()))
    home.put(proven(shipped(OTHER, "100043", mark="2")))
    home.put(proven(shipped("RR473124832CN", "100044", mark="3") + b"x" * 6000))
    home.put(mail("Dinner", "At eight?"))
    home.connect()
    seen = [(row.next_uid, row.next_at <= clock.now()) for row in (home.look(), home.look(), home.look())]
    assert seen == [(2, True), (4, True), (5, False)], "it goes on at once until there is nothing left"
    assert sorted(home.titles()) == [(NUMBER,), (OTHER,)], "a mail that is too large is not fetched"


def test_what_was_read_before_it_broke_is_kept(home: Home) -> None:
    home.put(proven(shipped()))
    home.connect()
    assert home.look().next_uid == 2
    home.put(proven(shipped(OTHER, "100043", mark="2")))
    home.put(mail("Your parcel", "is here"))
    home.box.mischief["UID FETCH FETCH 3 (UID BODY.PEEK[])"] = "BYE"
    row = home.look()
    assert row.said and row.said["id"] == "my.postbox.unreachable"
    assert (row.next_uid, row.failures, row.state) == (3, 1, "active")
    assert len(home.titles()) == 2
    assert row.next_at > clock.now() + timedelta(minutes=14)
    home.box.mischief.clear()
    assert (home.look().next_uid, home.look().said) == (4, None)


def test_nothing_is_connected_that_does_not_work(home: Home) -> None:
    with pytest.raises(Trouble):
        home.connect("wrong")
    assert not Postbox.objects.exists()
    row = home.connect()
    assert vault.unseal(row.secret_enc) == {"login": home.box.login, "password": SECRET.replace(" ", "")}
    assert SECRET.replace(" ", "").encode() not in bytes(row.secret_enc)


def test_password_that_is_refused_twice_ends_it_and_is_told_once(home: Home, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    home.connect()
    home.look()
    home.box.password = "changed"
    assert home.look().state == "active", "servers err"
    assert home.look().state == "denied"
    assert postbox_rounds.claim() is None
    assert postboxes.troubled(home.home.id)
    leased = outbox.claim([postbox_rounds.LANE])
    assert leased
    postboxes.loop.call(postbox_rounds.tell(leased))
    (letter,) = outgoing.outbox
    assert letter.to == ["ines@localhost.example"] and "wird nicht mehr gelesen" in letter.subject
    assert "/my/mailboxes" in letter.body and "Invalid credentials" in letter.body
    home.connect("changed")
    row = home.look()
    assert (row.state, row.said, row.told_at, row.connected_at < row.read_at) == ("active", None, None, True)
    assert Outbox.objects.filter(lane=postbox_rounds.LANE).count() == 1


def test_mailbox_that_is_not_reached_for_a_day_is_told_once(home: Home, settings: Any, monkeypatch: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    home.connect()
    home.look()
    home.box.mischief["EXAMINE"] = "BYE"
    home.look()
    assert not Outbox.objects.exists()
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=25))
    home.look()
    assert home.look().state == "active", "it is tried again"
    row = Outbox.objects.get(lane=postbox_rounds.LANE)
    home.box.mischief.clear()
    home.look()
    assert postbox_rounds.write(outbox.Leased(row, 0, interrupted=False)) is None, "it is read again"


def test_key_that_was_lost_is_said(home: Home) -> None:
    home.connect()
    Postbox.objects.update(secret_enc=b"sealed elsewhere")
    row = home.look()
    assert row.said and row.said["id"] == "vault.wrong_key"


def test_what_is_disconnected_meanwhile_stores_nothing(home: Home) -> None:
    home.put(proven(shipped()))
    row = home.connect()
    turn = postbox_rounds.claim()
    assert turn and postbox_rounds.claim() is None, "one worker at a time"
    postboxes.disconnect(row, "user:1")
    postboxes.loop.call(postbox_rounds.look(turn))
    assert not Inbox.objects.exists() and not Postbox.objects.exists()
    assert not postbox_rounds.finish(turn, postbox_rounds.Found(1, 1), None)
    assert set(Audit.objects.filter(ws=home.home.id).values_list("verb", flat=True)) >= {
        "postbox.connect",
        "postbox.disconnect",
    }


def test_pause_rests_and_a_stopping_worker_hands_back(home: Home) -> None:
    row = home.connect()
    turn = postbox_rounds.claim()
    assert turn and postbox_rounds.hand_back(turn) == 1 and postbox_rounds.claim()
    Postbox.objects.update(lease_until=0.0)
    postboxes.pause(row, "user:1")
    assert postbox_rounds.claim() is None
    postboxes.resume(row, "user:1")
    assert postbox_rounds.claim()


def test_closed_app_reads_no_mailbox(home: Home, settings: Any) -> None:
    home.connect()
    settings.SHOPPER_APP = False
    assert postbox_rounds.claim() is None


def test_whoever_leaves_the_household_takes_the_mailbox_along(home: Home) -> None:
    guest = household_entry.proven("rui@friends.example")
    households.Membership.objects.create(ws=home.home.id, user_id=guest.pk, role="agent")
    home.user = guest
    row = home.connect()
    assert postboxes.of(home.home.id, row.id, guest, owner=False) == row
    households.remove(home.home.id, guest.pk, "user:1")
    assert not Postbox.objects.exists()


def test_export_names_the_mailbox_without_its_secret_and_a_new_key_seals_it(home: Home) -> None:
    home.connect()
    (said,) = household_records._described(home.home)["postbox"]
    assert said["address"] == "ines@localhost.example"
    assert "secret_enc" not in said
    row = Postbox.objects.get()
    assert rotation._keep_again(row)
    assert vault.unseal(Postbox.objects.get().secret_enc) == vault.unseal(row.secret_enc)
    Postbox.objects.update(secret_enc=b"lost")
    assert not rotation._keep_again(Postbox.objects.get())


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("no address", "x"), "my.enter.no_address"),
        (("a@outlook.com", "x"), "my.postbox.closed"),
        (("a@b.example", "x", "http://[::1]"), "my.postbox.host"),
        (("a@b.example", "x", "imap.b.example:143"), "my.postbox.port"),
        (("a@b.example", ""), "my.postbox.password"),
        (("a@b.example", "x\r\nA1 LOGOUT"), "my.postbox.password"),
        (("a@b.example", "x", "", "in\tes"), "my.postbox.password"),
    ],
)
def test_what_cannot_be_a_mailbox_is_refused_with_the_reason(typed: tuple[str, ...], why: str) -> None:
    with pytest.raises(households.Refused) as refused:
        key_of(*typed)
    assert refused.value.message.id == why and say(refused.value.message)


def test_server_is_known_or_guessed() -> None:
    assert key_of(" Ann@Gmail.com ", SECRET).host == "imap.gmail.com"
    assert key_of("ann@gmail.com", SECRET).password == "abcdefghijklmnop"
    assert key_of("ann@shop.example", "a b").host == "imap.shop.example"
    assert key_of("ann@outlook.com", "x", "imap.own.example", "ann").login == "ann", "a person knows better"


def test_too_many_tries_and_too_many_mailboxes_are_refused(home: Home) -> None:
    def refusal(act: Callable[[], object]) -> str:
        with pytest.raises(households.Refused) as refused:
            act()
        return refused.value.message.id

    for at in range(postboxes.MOST):
        Postbox.objects.create(
            ws=home.home.id, user_id=home.user.pk, address=f"a{at}@b.example", host="h", port=993,
            connected_at=clock.now(), next_at=clock.now(),
        )  # fmt: skip
    assert refusal(home.connect) == "my.postbox.most"
    assert [refusal(partial(home.connect, "x")) for _ in range(5)][-1] == "my.enter.too_many"


async def test_silent_name_service_leaves_the_mail_waiting(home_async: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(postbox_rounds.smtp, "CHECK_S", 0.0)
    proof = await postbox_rounds._proof(b"From: a@b.example\r\n\r\n", "")
    assert proof.why_not == "mail.key_unreachable"


@pytest.fixture
async def home_async() -> None:
    await in_db(lambda: None)
