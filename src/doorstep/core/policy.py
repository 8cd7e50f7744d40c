"""Which number goes to which store, and when. One pure decision about one parcel of one order.

A decision is taken again whenever a fact changes, and at ``Hold.until``; the same case always gives the same answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from doorstep.core.message import Message
from doorstep.core.order import Role
from doorstep.core.parcels import PERSON, HeldNumber
from doorstep.core.status import Status


class When(StrEnum):
    """When a store gets a number."""

    BEFORE_DISPATCH = "before_dispatch"
    AFTER_DISPATCH = "after_dispatch"
    AFTER_PAYMENT = "after_payment"  # ``delay_h`` hours after it


class Which(StrEnum):
    """Which number a store gets."""

    DEFAULT = "default"  # the courier's, except for CJ's two own methods: theirs is the CJP number
    LOCAL = "local"  # always the courier's


class MailBy(StrEnum):
    """Who mails the shopper."""

    STORE = "store"
    DOORSTEP = "doorstep"
    NONE = "none"


class Tell(StrEnum):
    """What a store is told of where its parcels are, if it takes that at all."""

    NOTHING = "nothing"
    MOVES = "moves"  # everything but that it was delivered
    DELIVERED = "delivered"  # that, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One store's rules. ``max_hold_h``: a number waits for dispatch at most so many hours, None = as long as it takes.
    ``first_scan_hold``: only a carrier's scan (or a person) counts as dispatched, not the supplier's word; and
    Doorstep's own mail waits for it in every mode.
    """

    when: When = When.AFTER_DISPATCH
    which: Which = Which.DEFAULT
    delay_h: int = 0
    max_hold_h: int | None = None
    first_scan_hold: bool = False
    mail_by: MailBy = MailBy.STORE
    tell: Tell = Tell.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One parcel of one order, as far as its store is concerned. Times aware.

    ``numbers``: all of the parcel, past ones included. ``method``: the shipping method in the supplier's words.
    ``dispatch_evidence`` says in the supplier's words why ``dispatched_at`` is believed. ``suspicious``: number -> why
    it should not be given to anyone (an order number, a failed check digit); a person's confirmation removes it.
    ``unacceptable``: number -> why this channel would not take it (``core.convert``).
    ``pushed``: the number Doorstep gave last, '' = none or withdrawn. ``in_store``: the number the store shows for this
    parcel now. ``edited_by_person``/``withdrawn_by_person``: what Doorstep had given was changed or removed over there.
    ``asked_anyway``: a person pressed "push again" for this parcel.
    """

    numbers: tuple[HeldNumber, ...]
    placed_at: datetime
    method: str = ""
    paid_at: datetime | None = None
    ship_by: datetime | None = None
    cancelled: bool = False
    before_connection: bool = False
    asked_anyway: bool = False
    dispatched_at: datetime | None = None
    dispatch_evidence: str = ""
    first_scan_at: datetime | None = None
    suspicious: Mapping[str, Message] = field(default_factory=dict)
    unacceptable: Mapping[str, Message] = field(default_factory=dict)
    pushed: str = ""
    in_store: str = ""
    edited_by_person: bool = False
    withdrawn_by_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Give this number to the store (in place of the one given before, if any)."""

    number: str
    carrier: str
    reason: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Not yet. ``until``: when the answer changes by itself; None = only a new fact changes it. ``number``: the one
    that waits, '' if there is none to give yet.
    """

    reason: Message
    until: datetime | None = None
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Not at all, unless a person asks."""

    reason: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """The store has it already: nothing to send."""

    number: str
    reason: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take the number that was given back."""

    number: str
    reason: Message


Decision = Push | Hold | Refuse | Keep | Withdraw

# A store is told each of them once for a parcel: when it was first so.
TOLD: Final = (
    Status.PICKED_UP,
    Status.IN_TRANSIT,
    Status.OUT_FOR_DELIVERY,
    Status.AVAILABLE_FOR_PICKUP,
    Status.ATTEMPT_FAILED,
    Status.DELIVERED,
    Status.RETURNING,
)
CJP_METHODS: Final = frozenset({"cjpacket ordinary", "cjpacket sensitive"})
CJP: Final = "CJP"
SHIP_BY_MARGIN: Final = timedelta(hours=12)


def decide(policy: Policy, case: Case, now: datetime) -> Decision:
    """What to do about the store now. Each step answers, or leaves it to the next."""
    return _cancelled(case) or _superseded(case) or _settled(case) or _published(policy, case, now)


def push_again(policy: Policy, case: Case, now: datetime) -> Push | None:
    """What the store would get in place of the number it has, if a person pushed again under these rules (S60). What a
    person changed over there, and what waits under these rules, is not among it.
    """
    if case.edited_by_person or case.withdrawn_by_person or not case.pushed:
        return None
    decision = decide(policy, replace(case, asked_anyway=True), now)
    return decision if isinstance(decision, Push) else None


def may_tell(policy: Policy, status: Status) -> bool:
    """Whether the store is told that a parcel got so far."""
    enough = {Tell.DELIVERED} if status is Status.DELIVERED else {Tell.MOVES, Tell.DELIVERED}
    return status in TOLD and policy.tell in enough


def mail_may_go(policy: Policy, first_scan_at: datetime | None) -> bool:
    """Whether Doorstep may tell the shopper that a parcel is on its way. Under ``first_scan_hold`` that waits for the
    carrier's first scan, even where the store had to get the number earlier to meet the channel's deadline.
    """
    return not policy.first_scan_hold or first_scan_at is not None


def expects_cjp(which: Which, method: str) -> bool:
    """True where the published number must begin with CJP: CJ's two own methods, under the default choice."""
    return which is Which.DEFAULT and " ".join(method.casefold().split()) in CJP_METHODS


