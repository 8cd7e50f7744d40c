"""Why is there no news, and what to do: cause, confidence, evidence, advice and the DATE of the next step.

The rules follow a reseller's FAQ on numbers that show nothing (S62 to S75); the days are its figures. Findings are
computed whenever somebody looks. Their evidence holds facts and dates only, nothing that changes with the day, so that
an answer given to a finding still fits it tomorrow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from doorstep.core.message import Message
from doorstep.core.number.directory import carrier, related
from doorstep.core.order import TrackAnswer
from doorstep.core.status import NO_NEWS, Reason, Status, closed

SHIPPED_MAIL: Final = timedelta(days=5)  # S66: the shipping mail comes within so long after the payment
FIRST_INFO: Final = timedelta(days=10)  # S68: the first scan usually shows within so long after the dispatch
NUMBER_CHECK: Final = timedelta(days=15)  # S70: after so long look whether the number has changed
STALLED: Final = timedelta(days=15)  # no scan for so long on the way
LOST: Final = timedelta(days=30)  # no scan for so long: treat it as lost
DISPUTE_MARGIN: Final = timedelta(days=10)  # S74 and others: a dispute takes its time before the protection ends
PICKUP_KEPT: Final = timedelta(days=7)  # pickup points keep a parcel at least about so long
CUSTOMS_USUAL: Final = timedelta(days=7)
UNTRACKED_CLASSES: Final = frozenset({"jewellery", "sewing", "stickers"})  # S73
_DAY: Final = timedelta(days=1)
Said = tuple[Message, ...]


class Cause(StrEnum):
    """What is the matter. The sentence of each is ``finding.<cause>``."""

    NO_CODE_YET = "no_code_yet"
    DISPATCH_LATE = "dispatch_late"
    REFUND_AUTOMATIC = "refund_automatic"
    ORDER_NUMBER_AS_TRACKING = "order_number_as_tracking"
    INVALID_NUMBER = "invalid_number"
    WRONG_CARRIER_SUSPECTED = "wrong_carrier_suspected"
    FIRST_INFO_PENDING = "first_info_pending"
    FIRST_INFO_LATE = "first_info_late"
    NUMBER_MAY_HAVE_CHANGED = "number_may_have_changed"
    NUMBER_REPLACED = "number_replaced"
    CONTACT_SELLER = "contact_seller"
    SMALL_ITEM_NEVER_TRACKED = "small_item_never_tracked"
    STALLED = "stalled"
    LOST = "lost"
    CUSTOMS = "customs"
    PICKUP_WAITING = "pickup_waiting"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    RETURNING = "returning"
    DELIVERED_NOT_RECEIVED = "delivered_not_received"
    PROTECTION_ENDS = "protection_ends"
    SOURCE_TROUBLE = "source_trouble"


class Confidence(StrEnum):
    """How sure: somebody said so, it usually is so, it may be so."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One parcel (or an order without one), as far as a diagnosis goes. Times aware, None = not known.

    ``number``, ``carrier`` (our code): the current ones, '' = none. ``likely_carrier``: the code of whose number it
    clearly looks like. ``answer``: what the carrier answered last. ``looks_like_order``: the number is an order number.
    ``number_confirmed_at``: when its source last said this same number. ``replaced_number``: the one it took the place
    of at ``number_since``. ``refund_automatic``: the marketplace pays back by itself when the dispatch deadline passes.
    ``item_classes``: of all goods inside. ``missing``: a person says that the delivered parcel did not come.
    ``failing_since``: since when asking the carrier has failed, ``said`` what was answered, ``asks_next`` when it is
    tried again.
    """

    placed_at: datetime
    paid_at: datetime | None = None
    ships_out_by: datetime | None = None
    refund_automatic: bool = False
    cancelled: bool = False
    dispatched_at: datetime | None = None
    protection_ends_at: datetime | None = None
    number: str = ""
    number_since: datetime | None = None
    number_confirmed_at: datetime | None = None
    replaced_number: str = ""
    looks_like_order: bool = False
    invalid_number: bool = False
    carrier: str = ""
    likely_carrier: str = ""
    item_classes: frozenset[str] = frozenset()
    status: Status = Status.PENDING
    reason: Reason | None = None
    status_since: datetime | None = None
    last_event_at: datetime | None = None
    answer: TrackAnswer | None = None
    pickup_until: datetime | None = None
    missing: bool = False
    failing_since: datetime | None = None
    said: str = ""
    asks_next: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One diagnosis. ``next_at``: when to take the next step, or to look again (``now`` = at once)."""

    cause: Cause
    confidence: Confidence
    evidence: Said
    advice: Said
    next_at: datetime

    @property
    def message(self) -> Message:
        """The finding in one sentence."""
        return Message(id=f"finding.{self.cause}")


