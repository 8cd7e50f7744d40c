"""What giving a number would mean, told before it is done."""

from datetime import UTC, datetime

import pytest

from doorstep.core.channel import channel
from doorstep.core.convert import Given, convert
from doorstep.core.message import Message
from doorstep.core.order import Role
from doorstep.core.policy import Hold, Keep, MailBy, Policy, Push, Refuse, Withdraw
from doorstep.core.preview import kind_of, preview
from tests.core.sentences import area, sentence

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
WHY = Message(id="hold.push.by_person")
GIVE = Push(number="LX1", carrier="usps", reason=WHY)


def seen(name, code="usps", *, policy=None, whole=True):
    given = convert(channel(name), "LX1", code, Role.LOCAL)
    assert isinstance(given, Given)
    said = preview(channel(name), policy or Policy(), GIVE, given, whole=whole)
    assert all(sentence(one) for one in said.buyer)
    return said, [one.id.removeprefix("preview.") for one in said.buyer]


@pytest.mark.parametrize(
    ("decision", "kind"),
    [
        (GIVE, "push"),
        (Hold(reason=WHY), "hold"),
        (Refuse(reason=WHY), "refuse"),
        (Keep(number="LX1", reason=WHY), "keep"),
        (Withdraw(number="LX1", reason=WHY), "withdraw"),
    ],
)
def test_every_decision_has_a_word_and_nothing_is_told_without_a_number(decision, kind):
    said = preview(channel("shopify"), Policy(), decision, None, whole=True)
    assert (kind_of(decision), said.kind, said.fields, said.buyer) == (kind, kind, (), ())
    assert f"preview.kind.{kind}" in area("preview")


def test_only_what_is_told_is_listed():
    fields = dict(seen("amazon", "cjpacket")[0].fields)
    assert fields == {"number": "LX1", "carrier": "Other", "carrier_beside": "CJPacket"}
    assert set(seen("shopify")[0].fields) >= {("number", "LX1"), ("carrier", "USPS")}
    assert {f"preview.field.{name}" for name in fields} <= set(area("preview"))


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("shopify", "usps", "with_carrier_and_link"),
        ("ebay", "usps", "with_carrier_and_link"),  # it links to the carriers of its list by itself
        ("vendure", "usps", "with_carrier"),
        ("amazon", "cjpacket", "with_carrier"),
        ("medusa", "usps", "alone_and_link"),
        ("ebay", "cjpacket", "alone"),
    ],
)
def test_the_buyer_is_promised_only_what_the_channel_shows(name, code, expected):
    assert seen(name, code)[1][0] == f"shows.{expected}"


def test_the_stage_is_the_channels_own_word():
    whole, part = (seen("shopify", whole=whole)[0].buyer[1] for whole in (True, False))
    assert (whole.values["word"], part.values["word"]) == ("Fulfilled", "Partially fulfilled")
    assert "stage" not in seen("woocommerce", whole=False)[1]


@pytest.mark.parametrize(
    ("name", "mail_by", "strict", "expected"),
    [
        ("etsy", MailBy.NONE, False, "always"),
        ("shopify", MailBy.STORE, False, "store"),
        ("vendure", MailBy.STORE, False, "shop"),
        ("shopify", MailBy.NONE, False, "none"),
        ("shopify", MailBy.DOORSTEP, False, "doorstep"),
        ("shopify", MailBy.DOORSTEP, True, "doorstep_later"),
    ],
)
def test_it_says_who_mails_the_buyer_and_when(name, mail_by, strict, expected):
    policy = Policy(mail_by=mail_by, first_scan_hold=strict)
    assert seen(name, policy=policy)[1][-1] == f"mail.{expected}"
