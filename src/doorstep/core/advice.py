"""What speaks for and against each way of giving numbers to a store, from its suppliers' own record.

Published figures are used until there are enough of its own. The advice is computed, never stored.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from doorstep.core.channel import Channel, Mails
from doorstep.core.message import Message
from doorstep.core.policy import MailBy, Policy, When

ENOUGH: Final = 10  # fewer than this prove nothing
SCAN_WITHIN: Final = timedelta(days=5)  # published: no scan after 3 working days at home, 5 abroad, is worth a look
FACTORY_LEAD_D: Final = (2, 4)  # published: goods that first come from the factory
UNFULFILLED_D: Final = 3  # published: orders unfulfilled for longer are cancelled more often
MOSTLY: Final = 0.8
NEARLY_ALL: Final = 0.95
TOO_FEW: Final = 0.7  # of the numbers work in time: shoppers would complain
TOO_MANY: Final = 0.1  # of the numbers are replaced, or of the parcels were not sent when the supplier said so


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How a supplier's numbers did. Counted are parcels whose number is older than ``SCAN_WITHIN``.

    ``scanned``: first scan within ``SCAN_WITHIN`` of the number. ``never``: none so far. ``replaced``: the number
    changed. ``dispatches``: said to be sent longer ago than ``SCAN_WITHIN``; ``unproven``: of these, without a scan in
    that time. ``bought``: all purchases; ``purchases``: those whose stock is known, ``private``: of these, from private
    stock. ``led``: purchases with a time of payment and of dispatch; ``numbered``, ``timed``: parcels behind the two
    other medians. ``number_h``, ``dispatch_h``, ``scan_h``: median hours from payment to number, from payment to
    dispatch, from number to first scan; None = not known.
    """

    parcels: int = 0
    scanned: int = 0
    never: int = 0
    replaced: int = 0
    dispatches: int = 0
    unproven: int = 0
    bought: int = 0
    purchases: int = 0
    private: int = 0
    led: int = 0
    numbered: int = 0
    timed: int = 0
    number_h: float | None = None
    dispatch_h: float | None = None
    scan_h: float | None = None

    @property
    def known(self) -> bool:
        """Whether there are enough numbers to go by."""
        return self.parcels >= ENOUGH

    @property
    def lead_h(self) -> float | None:
        """Median hours from payment to dispatch; None where there are too few to go by."""
        return self.dispatch_h if self.led >= ENOUGH else None

    @property
    def scanned_share(self) -> float:
        return self.scanned / self.parcels if self.parcels else 0.0

    @property
    def never_share(self) -> float:
        return self.never / self.parcels if self.parcels else 0.0

    @property
    def replaced_share(self) -> float:
        return self.replaced / self.parcels if self.parcels else 0.0

    @property
    def private_share(self) -> float:
        return self.private / self.purchases if self.purchases else 0.0

    @property
    def unproven_share(self) -> float:
        return self.unproven / self.dispatches if self.dispatches else 0.0


