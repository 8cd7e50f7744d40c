"""How a number is told to a channel: nothing but the truth, or a reason."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.channel import Link, channel, channels
from doorstep.core.convert import Given, Refusal, convert
from doorstep.core.number import carrier, carriers, tracking_link
from doorstep.core.order import Role
from tests.core.sentences import sentence

PAGE = "https://doorstep.example/t/abc"
USPS = "9261290100130739674442"


def told(name, number=USPS, code="usps", role=Role.LOCAL, page=""):
    return convert(channel(name), number, code, role, page)


def refused(name, number=USPS, code="usps", role=Role.LOCAL, page=""):
    answer = told(name, number, code, role, page)
    assert isinstance(answer, Refusal)
    assert sentence(answer.reason)
    return answer.reason.id.removeprefix("convert.refuse.")


def notes(answer):
    assert all(sentence(one) for one in answer.notes)
    return [one.id.removeprefix("convert.") for one in answer.notes]


def test_a_listed_carrier_is_told_with_its_name_and_link():
    answer = told("shopify")
    assert (answer.number, answer.carrier, answer.named.field) == (USPS, "usps", "USPS")
    assert USPS in answer.url and answer.notes == ()


def test_amazons_own_parcels_are_not_told_to_ebay_as_anybody_elses():
    assert refused("ebay", "TBA123456789000", "amazon") == "carrier"


@pytest.mark.parametrize(("said", "written"), [("LX 123-456.785_CN", "LX123456785CN"), ("1Z 999/AA1", "1Z999AA1")])
def test_ebay_gets_letters_and_digits_only_and_the_merchant_is_told(said, written):
    answer = told("ebay", said, "china_post")
    assert (answer.number, notes(answer)) == (written, ["rewritten"])


def test_characters_that_a_channel_does_not_take_are_refused():
    assert refused("ebay", "LXé1", "china_post") == "characters"
    assert refused("paypal", "LXé1", "china_post") == "characters"
    assert isinstance(told("paypal", "LX-1", "china_ems"), Given)


def test_a_number_that_is_too_long_is_refused_not_cut():
    assert refused("bigcommerce", "1" * 51) == "too_long"
    assert isinstance(told("bigcommerce", "1" * 50), Given)


@pytest.mark.parametrize("name", ["amazon", "walmart", "paypal", "magento", "tiktok_shop", "squarespace"])
def test_a_channel_that_needs_the_carrier_is_not_given_a_guess(name):
    assert refused(name, "XX1", "") == "carrier_unknown"


@pytest.mark.parametrize("name", ["ebay", "etsy"])
def test_a_word_for_any_other_carrier_is_no_guess(name):
    answer = told(name, "XX1", "")
    assert (answer.named.field.lower(), notes(answer)) == ("other", ["carrier_not_known"])


def test_walmart_wants_a_link_with_a_carrier_it_does_not_list():
    answer = told("walmart", "H01", "evri", page="")
    assert (answer.named.field, answer.named.beside, bool(answer.url)) == ("", "Evri", True)
    assert told("walmart").url == ""


def without_page():
    return next(one.code for one in carriers() if not tracking_link(one.code, "1"))


@pytest.mark.parametrize("name", ["walmart", "wix"])
def test_the_orders_page_stands_in_for_a_carrier_without_one(name):
    code = without_page()
    assert refused(name, "1", code) == "no_link"
    answer = told(name, "1", code, page=PAGE)
    assert (answer.url, "page_link" in notes(answer)) == (PAGE, True)


def test_the_carriers_own_page_goes_before_ours():
    assert told("shopify", page=PAGE).url != PAGE
    assert told("shopify", "XX1", "", page=PAGE).url == PAGE
    assert told("ebay", "XX1", "", page=PAGE).url == ""


@pytest.mark.parametrize(("role", "why"), [(Role.RETURN, "way_back"), (Role.ALIAS, "alias")])
def test_what_is_not_the_way_to_the_buyer_is_told_to_nobody(role, why):
    assert refused("shopify", role=role) == why


@pytest.mark.parametrize("name", ["by_hand", "market of tomorrow"])
def test_a_channel_that_takes_nothing_says_so(name):
    assert refused(name) == "takes_none"


def test_the_merchant_is_told_what_the_shopper_will_not_see():
    assert notes(told("medusa")) == ["no_carrier_field"]
    assert notes(told("etsy", "CJP1", "cjpacket")) == ["carrier_as_other"]
    assert notes(told("amazon", "CJP1", "cjpacket")) == []
    assert notes(told("wix", "CJP1", "evri", page=PAGE)) == []
    assert notes(told("medusa", "CJP1", "")) == []


codes = st.sampled_from(["", *(one.code for one in carriers())])
texts = st.text(min_size=1, max_size=70)


@given(st.sampled_from(channels()), texts, codes, st.sampled_from(Role), st.sampled_from(["", PAGE]))
def test_nothing_but_the_number_the_carrier_and_a_true_link_is_ever_told(there, text, code, role, page):
    answer = convert(there, text, code, role, page)
    if isinstance(answer, Refusal):
        assert sentence(answer.reason)
        return
    kept = [one for one in text if one.isalnum()]
    assert [one for one in answer.number if one.isalnum()] == kept
    assert answer.carrier == code
    assert answer.url in {"", page} or answer.url.startswith("http")
    assert answer.url == "" or there.link is not Link.NEVER
    assert role not in {Role.RETURN, Role.ALIAS} and code not in there.refuses
    own = carrier(code).name if code else ""
    assert answer.named.listed or {answer.named.field, answer.named.beside} <= {"", own, there.other}


@given(st.sampled_from(channels()), texts, codes)
def test_a_page_never_turns_a_number_away(there, text, code):
    without, with_page = (convert(there, text, code, Role.LOCAL, page) for page in ("", PAGE))
    assert isinstance(without, Refusal) or isinstance(with_page, Given)
    assert convert(replace(there, link=Link.NEVER), text, code, Role.LOCAL, PAGE) == convert(
        replace(there, link=Link.NEVER), text, code, Role.LOCAL
    )
