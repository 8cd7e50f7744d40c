"""Doors open to their token alone, until they are revoked or expire; the audit trail shows what was changed in it."""

from datetime import timedelta

import pytest

from doorstep.app import audit, clock, doors
from doorstep.app.members import workspaces
from doorstep.core.roles import Member
from doorstep.db.models import Audit, Door, Membership, User, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def ws() -> int:
    return Workspace.objects.create(name="Shop").id


def test_a_token_opens_its_own_door_only(ws):
    door = doors.ensure(ws, "page", 7)
    token = doors.token_of(door)
    assert doors.enter("page", token).target_id == 7
    assert doors.enter("hook", token) is None
    assert doors.enter("page", token + "x") is None
    assert doors.ensure(ws, "page", 7).id == door.id


def test_tokens_are_long_and_mail_tokens_ignore_case(ws):
    assert len(doors.token_of(doors.ensure(ws, "page", 7))) == 22
    token = doors.token_of(doors.ensure(ws, "mail", 7))
    assert len(token) == 26 and token == token.lower() and token.isalnum()


def test_the_database_does_not_hold_the_token(ws):
    door = doors.ensure(ws, "page", 7)
    assert doors.token_of(door).encode() not in bytes(Door.objects.get(id=door.id).token_sha256)


def test_a_revoked_door_never_opens_again(ws):
    old = doors.page_url(ws, 7).rpartition("/")[2]
    assert doors.revoke(ws, "page", 7, "user:1") == 1
    assert doors.enter("page", old) is None
    new = doors.page_url(ws, 7).rpartition("/")[2]
    assert new != old and doors.enter("page", new) and doors.enter("page", old) is None
    assert Audit.objects.get().verb == "page_door.revoke"


def test_an_expired_door_is_closed_and_replaced(ws):
    door = doors.ensure(ws, "lookup", 7)
    Door.objects.update(expires_at=clock.now() + timedelta(minutes=1))
    assert doors.enter("lookup", doors.token_of(door))
    Door.objects.update(expires_at=clock.now())
    assert doors.enter("lookup", doors.token_of(door)) is None
    assert doors.lookup_url(ws, 7).rpartition("/")[2] != doors.token_of(door)


# the audit trail


def entries(ws: int) -> None:
    for verb in ("a", "b", "c"):
        audit.record(ws, "user:1", verb, "order:1", before={"n": 1}, after=None)


def test_an_untouched_trail_is_unbroken(ws):
    assert audit.unbroken(ws)
    entries(ws)
    assert audit.unbroken(ws)


@pytest.mark.parametrize("field", ["verb", "actor", "subject", "before_hash", "after_hash", "at"])
def test_a_changed_entry_is_found_out(ws, field):
    entries(ws)
    forged = {"before_hash": b"x", "after_hash": b"x", "at": clock.now() + timedelta(days=1)}.get(field, "forged")
    Audit.objects.filter(verb="b").update(**{field: forged})
    assert not audit.unbroken(ws)


def test_a_missing_entry_is_found_out(ws):
    entries(ws)
    Audit.objects.filter(verb="b").delete()
    assert not audit.unbroken(ws)


def test_a_clock_that_runs_behind_keeps_the_chain_in_order(ws):
    entries(ws)
    ahead = Audit.objects.create(
        id=2**62, ws=ws, actor="user:1", verb="x", subject="y", at=clock.now(),
        prev_hash=audit.link(Audit.objects.order_by("-id")[0]),
    )  # fmt: skip
    audit.record(ws, "user:1", "d", "order:1")
    assert Audit.objects.get(verb="d").id > ahead.id
    assert audit.unbroken(ws)


def test_values_are_kept_as_hashes_only(ws):
    audit.record(ws, "user:1", "note", "order:1", before={"email": "ines@buyer.example"})
    row = Audit.objects.get()
    assert b"ines" not in bytes(row.before_hash) and bytes(row.after_hash) == b""


# workspaces


def test_who_joins_twice_keeps_the_password_and_gets_the_newer_role():
    made = workspaces.create("Shop", "Alice@Shop.example", "correct horse battery")
    workspaces.join(made.id, "alice@shop.example", "another password", Member.VIEWER)
    assert Membership.objects.get(ws=made.id).role == "viewer"
    assert User.objects.get().check_password("correct horse battery")
