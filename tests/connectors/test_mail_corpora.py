"""Real mails: every number that is there, and nothing that is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from doorstep.connectors.mail.read import read
from doorstep.core.number.directory import carrier_named
from doorstep.core.order import Mail, MailKind

MAILS = Path(__file__).parents[2].parent / "shared" / "corpora" / "emails"
LABELS = ("expected.share.json", "expected_rekeyed.share.json")
# How the labels call carriers that our table calls otherwise; '' = a carrier it does not have.
OURS = {"amazon_logistics": "amazon", "inpost_pl": "inpost", "aliexpress_logistics": "aliexpress", "ics": ""}
STATES = {
    "shipped": {MailKind.SHIPPED, MailKind.MOVING},
    "in_transit": {MailKind.MOVING},
    "delivered": {MailKind.DELIVERED},
    "out_for_delivery": {MailKind.MOVING, MailKind.OTHER},
    "ready_for_pickup": {MailKind.MOVING},
    "exception": {MailKind.MOVING},
    "informational": set(MailKind),
}


def labels() -> dict[str, Any]:
    if not MAILS.is_dir():
        return {}
    return {name: label for file in LABELS for name, label in json.loads((MAILS / file).read_text()).items()}


if not labels():
    pytest.skip(f"no corpus of mails at {MAILS}", allow_module_level=True)

each = pytest.mark.parametrize(
    ("name", "label"), labels().items(), ids=lambda value: value if isinstance(value, str) else ""
)


def said(name: str) -> Mail:
    return read((MAILS / name).read_bytes())


@each
def test_the_right_numbers_and_no_others(name, label):
    expected = {one["number"] for one in label["tracking"]}
    assert {one.text for one in said(name).numbers} == expected


@each
def test_nothing_else_is_taken_for_a_number(name, label):
    taken = {one.text for one in said(name).numbers}
    assert not taken & {*label["must_not_report"], *label["order_ids"]}


@each
def test_the_carrier_is_right_or_unknown(name, label):
    expected = {one["number"]: OURS.get(one["courier"], one["courier"]) for one in label["tracking"]}
    known = name.startswith("rekeyed/")
    for one in said(name).numbers:
        assert one.carrier == expected[one.text] or (one.carrier == "" and not known)
        assert not one.carrier or carrier_named(one.carrier) == one.carrier


@each
def test_what_the_mail_is_about(name, label):
    assert said(name).kind in STATES[label["status"]]


def test_order_ids_are_found_where_they_are_whole():
    """Two labels hold redacted ids that the mail itself does not contain."""
    missed = {name for name, label in labels().items() if set(label["order_ids"]) - set(said(name).orders)}
    assert missed <= {"mail_and_packages/amazon_delivered.eml", "mail_and_packages/walmart_delivery.eml"}
