"""Mails of invented shops in eleven languages, wrapped in every way: each number, and nothing else."""

import pytest

from doorstep.connectors.mail.read import read_mail
from doorstep.core.number import normalize
from tests.connectors.unseen_mails import Unseen, unseen

UNSEEN = unseen()
each = pytest.mark.parametrize("mail", UNSEEN, ids=[one.name for one in UNSEEN])


def test_there_are_many_and_of_every_language():
    assert len(UNSEEN) >= 150
    assert {one.language for one in UNSEEN} == {"en", "de", "fr", "es", "it", "pl", "nl", "pt", "sv", "ja", "zh"}
    assert sum(len(one.numbers) > 1 for one in UNSEEN) > 30


@each
def test_the_right_numbers_with_their_carriers(mail: Unseen):
    found = {one.number: one.carrier for one in read_mail(mail.raw).tracking}
    assert found == dict(zip(mail.numbers, mail.carriers, strict=True))


@each
def test_what_it_says_of_whom_in_which_language(mail: Unseen):
    facts = read_mail(mail.raw)
    assert (facts.status, facts.merchant, facts.language) == (mail.status, mail.merchant, mail.language)
    assert set(mail.orders) <= set(facts.orders)


@each
def test_nothing_else_becomes_a_number(mail: Unseen):
    taken = {normalize(one.number) for one in read_mail(mail.raw).tracking}
    assert not taken & {normalize(one) for one in (*mail.orders, *mail.others)}
