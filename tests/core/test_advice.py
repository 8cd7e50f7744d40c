"""What speaks for and against each way, with figures of the store's own."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.advice import Record, Verdict, advise, first_scan_advice, remarks
from doorstep.core.channel import channel, channels
from doorstep.core.policy import MailBy, Policy, When
from tests.core.sentences import area, sentence

GOOD = Record(parcels=100, scanned=97, purchases=100)
MIXED = Record(parcels=100, scanned=85, purchases=100)
BAD = Record(parcels=100, scanned=50, purchases=100, dispatches=40, unproven=20)


def verdicts(record):
    return {one.when: one.verdict for one in advise(record)}


def advised(record):
    (best,) = (one for one in advise(record) if one.verdict is Verdict.ADVISED)
    return best.when, best.why[0].id.removeprefix("advice.why.")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (Record(), (When.AFTER_DISPATCH, "nothing_known")),
        (GOOD, (When.BEFORE_DISPATCH, "works_at_once")),
        (MIXED, (When.AFTER_DISPATCH, "safe")),
        (BAD, (When.AFTER_DISPATCH, "safe")),
        (Record(purchases=10, private=8), (When.BEFORE_DISPATCH, "private")),
        (Record(purchases=9, private=9), (When.AFTER_DISPATCH, "nothing_known")),
        (replace(MIXED, private=80), (When.BEFORE_DISPATCH, "private")),
        (replace(BAD, private=90), (When.AFTER_DISPATCH, "safe")),
        (replace(GOOD, replaced=11), (When.AFTER_DISPATCH, "safe")),
        (replace(MIXED, private=90, replaced=20), (When.AFTER_DISPATCH, "safe")),
        (replace(MIXED, led=10, dispatch_h=97.0), (When.AFTER_PAYMENT, "slow")),
        (Record(led=10, dispatch_h=97.0), (When.AFTER_PAYMENT, "slow")),
        (replace(MIXED, led=9, dispatch_h=500.0), (When.AFTER_DISPATCH, "safe")),
        (replace(MIXED, led=10, dispatch_h=96.0), (When.AFTER_DISPATCH, "safe")),
        (replace(BAD, led=10, dispatch_h=200.0), (When.AFTER_DISPATCH, "safe")),
    ],
)
def test_the_way_that_fits_the_record_is_advised(record, expected):
    assert advised(record) == expected


def test_a_way_that_did_badly_is_called_risky():
    assert verdicts(BAD)[When.BEFORE_DISPATCH] is verdicts(BAD)[When.AFTER_PAYMENT] is Verdict.RISKY
    assert verdicts(replace(GOOD, replaced=11))[When.BEFORE_DISPATCH] is Verdict.RISKY
    assert verdicts(replace(MIXED, led=10, dispatch_h=120.0))[When.AFTER_DISPATCH] is Verdict.RISKY
    assert verdicts(Record())[When.BEFORE_DISPATCH] is Verdict.POSSIBLE


def test_the_hours_to_wait_are_when_half_of_the_parcels_have_left():
    best = next(one for one in advise(replace(MIXED, led=10, dispatch_h=97.0)) if one.verdict is Verdict.ADVISED)
    assert best.why[0].values == {"hours": 108}


def figures(record, when):
    advice = next(one for one in advise(record) if one.when is when)
    return {one.id.removeprefix("advice.figure."): dict(one.values) for one in advice.why if "figure" in one.id}


def test_own_figures_are_told_and_published_ones_until_there_are_enough():
    assert figures(Record(parcels=9, scanned=9), When.BEFORE_DISPATCH) == {"too_few": {"n": 9, "enough": 10}}
    assert figures(GOOD, When.BEFORE_DISPATCH) == {"scanned": {"percent": 97, "n": 100, "days": 5}}
    assert figures(replace(GOOD, replaced=3), When.BEFORE_DISPATCH)["replaced"] == {"percent": 3, "n": 100}
    assert figures(GOOD, When.AFTER_DISPATCH) == {"lead_published": {"low": 2, "high": 4}}
    assert figures(replace(GOOD, led=10, dispatch_h=30.0), When.AFTER_DISPATCH) == {"lead": {"days": 1.2}}
    assert set(figures(GOOD, When.AFTER_PAYMENT)) == {"lead_published", "scanned"}


def test_a_supplier_whose_word_proves_little_is_told_apart_by_its_scans():
    assert first_scan_advice(Record(dispatches=9, unproven=9)) is None
    assert first_scan_advice(BAD).id == "advice.first_scan.on"
    assert first_scan_advice(replace(BAD, unproven=4)).id == "advice.first_scan.off"


def said(name, **choice):
    return {one.id.removeprefix("advice.remark.") for one in remarks(Policy(**choice), channel(name))}


def test_settings_that_change_nothing_are_said_to():
    early = {"when": When.BEFORE_DISPATCH}
    assert said("shopify", **early, delay_h=3, max_hold_h=3, first_scan_hold=True) == {
        "delay_unused",
        "hold_unused",
        "scan_unused",
    }
    assert said("shopify", when=When.AFTER_PAYMENT, delay_h=3) == set()


def test_a_wait_without_end_is_said():
    assert said("shopify") == {"endless"}
    assert said("shopify", first_scan_hold=True) == {"endless_scan"}
    assert said("shopify", max_hold_h=48) == set()
    assert said("ebay") == {"ship_by_ends"}


def test_who_mails_is_said_where_the_channel_has_its_own_way():
    early = {"when": When.BEFORE_DISPATCH}
    assert said("etsy", **early, mail_by=MailBy.DOORSTEP) == {"may_not_mail", "mails_always"}
    assert said("vendure", **early, mail_by=MailBy.NONE) == {"mails_shop"}
    assert said("shopify", **early, mail_by=MailBy.DOORSTEP, first_scan_hold=True) == {"mail_waits"}


def test_every_advice_and_every_remark_has_its_sentence_and_no_other():
    ids = {f"advice.verdict.{one}" for one in Verdict}
    records = [
        Record(),
        GOOD,
        MIXED,
        BAD,
        replace(GOOD, replaced=20, led=10, dispatch_h=99.0),
        Record(purchases=99, private=99),
    ]
    records += [replace(MIXED, led=10, dispatch_h=120.0), replace(BAD, unproven=0)]
    for record in records:
        some = [first_scan_advice(record)] if first_scan_advice(record) else []
        for advice in advise(record):
            some += [*advice.pros, *advice.cons, *advice.why]
        ids |= {one.id for one in some if sentence(one)}
    for there, when, strict, hold, delay, mail in product(channels(), When, (0, 1), (None, 9), (0, 9), MailBy):
        policy = Policy(when=when, first_scan_hold=bool(strict), max_hold_h=hold, delay_h=delay, mail_by=mail)
        ids |= {one.id for one in remarks(policy, there) if sentence(one)}
    assert ids == set(area("advice"))


counts = st.integers(0, 50)


records = st.builds(
    Record,
    parcels=st.just(50),
    scanned=counts,
    replaced=counts,
    purchases=st.just(50),
    private=counts,
    dispatches=st.just(50),
    unproven=counts,
    led=counts,
    dispatch_h=st.none() | st.floats(0, 1000),
)


@given(records)
def test_exactly_one_way_is_advised(record):
    assert sorted(one.verdict is Verdict.ADVISED for one in advise(record)) == [False, False, True]


def test_share_of_parcels_never_scanned_needs_parcels() -> None:
    assert Record(parcels=4, never=1).never_share == 0.25
    assert Record().never_share == 0.0