def _cancelled(case: Case) -> Decision | None:
    if not case.cancelled:
        return None
    if case.pushed and not case.edited_by_person and not case.withdrawn_by_person:
        return Withdraw(number=case.pushed, reason=Message(id="hold.withdraw.cancelled"))
    return Refuse(reason=Message(id="hold.refuse.cancelled"))


def _superseded(case: Case) -> Decision | None:
    """What a person did in the store, or what was there before us, is not overwritten until a person asks."""
    if case.asked_anyway:
        return None
    if case.edited_by_person:
        return Refuse(reason=Message(id="hold.refuse.edited_in_store", values={"in_store": case.in_store}))
    if case.withdrawn_by_person:
        return Refuse(reason=Message(id="hold.refuse.removed_in_store"))
    if case.in_store and not case.pushed and case.in_store not in _texts(_live(case)):
        return Refuse(reason=Message(id="hold.refuse.other_in_store", values={"in_store": case.in_store}))
    if case.before_connection and not case.pushed:
        return Refuse(reason=Message(id="hold.refuse.before_connection"))
    return None


def _settled(case: Case) -> Decision | None:
    """What was given is still right: changed settings change nothing that a store has already (S60), a person does."""
    given = case.pushed or case.in_store
    typed = _typed(case)
    if case.asked_anyway or given not in _texts(_live(case)) or (typed and typed.number != given):
        return None
    return _keep(given)


def _published(policy: Policy, case: Case, now: datetime) -> Decision:
    number = _typed(case) or _chosen(policy, case)
    if isinstance(number, Hold):
        return _taken_back(case) or number
    told = _told(case, number)
    if isinstance(told, Hold):
        return _taken_back(case) or told
    if told.number == (case.pushed or case.in_store):
        return _keep(told.number)
    reason = _due(policy, case, told, now)
    if isinstance(reason, Hold):
        return reason
    if told is not number:
        reason = Message(id="hold.push.instead", values={"number": told.number, "refused": number.number})
    return Push(number=told.number, carrier=told.carrier, reason=reason)


def _told(case: Case, number: HeldNumber) -> HeldNumber | Hold:
    """The number itself; another of the same parcel where the channel would not take it; or what speaks against it.
    What a person typed is never exchanged.
    """
    if number.number in case.suspicious:
        return Hold(reason=case.suspicious[number.number], number=number.number)
    if number.number not in case.unacceptable:
        return number
    others = [one for one in _live(case) if not {one.number} & (case.unacceptable.keys() | case.suspicious.keys())]
    others = [one for one in others if PERSON not in number.said_by and PERSON not in one.said_by]
    best = max(others, key=lambda one: (one.role is Role.LOCAL, one.role is Role.PIECE, _newest(one)), default=None)
    return best or Hold(reason=case.unacceptable[number.number], number=number.number)


def _taken_back(case: Case) -> Decision | None:
    """What was given turned out wrong, and there is nothing to give in its place."""
    if not case.pushed or case.pushed in _texts(_live(case)):
        return None
    return Withdraw(number=case.pushed, reason=Message(id="hold.withdraw.number_gone", values={"number": case.pushed}))


def _keep(number: str) -> Keep:
    return Keep(number=number, reason=Message(id="hold.keep.in_store", values={"number": number}))


