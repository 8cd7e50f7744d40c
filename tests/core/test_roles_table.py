"""Who may do what."""

from itertools import pairwise

import pytest

from doorstep.core.roles import ALLOWED, Action, Member, may


def test_every_member_has_a_row():
    assert set(ALLOWED) == set(Member)


def test_each_role_may_all_that_the_lesser_one_may():
    rows = [ALLOWED[one] for one in (Member.VIEWER, Member.AGENT, Member.MANAGER, Member.OWNER)]
    assert all(less < more for less, more in pairwise(rows))
    assert ALLOWED[Member.OWNER] == set(Action)


@pytest.mark.parametrize(
    ("member", "action", "allowed"),
    [
        (Member.VIEWER, Action.SEE, True),
        (Member.VIEWER, Action.RESYNC, False),
        (Member.AGENT, Action.HANDLE, True),
        (Member.AGENT, Action.PUSH, True),
        (Member.AGENT, Action.CONNECT, False),
        (Member.AGENT, Action.EXPORT, False),
        (Member.MANAGER, Action.CONNECT, True),
        (Member.MANAGER, Action.MEMBERS, False),
        (Member.OWNER, Action.CLOSE, True),
    ],
)
def test_who_may_do_what(member, action, allowed):
    assert may(member, action) is allowed
