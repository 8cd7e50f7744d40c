"""Asks the table about an order."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

from doorstep.core.diagnosis import numbers, orders, road
from doorstep.core.diagnosis.case import UNSCANNED, Case
from doorstep.core.diagnosis.facts import OrderFacts, ParcelFacts
from doorstep.core.diagnosis.finding import Confidence, Finding
from doorstep.core.diagnosis.marketplace import NOWHERE, Marketplace
from doorstep.core.diagnosis.rule import Rule, Section
from doorstep.core.status import Status

TABLE: Final[tuple[Section, ...]] = (
    road.DELIVERY,
    numbers.NUMBER,
    road.ROAD,
    road.STOPPED_ORDER,
    numbers.REPLACEMENT,
    numbers.FIRST_SCAN,
    numbers.SMALL_ITEMS,
    orders.ORDER,
    orders.NO_NUMBER,
    orders.SELLER,
    orders.PROTECTION,
    road.ASKING,
    orders.WELL,
)
_SURENESS: Final = tuple(Confidence)
_NOTHING: Final = ParcelFacts()


def diagnose(
    order: OrderFacts, parcels: Sequence[ParcelFacts], now: datetime, marketplace: Marketplace = NOWHERE
) -> tuple[Finding, ...]:
    """What is to be said about an order and its parcels now, the surest first; never nothing. Times are aware:
    ValueError names one that is not.

    A parcel that has neither a number nor any news counts for nothing. Where nothing else is found, one finding says
    that all is well, and until when.
    """
    _refuse_naive("now", now)
    every: tuple[OrderFacts | ParcelFacts, ...] = (order, *parcels)
    for facts in every:
        for one in fields(facts):
            _refuse_naive(one.name, getattr(facts, one.name))
    counted = tuple(one for one in parcels if _counts(one))
    whole = Case(order=order, parcel=_NOTHING, parcels=counted, market=marketplace, now=now)
    found = [one for section in TABLE[:-1] for one in _of_section(section, whole)]
    said = found or list(_of_section(TABLE[-1], whole))
    return tuple(sorted(said, key=lambda one: _SURENESS.index(one.confidence)))


def _refuse_naive(name: str, value: object) -> None:
    """Raises ValueError for a time without a zone: nobody knows when it was."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{name} must be aware")


def _counts(parcel: ParcelFacts) -> bool:
    silent = parcel.status in UNSCANNED or parcel.status is Status.EXPIRED
    return bool(parcel.number) or not silent


def _of_section(section: Section, whole: Case) -> Iterator[Finding]:
    """What a section says about the order, or about each of its parcels."""
    for case in (whole,) if section.of_order else whole.each:
        rule = rule_of(section, case)
        if rule:
            yield _finding(rule, case)


def rule_of(section: Section, case: Case) -> Rule | None:
    """The first rule of a section that holds for a case, None if none does."""
    if not all(one.holds(case) for one in section.when):
        return None
    return next((rule for rule in section.rules if all(one.holds(case) for one in rule.when)), None)


def _finding(rule: Rule, case: Case) -> Finding:
    return Finding(
        cause=rule.cause,
        confidence=rule.sure,
        who=rule.who.of(case),
        evidence=tuple(said for line in rule.saw for said in line.said(case)),
        advice=tuple(said for line in rule.do for said in line.said(case)),
        next_at=rule.next.of(case),
        parcel=case.parcel.ref,
        measure=getattr(case, rule.measure) if rule.measure else None,
    )