def _chosen(policy: Policy, case: Case) -> HeldNumber | Hold:
    """The number to publish (S56 to S59), or why there is none."""
    courier, platform = _courier(case), _platform(case)
    if expects_cjp(policy.which, case.method):
        wrong = platform or courier
        if platform and platform.number.startswith(CJP):
            return platform
        if wrong:
            values = {"number": wrong.number, "method": case.method}
            return Hold(reason=Message(id="hold.cjp_expected", values=values), number=wrong.number)
    elif courier:
        return courier
    elif platform:
        return Hold(reason=Message(id="hold.local_awaited", values={"number": platform.number}), number=platform.number)
    return Hold(reason=Message(id="hold.no_number"))


def _due(policy: Policy, case: Case, number: HeldNumber, now: datetime) -> Message | Hold:
    """Why the number may go now, or the hold that it waits in."""
    if case.pushed:
        return Message(id="hold.push.replaced", values={"old": case.pushed, "new": number.number})
    if PERSON in number.said_by:
        return Message(id="hold.push.by_person")
    if policy.when is When.BEFORE_DISPATCH:
        return Message(id="hold.push.before_dispatch")
    if policy.when is When.AFTER_PAYMENT:
        return _after_payment(policy, case, number, now)
    return _after_dispatch(policy, case, number, now)


def _after_payment(policy: Policy, case: Case, number: HeldNumber, now: datetime) -> Message | Hold:
    due = case.paid_at + timedelta(hours=policy.delay_h) if case.paid_at else None
    if due and due <= now:
        return Message(id="hold.push.after_payment", values={"hours": policy.delay_h})
    ends = [(due, Message(id="hold.push.after_payment", values={"hours": policy.delay_h}))] if due else []
    waits = "hold.after_payment" if due else "hold.not_paid"
    return _until(waits, ends + _ship_by(case), number, now)


def _after_dispatch(policy: Policy, case: Case, number: HeldNumber, now: datetime) -> Message | Hold:
    evidence = _evidence(policy, case, now)
    if evidence:
        return evidence
    ends = _ship_by(case)
    if policy.max_hold_h is not None:
        longest = Message(id="hold.push.held_longest", values={"hours": policy.max_hold_h})
        ends.append((number.since + timedelta(hours=policy.max_hold_h), longest))
    waits = "hold.not_scanned" if policy.first_scan_hold else "hold.not_dispatched"
    return _until(waits, ends, number, now)


def _evidence(policy: Policy, case: Case, now: datetime) -> Message | None:
    """What proves the dispatch, in the order of how much it says."""
    if case.dispatched_at and case.dispatched_at <= now and not policy.first_scan_hold:
        values = {"at": case.dispatched_at.isoformat(), "evidence": case.dispatch_evidence}
        return Message(id="hold.push.dispatched", values=values)
    if case.first_scan_at:
        return Message(id="hold.push.first_scan", values={"at": case.first_scan_at.isoformat()})
    return None


def _ship_by(case: Case) -> list[tuple[datetime, Message]]:
    """The channel's own deadline ends any hold, in time for a person to notice."""
    if not case.ship_by:
        return []
    return [(case.ship_by - SHIP_BY_MARGIN, Message(id="hold.push.ship_by", values={"at": case.ship_by.isoformat()}))]


def _until(waits: str, ends: list[tuple[datetime, Message]], number: HeldNumber, now: datetime) -> Message | Hold:
    """The first end, if it has come; else the hold until then."""
    if not ends:
        return Hold(reason=Message(id=f"{waits}_open"), number=number.number)
    at, reason = min(ends, key=lambda end: end[0])
    if at <= now:
        return reason
    return Hold(reason=Message(id=waits, values={"until": at.isoformat()}), until=at, number=number.number)


def _live(case: Case) -> tuple[HeldNumber, ...]:
    """Current numbers that a shopper may be given: not the way back, and not our alias."""
    return tuple(one for one in case.numbers if one.until is None and one.role not in {Role.RETURN, Role.ALIAS})


def _typed(case: Case) -> HeldNumber | None:
    """What a person typed goes before any rule about which number; the newest of them."""
    return max((one for one in _live(case) if PERSON in one.said_by), key=_newest, default=None)


def _courier(case: Case) -> HeldNumber | None:
    """The courier's number; of a parcel in pieces without a number of its own, a piece's."""
    return next((found for role in (Role.LOCAL, Role.PIECE) if (found := _of(case, role))), None)


def _platform(case: Case) -> HeldNumber | None:
    return _of(case, Role.PLATFORM)


def _of(case: Case, role: Role) -> HeldNumber | None:
    return max((one for one in _live(case) if one.role is role), key=_newest, default=None)


def _newest(number: HeldNumber) -> tuple[datetime, str]:
    return number.since, number.number


def _texts(numbers: tuple[HeldNumber, ...]) -> frozenset[str]:
    return frozenset(one.number for one in numbers)