class Verdict(StrEnum):
    """What we say of a way."""

    ADVISED = "advised"
    POSSIBLE = "possible"
    RISKY = "risky"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One way of giving numbers: what it brings, what it costs, and why we say so. Exactly one way is advised."""

    when: When
    verdict: Verdict
    pros: tuple[Message, ...]
    cons: tuple[Message, ...]
    why: tuple[Message, ...]


def advise(record: Record) -> tuple[Advice, ...]:
    """Every way, in the order of ``When``."""
    best, reason = _best(record)
    risky = _risky(record)
    return tuple(
        Advice(
            when=when,
            verdict=Verdict.ADVISED if when is best else Verdict.RISKY if when in risky else Verdict.POSSIBLE,
            pros=_PROS[when],
            cons=_cons(when, record),
            why=((reason,) if when is best else ()) + _figures(when, record),
        )
        for when in When
    )


def first_scan_advice(record: Record) -> Message | None:
    """Whether to wait for the carrier's scan instead of the supplier's word; None where nothing can be said."""
    if record.dispatches < ENOUGH:
        return None
    values = {"percent": _percent(record.unproven_share), "n": record.dispatches, "days": SCAN_WITHIN.days}
    return Message(id=f"advice.first_scan.{'on' if record.unproven_share > TOO_MANY else 'off'}", values=values)


def remarks(policy: Policy, there: Channel) -> tuple[Message, ...]:
    """What is worth knowing about these settings together, on that channel."""
    itself = policy.mail_by is not MailBy.STORE
    waits = policy.when is When.AFTER_DISPATCH
    endless = waits and policy.max_hold_h is None and not there.ship_by
    found = {
        "delay_unused": policy.delay_h > 0 and policy.when is not When.AFTER_PAYMENT,
        "hold_unused": policy.max_hold_h is not None and not waits,
        "scan_unused": policy.first_scan_hold and not waits and policy.mail_by is not MailBy.DOORSTEP,
        "mail_waits": policy.first_scan_hold and policy.mail_by is MailBy.DOORSTEP,
        "endless_scan": endless and policy.first_scan_hold,
        "endless": endless and not policy.first_scan_hold,
        "may_not_mail": policy.mail_by is MailBy.DOORSTEP and not there.may_mail,
        "mails_always": itself and there.mails is Mails.ALWAYS,
        "mails_shop": itself and there.mails is Mails.SHOP,
        "ship_by_ends": bool(there.ship_by) and policy.when is not When.BEFORE_DISPATCH,
    }
    return tuple(
        Message(id=f"advice.remark.{name}", values={"channel": there.label}) for name, so in found.items() if so
    )


def _best(record: Record) -> tuple[When, Message]:
    """The way we advise, and why."""
    replaced_often = record.known and record.replaced_share > TOO_MANY
    private = record.purchases >= ENOUGH and record.private_share >= MOSTLY
    if private and not replaced_often and (not record.known or record.scanned_share >= MOSTLY):
        return When.BEFORE_DISPATCH, Message(id="advice.why.private")
    if record.known and record.scanned_share >= NEARLY_ALL and not replaced_often:
        return When.BEFORE_DISPATCH, Message(id="advice.why.works_at_once")
    if _slow(record) and (not record.known or record.scanned_share >= TOO_FEW):
        return When.AFTER_PAYMENT, Message(id="advice.why.slow", values={"hours": _delay(record)})
    return When.AFTER_DISPATCH, Message(id="advice.why.safe" if record.known else "advice.why.nothing_known")


def _risky(record: Record) -> frozenset[When]:
    risky = set()
    if record.known and (record.scanned_share < TOO_FEW or record.replaced_share > TOO_MANY):
        risky |= {When.BEFORE_DISPATCH, When.AFTER_PAYMENT}
    if _slow(record):
        risky.add(When.AFTER_DISPATCH)
    return frozenset(risky)


def _slow(record: Record) -> bool:
    """Whether orders stay unfulfilled for long when numbers wait for the dispatch."""
    return record.lead_h is not None and record.lead_h > FACTORY_LEAD_D[1] * 24


def _delay(record: Record) -> int:
    """Hours after the payment when half of the parcels have left, in steps of twelve."""
    return -int(-(record.lead_h or 0) // 12) * 12


_PROS: Final = {
    When.BEFORE_DISPATCH: (Message(id="advice.pro.fulfilled_at_once"),),
    When.AFTER_DISPATCH: (Message(id="advice.pro.every_number_works"), Message(id="advice.pro.mail_at_dispatch")),
    When.AFTER_PAYMENT: (Message(id="advice.pro.predictable"),),
}


def _cons(when: When, record: Record) -> tuple[Message, ...]:
    if when is When.BEFORE_DISPATCH:
        return (Message(id="advice.con.no_news_yet"),)
    if when is When.AFTER_PAYMENT:
        return (Message(id="advice.con.sent_or_not"),)
    nothing = Message(id="advice.con.nothing_until_dispatch")
    return (nothing, Message(id="advice.con.cancellations", values={"days": UNFULFILLED_D}))


def _figures(when: When, record: Record) -> tuple[Message, ...]:
    """The figures that speak about a way: the store's own, else the published ones."""
    n, own = record.parcels, record.known
    scanned = Message(
        id="advice.figure.scanned",
        values={"percent": _percent(record.scanned_share), "n": n, "days": SCAN_WITHIN.days},
    )
    if when is When.BEFORE_DISPATCH:
        replaced = Message(id="advice.figure.replaced", values={"percent": _percent(record.replaced_share), "n": n})
        return (scanned, *((replaced,) if record.replaced else ())) if own else (_too_few(n),)
    if record.lead_h is not None:
        lead = Message(id="advice.figure.lead", values={"days": round(record.lead_h / 24, 1)})
    else:
        lead = Message(
            id="advice.figure.lead_published", values=dict(zip(("low", "high"), FACTORY_LEAD_D, strict=True))
        )
    return (lead, *((scanned,) if own and when is When.AFTER_PAYMENT else ()))


def _too_few(n: int) -> Message:
    return Message(id="advice.figure.too_few", values={"n": n, "enough": ENOUGH})


def _percent(share: float) -> int:
    return round(share * 100)