def diagnose(case: Situation, now: datetime) -> tuple[Finding, ...]:
    """What is to be said about the case now, the surest first. Empty = all is as it should be."""
    if case.cancelled:
        return ()
    found = [finding for rule in _RULES if (finding := rule(case, now))]
    return tuple(sorted(found, key=lambda one: list(Confidence).index(one.confidence)))


def _no_code(case: Situation, now: datetime) -> Finding | None:
    if case.number or closed(case.status):
        return None
    deadline = _code_deadline(case)
    saw = (_say("saw.paid", at=case.paid_at or case.placed_at), _say("saw.code_deadline", at=deadline))
    if now <= deadline:
        do: Said = (_say("do.check_mailbox"), _say("do.wait_for_code", at=deadline), _say("do.contact_seller"))
        return _finding(Cause.NO_CODE_YET, Confidence.LIKELY, saw, do, deadline)
    tomorrow = _upcoming(deadline, _DAY, now)
    if case.refund_automatic:
        do = (_say("do.expect_refund"), _say("do.contact_seller"))
        return _finding(Cause.REFUND_AUTOMATIC, Confidence.LIKELY, saw, do, tomorrow)
    return _finding(
        Cause.DISPATCH_LATE, Confidence.LIKELY, saw, (_say("do.check_mailbox"), _say("do.contact_seller")), tomorrow
    )


def _order_number(case: Situation, now: datetime) -> Finding | None:
    if not case.number or not case.looks_like_order:
        return None
    saw, do = (_say("saw.number", number=case.number),), (_say("do.find_real_number"), _say("do.check_mailbox"))
    next_at = _upcoming(_code_deadline(case), _DAY, now)
    return _finding(Cause.ORDER_NUMBER_AS_TRACKING, Confidence.CERTAIN, saw, do, next_at)


def _invalid(case: Situation, now: datetime) -> Finding | None:
    if not _unscanned(case) or not (case.invalid_number or case.reason is Reason.INVALID_NUMBER):
        return None
    saw, do = (_say("saw.number", number=case.number),), (_say("do.compare_number"), _say("do.contact_seller"))
    return _finding(Cause.INVALID_NUMBER, Confidence.LIKELY, saw, do, now)


def _wrong_carrier(case: Situation, now: datetime) -> Finding | None:
    looks = bool(case.likely_carrier) and not related(case.likely_carrier, case.carrier)
    said = case.reason is Reason.WRONG_CARRIER
    if not _unscanned(case) or case.looks_like_order or not (said or looks or case.answer is TrackAnswer.REJECTED):
        return None
    saw: Said = (_say("saw.carrier", carrier=carrier(case.carrier).name) if case.carrier else _say("saw.no_carrier"),)
    if looks:
        saw += (_say("saw.likely_carrier", carrier=carrier(case.likely_carrier).name),)
    sure = Confidence.CERTAIN if said else Confidence.LIKELY if looks else Confidence.POSSIBLE
    return _finding(Cause.WRONG_CARRIER_SUSPECTED, sure, saw, (_say("do.reload_carrier"),), now)


