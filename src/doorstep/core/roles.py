"""Who may do what in a workspace: one table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Member(StrEnum):
    """What somebody is in a workspace."""

    OWNER = "owner"
    MANAGER = "manager"
    AGENT = "agent"
    VIEWER = "viewer"


class Action(StrEnum):
    """What can be done, as fine as the table needs it."""

    SEE = "see"  # orders, parcels, findings, settings without secrets
    RESYNC = "resync"
    HANDLE = "handle"  # type and correct numbers, change carriers, answer findings, decide what needs a look
    PUSH = "push"  # push again, push now, withdraw
    EXPORT = "export"
    POLICY = "policy"  # a store's rules
    CONNECT = "connect"  # stores, suppliers, carriers, mailboxes and their credentials
    KEYS = "keys"  # doors: page links, mail addresses, API keys
    ERASE = "erase"  # a shopper's personal data
    MEMBERS = "members"
    CLOSE = "close"  # the workspace itself


_VIEWER: Final = frozenset({Action.SEE})
_AGENT: Final = _VIEWER | {Action.RESYNC, Action.HANDLE, Action.PUSH}
_MANAGER: Final = _AGENT | {Action.EXPORT, Action.POLICY, Action.CONNECT, Action.KEYS, Action.ERASE}

ALLOWED: Final[Mapping[Member, frozenset[Action]]] = MappingProxyType(
    {
        Member.OWNER: frozenset(Action),
        Member.MANAGER: _MANAGER,
        Member.AGENT: _AGENT,
        Member.VIEWER: _VIEWER,
    }
)


def may(member: Member, action: Action) -> bool:
    """True if a member may do it."""
    return action in ALLOWED[member]
