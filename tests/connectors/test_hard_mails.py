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


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Tracking number: 0800 123 4567 (call us)", set()),
        ("Tracking number: 800 555 0142", set()),
        ("Order number: 3034 5678 1234 5678\nTracking number: 3034 5678 1234 5678", set()),
        ("Tracking number:\nOrder number: 3034567812345678", set()),
        ("Track your package at 1767225600000. Package 20260701093000", set()),
        ("Your verification code is 123456789012", set()),
        ("Booking reference ABC123456789, ticket number 2201234567890", set()),
        ("IBAN GB29NWBK60161331926819, account 31926819, reference RR123456785GB", set()),
        ("tx 0x1234567890abcdef1234567890abcdef12345678", set()),
        ("Order 55123 | Tracking 1Z999AA10123456784 | Carrier UPS", {"1Z999AA10123456784"}),
        ("Tracking #: 9400111206206406260787", {"9400111206206406260787"}),
        ("Tracking number: rr123456785pl", {"RR123456785PL"}),
        ("运单号：ＹＴ２６１８２１２７２０００１２３４", {"YT2618212720001234"}),
        ("order,tracking\n1001,LX123456785CN\n1002,RR123456785PL\n", {"LX123456785CN", "RR123456785PL"}),
        ("Mã vận đơn: SPXVN012345678901", {"SPXVN012345678901"}),
        ("Nomor resi: JP1234567890", {"JP1234567890"}),
        ("رقم التتبع: RR123456785SA", {"RR123456785SA"}),
        ("מספר מעקב: RR123456785IL", {"RR123456785IL"}),
        ("หมายเลขพัสดุ: TH0123456789AB", {"TH0123456789AB"}),
        ("物流編號：900123456789", {"900123456789"}),
    ],
)
def test_lines_that_mislead_and_lines_that_do_not(text, numbers):
    raw = f"From: Shop <a@shop.example>\nSubject: Shipped\nContent-Type: text/plain; charset=utf-8\n\n{text}"
    assert {one.number for one in read_mail(raw.encode()).tracking} == numbers