def _first_info(case: Situation, now: datetime) -> Finding | None:
    """What the age of a number without a scan means: patience, a look elsewhere, a changed number, a mistake."""
    since = _waiting_since(case)
    if since is None:
        return None
    first, checked = since + FIRST_INFO, since + NUMBER_CHECK
    saw: Said = (_say("saw.number_since", number=case.number, at=since),)
    if now <= first:
        do: Said = (_say("do.wait_first_info", at=first), _say("do.carrier_site"))
        return _finding(Cause.FIRST_INFO_PENDING, Confidence.LIKELY, saw, do, first)
    if now <= checked:
        do = (_say("do.carrier_site"), _say("do.look_again", at=checked))
        return _finding(Cause.FIRST_INFO_LATE, Confidence.LIKELY, saw, do, checked)
    if case.number_confirmed_at is None or case.number_confirmed_at < checked:
        do = (_say("do.check_number_changed"), _say("do.carrier_site"))
        return _finding(Cause.NUMBER_MAY_HAVE_CHANGED, Confidence.LIKELY, saw, do, _upcoming(checked, _DAY, now))
    saw += (_say("saw.number_confirmed"),)
    do = (_say("do.contact_seller_mistake"), *_dispute(case))
    return _finding(Cause.CONTACT_SELLER, Confidence.LIKELY, saw, do, _upcoming(checked, 5 * _DAY, now))


def _replaced(case: Situation, now: datetime) -> Finding | None:
    if not case.replaced_number or case.number_since is None or not _unscanned(case):
        return None
    saw = (_say("saw.replaced", old=case.replaced_number, new=case.number, at=case.number_since),)
    next_at = _upcoming(case.number_since + FIRST_INFO, _DAY, now)
    return _finding(Cause.NUMBER_REPLACED, Confidence.CERTAIN, saw, (_say("do.use_new_number"),), next_at)


def _small(case: Situation, now: datetime) -> Finding | None:
    since = _waiting_since(case)
    if (
        since is None
        or now <= since + FIRST_INFO
        or not case.item_classes
        or not case.item_classes <= UNTRACKED_CLASSES
    ):
        return None
    saw = (_say("saw.item_classes", classes=", ".join(sorted(case.item_classes))),)
    do = (_say("do.do_not_count_on_tracking"), *_dispute(case))
    next_at = _upcoming(since + LOST, 5 * _DAY, now)
    return _finding(Cause.SMALL_ITEM_NEVER_TRACKED, Confidence.POSSIBLE, saw, do, next_at)


def _silent(case: Situation, now: datetime) -> Finding | None:
    """No scan for long, of a parcel that was on its way."""
    last = case.last_event_at or case.status_since
    if case.status not in _MOVING or last is None or now <= last + STALLED:
        return None
    saw = (_say("saw.last_event", at=last),)
    if now <= last + LOST:
        do: Said = (_say("do.ask_carrier"), _say("do.look_again", at=last + LOST))
        return _finding(Cause.STALLED, Confidence.LIKELY, saw, do, last + LOST)
    do = (_say("do.claim"), _say("do.contact_seller"), *_dispute(case))
    return _finding(Cause.LOST, Confidence.LIKELY, saw, do, _upcoming(last + LOST, 5 * _DAY, now))


def _said(case: Situation, now: datetime) -> Finding | None:
    """Statuses that ask for something by themselves."""
    since = case.status_since or case.last_event_at or case.placed_at
    why = (_say(f"do.reason.{case.reason}"),) if case.reason else ()
    rule = _BY_STATUS.get(case.status)
    if rule is None or (case.status is Status.CUSTOMS and not why and now <= since + CUSTOMS_USUAL):
        return None
    gone = case.status is Status.EXCEPTION and case.reason in {Reason.LOST, Reason.DESTROYED}
    at = case.pickup_until if case.status is Status.AVAILABLE_FOR_PICKUP and case.pickup_until else since + rule.wait
    saw = (_say("saw.since", at=since),)
    do = (*why, _say(rule.advice, at=at), *(_dispute(case) if gone else ()))
    return _finding(Cause.LOST if gone else rule.cause, Confidence.CERTAIN, saw, do, _upcoming(at, _DAY, now))


def _missing(case: Situation, now: datetime) -> Finding | None:
    if case.status is not Status.DELIVERED or not case.missing:
        return None
    since = case.status_since or case.last_event_at or case.placed_at
    do = (_say("do.look_around"), _say("do.contact_both"), _say("do.compare_number"), *_dispute(case))
    next_at = _upcoming(since + 2 * _DAY, _DAY, now)
    return _finding(Cause.DELIVERED_NOT_RECEIVED, Confidence.CERTAIN, (_say("saw.delivered", at=since),), do, next_at)


