"""Whose a number is, and how sure."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.number import Confidence, Hints, Kind, carrier, recognize
from doorstep.core.number.directory import carriers_in
from doorstep.core.number.format import formats
from doorstep.core.order import Role

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


def ranking(text, **hints):
    return [(found.carrier, found.confidence) for found in recognize(text, Hints(**hints)).candidates]


@pytest.mark.parametrize(
    ("text", "carrier", "confidence"),
    [
        ("1Z5R89390357567127", "ups", CERTAIN),
        ("RR473124829CN", "china_post", CERTAIN),
        ("RB123456785GB", "royal_mail", CERTAIN),
        ("LZ473124829US", "usps", CERTAIN),
        ("9400111206206406260787", "usps", CERTAIN),
        ("420787459400111206206406260787", "usps", CERTAIN),
        ("9611020987654312345672", "fedex", LIKELY),
        ("00340434161094022115", "dhl_parcel_de", LIKELY),
        ("JD0002242617644732", "yodel", LIKELY),
        ("TBA502887274000", "amazon", LIKELY),
        ("C11031500001879", "ontrac", LIKELY),
        ("LX17635036", "lasership", LIKELY),
        ("LP00123456789012", "cainiao", LIKELY),
        ("AEFP1000123456RU4", "cainiao", LIKELY),
        ("UG123456789YP", "yanwen", LIKELY),
        ("YT2229521272164446", "yunexpress", LIKELY),
        ("YT1234567890123", "yto", LIKELY),
        ("4PX3000123456789CN", "fourpx", LIKELY),
        ("SYAE123456789", "sunyou", LIKELY),
        ("CJPKL7160102171YQ", "cjpacket", LIKELY),
        ("SF1234567890123", "sf_express", LIKELY),
        ("JT3000123456789", "jt_express", LIKELY),
        ("3SABCD1234567", "post_nl", LIKELY),
        ("Z1234567890", "packeta", LIKELY),
        ("GE473124829WW", "tnt", CERTAIN),
        ("6A12345678901", "colissimo", LIKELY),
        ("008182709980000020033350276C", "dpd", CERTAIN),
    ],
)
def test_numbers_with_a_form_of_their_own_are_recognized(text, carrier, confidence):
    assert ranking(text)[0] == (carrier, confidence)


def test_the_supplier_number_is_a_platform_number():
    assert recognize("CJPKL7160102171YQ").best.role is Role.PLATFORM
    assert recognize("1Z5R89390357567127").best.role is Role.LOCAL


def test_routing_digits_are_not_part_of_what_the_carrier_is_asked():
    found = recognize("420787459400111206206406260787")
    assert found.number == "420787459400111206206406260787"
    assert found.best.number == "9400111206206406260787"


@pytest.mark.parametrize("text", ["986578788855", "3318810025", "7035114477138472", "041441760228964"])
def test_bare_digits_are_only_possible_however_right_their_check_digit(text):
    assert {confidence for _, confidence in ranking(text)} == {POSSIBLE}


def test_two_carriers_with_one_form_are_both_listed():
    assert ranking("287809468872") == [("fedex", POSSIBLE), ("purolator", POSSIBLE)]


def test_a_country_ranks_but_proves_nothing():
    found = ranking("287809468872", destination="CA")
    assert found[0] == ("purolator", POSSIBLE)
    assert ("fedex", POSSIBLE) in found


def test_a_country_opens_the_forms_of_its_carriers():
    assert ("yamato", POSSIBLE) in ranking("123456789013", destination="jp")
    assert "yamato" not in dict(ranking("123456789013", origin="US"))
    assert "yamato" not in dict(ranking("123456789013"))


@pytest.mark.parametrize(
    "hints", [{"carrier_text": "FedEx"}, {"near": "Ship via FedEx today"}, {"sender": "fedex.com"}]
)
def test_a_hint_makes_digits_with_a_check_digit_likely(hints):
    assert ranking("287809468872", **hints)[0] == ("fedex", LIKELY)


def test_two_hints_that_agree_or_the_carriers_own_link_make_it_certain():
    assert ranking("287809468872", carrier_text="FedEx", sender="mail.fedex.com")[0] == ("fedex", CERTAIN)
    assert ranking("287809468872", link_host="www.fedex.com")[0] == ("fedex", CERTAIN)


def test_digits_without_a_check_digit_are_never_certain():
    assert ranking("90346692444", link_host="gls-group.eu", carrier_text="GLS")[0] == ("gls", LIKELY)


def test_a_supplier_speaks_for_the_carriers_it_ships_with():
    assert ranking("CJPKL7160102171YQ", supplier="CJdropshipping")[0] == ("cjpacket", CERTAIN)
    assert ranking("CJPKL7160102171YQ", supplier="***")[0] == ("cjpacket", LIKELY)


def test_a_hint_for_another_carrier_takes_certainty_away_and_is_listed():
    assert ranking("1Z5R89390357567127", carrier_text="FedEx") == [("ups", LIKELY), ("fedex", POSSIBLE)]


def test_a_partner_for_the_last_mile_is_no_contradiction():
    assert ranking("RR473124829CN", carrier_text="USPS")[0] == ("china_post", CERTAIN)


def test_a_hint_names_the_part_of_a_brand():
    assert ranking("008182709980000020033350276C", carrier_text="DPD UK")[0] == ("dpd_uk", CERTAIN)


def test_a_carrier_that_is_only_said_is_possible():
    assert ranking("ABC12345", carrier_text="Whistl") == [("whistl", POSSIBLE)]
    assert ranking("ABC12345", carrier_text="shipped with Whistl, tracked") == [("whistl", POSSIBLE)]
    assert ranking("ABC", carrier_text="Whistl") == []
    assert ranking("ABC12345", carrier_text="nobody we know") == []


def test_two_certain_readings_are_two_likely_ones():
    # A 34-digit text that is both a routed USPS number and a FedEx barcode.
    found = ranking("4200000000009200000000000000000000")
    assert CERTAIN not in dict(found).values()
    both = ranking("RR473124829CN", near="China Post, Chronopost")
    assert both[0][0] == "china_post"


def test_two_forms_of_one_carrier_are_one_candidate():
    carriers = [carrier for carrier, _ in ranking("71123456789123456787")]
    assert carriers.count("usps") == 1


def test_a_link_is_read():
    found = recognize("https://www.ups.com/track?tracknum=1Z5R89390357567127")
    assert (found.number, found.best.carrier, found.best.confidence) == ("1Z5R89390357567127", "ups", CERTAIN)
    assert found.not_a is None


def test_a_link_of_a_carrier_without_a_known_form_makes_it_likely():
    found = recognize("https://track.sendle.com/tracking?ref=SXYZ4321")
    assert (found.best.carrier, found.best.confidence, found.best.format) == ("sendle", LIKELY, "")


def test_a_link_about_nothing_is_a_link():
    found = recognize("https://example.com/a/b")
    assert found.best is None
    assert found.not_a.kind is Kind.URL


def test_evidence_says_why():
    ids = [message.id for message in recognize("RR473124829CN", Hints(carrier_text="China Post")).best.evidence]
    said = ["number.format", "number.check_digit", "number.country", "number.service", "number.hint.carrier_text"]
    assert ids == said
    ids = [message.id for message in recognize("LP00123456789012", Hints(supplier="aliexpress")).best.evidence]
    assert ids == ["number.format", "number.no_check_digit", "number.prefix", "number.hint.supplier"]
    ids = [message.id for message in recognize("ABC12345", Hints(near="Whistl")).best.evidence]
    assert ids == ["number.no_format", "number.hint.near"]


def test_an_order_number_with_its_dashes_is_not_taken_for_digits():
    found = recognize("12-80946-88721", Hints(carrier_text="FedEx"))
    assert found.not_a.whose == "ebay"
    assert all(candidate.confidence is POSSIBLE for candidate in found.candidates)


def test_an_ambiguous_text_says_both():
    found = recognize("7035114477138472")
    assert found.best.carrier == "canada_post"
    assert found.not_a.kind is Kind.ORDER_ID


def test_a_believed_number_is_nothing_else():
    assert recognize("1Z5R89390357567127").not_a is None
    assert recognize("JD0002242617644732").not_a is None
    assert recognize("K2479825491").not_a is None


def test_a_day_near_the_shipment_is_a_day():
    found = recognize("20261122093000", Hints(date=date(2026, 11, 25), carrier_text="DHL eCommerce"))
    assert found.not_a.kind is Kind.DATE and found.not_a.sure
    assert found.best.confidence is POSSIBLE


def test_a_country_that_agrees_is_evidence():
    best = recognize("RR473124829CN", Hints(origin="cn")).best
    assert best.home == "CN"
    assert best.evidence[-1].id == "number.hint.country"
    assert recognize("RR473124829CN", Hints(origin="US")).best.home == ""


def test_a_carrier_that_is_said_with_a_wrong_check_digit_is_told_so():
    found = recognize("RR473124828CN", Hints(carrier_text="China Post"))
    assert (found.best.carrier, found.best.confidence, found.best.format) == ("china_post", POSSIBLE, "")
    assert found.best.evidence[0].id == "number.wrong_check_digit"
    assert found.best.role is Role.LOCAL and found.best.service is None


LADDER = [POSSIBLE, LIKELY, CERTAIN]
SAYS = {"carrier_text": "{}", "near": "shipped by {} today", "sender": "mail.{}", "link_host": "www.{}"}


@settings(deadline=None)  # the first example reads the tables
@given(
    st.sampled_from([entry.example for entry in formats()]),
    st.sets(st.sampled_from(sorted(SAYS))),
    st.sampled_from(sorted(SAYS)),
)
def test_one_more_hint_that_agrees_never_takes_anything_away(example, before, more):
    """A carrier keeps at least its place and its confidence when another hint names it."""
    found = recognize(example).candidates
    named = carrier(found[0].carrier) if found else None
    if named is None or not named.sites or carriers_in(named.name) != (named.code,):
        return

    def standing(kinds):
        said = {
            one: SAYS[one].format(named.sites[0] if one in ("sender", "link_host") else named.name) for one in kinds
        }
        ranked = recognize(example, Hints(**said)).candidates
        places = {one.carrier: (-place, LADDER.index(one.confidence)) for place, one in enumerate(ranked)}
        return places.get(named.code, (-len(ranked), -1))

    place, confidence = standing(before)
    place_now, confidence_now = standing(before | {more})
    assert place_now >= place and confidence_now >= confidence


words = st.text(max_size=30)
any_hints = st.builds(
    Hints,
    near=words,
    link_host=words,
    sender=words,
    carrier_text=words,
    supplier=words,
    origin=st.text(max_size=2),
    destination=st.text(max_size=2),
)


@settings(deadline=None)  # the first example reads the tables
@given(st.text(), any_hints)
def test_no_text_and_no_hint_upsets_recognition(text, hints):
    found = recognize(text, hints)
    assert found.best is None or found.best.evidence
    assert (found.not_a is None) in (True, False)
    assert found.nearest is None or found.nearest.number


@settings(deadline=None)  # the first example reads the tables
@given(st.from_regex(r"[0-9A-Z]{8,34}", fullmatch=True))
def test_certain_means_that_nothing_else_fits(text):
    found = recognize(text)
    if found.best and found.best.confidence is CERTAIN:
        assert found.best.fit.format.check
        assert len(found.candidates) == 1
