"""Mails in the manner of known senders and mails made to mislead: the right numbers, and nothing else."""

import pytest

from doorstep.connectors.mail.read import read_mail
from tests.connectors.hard_mails import HARD, Hard

each = pytest.mark.parametrize("mail", HARD, ids=[one.name for one in HARD])


@each
def test_the_right_numbers_and_no_others(mail: Hard):
    found = {one.number: one.carrier for one in read_mail(mail.raw).tracking}
    assert set(found) == set(mail.numbers)
    assert {number: found[number] for number, carrier in mail.numbers.items() if carrier} == {
        number: carrier for number, carrier in mail.numbers.items() if carrier
    }


@each
def test_what_it_says_and_who(mail: Hard):
    facts = read_mail(mail.raw)
    assert (facts.status, facts.merchant) == (mail.status, mail.merchant)
    assert set(mail.orders) <= set(facts.orders)