def _protection(case: Situation, now: datetime) -> Finding | None:
    end = case.protection_ends_at
    arrived = case.status is Status.DELIVERED and not case.missing
    if end is None or arrived or not end - 2 * DISPUTE_MARGIN <= now < end:
        return None
    by = end - DISPUTE_MARGIN
    saw = (_say("saw.protection_ends", at=end),)
    return _finding(Cause.PROTECTION_ENDS, Confidence.CERTAIN, saw, _dispute(case), by if now < by else end)


def _trouble(case: Situation, now: datetime) -> Finding | None:
    """Failing to ask says nothing about the parcel: it is about how fresh the news is."""
    if case.failing_since is None:
        return None
    saw = (_say("saw.failing", at=case.failing_since), *((_say("saw.said", said=case.said),) if case.said else ()))
    do = (_say("do.nothing_about_parcel"), _say("do.carrier_site"))
    return _finding(Cause.SOURCE_TROUBLE, Confidence.CERTAIN, saw, do, max(now, case.asks_next or now))


@dataclass(frozen=True, slots=True)
class _Rule:
    cause: Cause
    advice: str
    wait: timedelta


_MOVING: Final = frozenset(
    {Status.PICKED_UP, Status.IN_TRANSIT, Status.CUSTOMS, Status.ARRIVED, Status.OUT_FOR_DELIVERY}
)
_BY_STATUS: Final = {
    Status.CUSTOMS: _Rule(Cause.CUSTOMS, "do.wait_customs", CUSTOMS_USUAL),
    Status.AVAILABLE_FOR_PICKUP: _Rule(Cause.PICKUP_WAITING, "do.pick_up", PICKUP_KEPT),
    Status.ATTEMPT_FAILED: _Rule(Cause.ATTEMPT_FAILED, "do.arrange_delivery", _DAY),
    Status.EXCEPTION: _Rule(Cause.EXCEPTION, "do.ask_carrier_by", 2 * _DAY),
    Status.RETURNING: _Rule(Cause.RETURNING, "do.wait_return", 14 * _DAY),
    Status.RETURNED: _Rule(Cause.RETURNING, "do.send_again", _DAY),
}
_RULES: Final[tuple[Callable[[Situation, datetime], Finding | None], ...]] = (
    _missing,
    _order_number,
    _said,
    _wrong_carrier,
    _invalid,
    _replaced,
    _no_code,
    _first_info,
    _silent,
    _small,
    _protection,
    _trouble,
)


def _finding(cause: Cause, confidence: Confidence, saw: Said, do: Said, next_at: datetime) -> Finding:
    return Finding(cause=cause, confidence=confidence, evidence=saw, advice=do, next_at=next_at)


def _say(name: str, **values: datetime | str) -> Message:
    said = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()}
    return Message(id=f"finding.{name}", values=said)


def _dispute(case: Situation) -> Said:
    """Neither too early nor too late (S74), with both dates, where a protection period is known."""
    if case.protection_ends_at is None:
        return ()
    by = case.protection_ends_at - DISPUTE_MARGIN
    return (_say("do.dispute", by=by, end=case.protection_ends_at),)


def _code_deadline(case: Situation) -> datetime:
    """Until when a number is due: the seller's own term, else five days after the payment."""
    return case.ships_out_by or (case.paid_at or case.placed_at) + SHIPPED_MAIL


def _unscanned(case: Situation) -> bool:
    return bool(case.number) and (case.status in NO_NEWS or case.status is Status.INFO_RECEIVED)


def _waiting_since(case: Situation) -> datetime | None:
    """Since when a plausible number waits for its first scan; a number that took another's place waits anew."""
    if not _unscanned(case) or case.looks_like_order or case.invalid_number or case.reason is Reason.INVALID_NUMBER:
        return None
    first = case.dispatched_at or case.number_since or case.paid_at or case.placed_at
    return max(first, case.number_since) if case.replaced_number and case.number_since else first


def _upcoming(first: datetime, step: timedelta, now: datetime) -> datetime:
    """``first``, or where that has passed the next of its steps after ``now``."""
    return first if now < first else first + ((now - first) // step + 1) * step
