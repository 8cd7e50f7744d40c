"""Numbers in running text: found where they are meant, left where they are something else."""

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.number import Confidence, Context, Hints, extract


def read(text, **hints):
    return [(found.number, found.context) for found in extract(text, Hints(**hints))]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Your tracking number is 90346692444.", "90346692444"),
        ("Tracking number:\n\n  ABC1234567\n", "ABC1234567"),
        ("Tracking #: ND6EV0V3JWBEYVK1B3B7", "ND6EV0V3JWBEYVK1B3B7"),
        ("Ihre Sendungsnummer lautet 0123 4567 8901 23", "01234567890123"),
        ("Numéro de suivi : 6A12345678901", "6A12345678901"),
        ("Número de seguimiento: PK4BAB0710130640146014X", "PK4BAB0710130640146014X"),
        ("Numero di spedizione 350C20177729F", "350C20177729F"),
        ("Track & Trace: 3SABCD1234567", "3SABCD1234567"),
        ("paczka o numerze: 90346692444 (Nr referencyjny: 23221984)", "90346692444"),
        ("追跡番号：123456789013", "123456789013"),
        ("您的运单号YT2229521272164446已发货", "YT2229521272164446"),
        ("Takip numarası: 12345678901", "12345678901"),
    ],
)
def test_a_label_in_many_languages_makes_a_number(text, number):
    assert read(text) == [(number, Context.LABEL)]


@pytest.mark.parametrize(
    "text",
    [
        "It left today: 1Z5R89390357567127, see you.",
        "1Z 5R8 939 03 5756 7127",
        "(1z5r89390357567127)",
        "Package 1Z-5R8-939-03-5756-7127 is on its way",
        "Order 1Z5R89390357567127",
    ],
)
def test_a_number_with_its_own_form_is_taken_where_it_stands(text):
    assert read(text) == [("1Z5R89390357567127", Context.FORM)]


def test_digits_beside_their_carrier_need_a_right_check_digit():
    assert read("Shipped with FedEx 986578788855") == [("986578788855", Context.CARRIER)]
    assert read("Shipped with FedEx 986578788856") == []
    assert read("986578788855 is my favourite number") == []
    assert read("986578788855", sender="fedex.com") == [("986578788855", Context.CARRIER)]
    assert read("Call GLS 90346692444") == []


@pytest.mark.parametrize(
    "text",
    [
        "Order number 8211968327931234 was shipped.",
        "Your order 123-1234567-1234567 has been shipped. #1001",
        "Tracking for order 123-1234567-1234567",
        "Bestellnummer: 12-12345-12345",
        "Call +49 170 1234567 or (415) 555-0132 or 415-555-0132.",
        "Invoice LP00123456789012",
        "Total: $1,234.56 - 19.99 EUR - 1234567890€",
        "On 2026-11-22 at 10:30, 22.11.2026",
        "ZIP 98109-5210, Seattle",
        "RX580 ARMOR 8G OC 1234 GB",
        "someone12345678@example.com boundary_1234567890123",
        "Tracking starts 2026-11-22",
        "SKU ABC123456789012 Phone 4155550132",
        "Your package is on its way. Best wishes, the team",
        "Tracking number: soon",
        "tracking 1234",
        "",
    ],
)
def test_what_is_something_else_is_left(text):
    assert read(text) == []


def test_a_moment_near_the_shipment_is_no_number_even_behind_a_label():
    assert read("Tracking since 20261122093000", date=date(2026, 11, 25)) == []
    assert read("Tracking number 20261122093000") == [("20261122093000", Context.LABEL)]


def test_a_label_of_something_else_counts_for_one_number_only():
    assert read("Sendungsnummer zu Ihrer Bestellung 4711: 90346692444") == [("90346692444", Context.LABEL)]


def test_a_label_too_far_away_is_no_label():
    assert read("Tracking number. " + "Some more words about nothing at all. " * 3 + "90346692444") == []
    assert read("Tracking number" + "\n" * 500 + "90346692444") == []


def test_one_label_stands_for_a_list():
    text = "Tracking numbers:\n- 90346692444\n- 90346692445\n- 90346692446"
    assert [number for number, _ in read(text)] == ["90346692444", "90346692445", "90346692446"]


def test_a_number_is_reported_once_with_its_strongest_context():
    text = "1Z5R89390357567127 https://www.ups.com/track?tracknum=1Z5R89390357567127 tracking 1Z5R89390357567127"
    (found,) = extract(text)
    assert found.context is Context.LINK
    assert found.recognition.best.confidence is Confidence.CERTAIN
    assert text[slice(*found.span)] == "https://www.ups.com/track?tracknum=1Z5R89390357567127"


def test_links_about_something_else_are_left():
    assert read("See https://shop.example/orders/8211968327931234 now") == []


def test_the_span_is_where_the_number_stands_in_the_text():
    text = "Paket  1Z 5R8 939 03 5756 7127 da"
    (found,) = extract(text)
    assert text[slice(*found.span)] == "1Z 5R8 939 03 5756 7127"


def test_a_number_in_groups_ends_where_the_words_begin():
    assert read("RB 123 456 785 GB arrives") == [("RB123456785GB", Context.FORM)]
    assert read("RR473124829CN 12 May") == [("RR473124829CN", Context.FORM)]


def test_two_carriers_in_one_text_keep_their_numbers():
    found = extract("UPS 1Z5R89390357567127 and then FedEx 986578788855")
    assert [(one.number, one.recognition.best.carrier) for one in found] == [
        ("1Z5R89390357567127", "ups"),
        ("986578788855", "fedex"),
    ]


@settings(deadline=None)  # the first example reads the tables
@given(st.text(max_size=300), st.text(max_size=30))
def test_no_text_upsets_extraction(text, domain):
    for found in extract(text, Hints(sender=domain)):
        assert 0 <= found.span[0] < found.span[1] <= len(text)


@pytest.mark.parametrize(
    "piece", ["1", "A1", "1 ", "order 1 ", "tracking ", "a@", "1,", "+1", "_", "1Z ", "https://a.b/?u=", "-", "é", "番"]
)
def test_hostile_text_takes_time_in_proportion(piece):
    started = time.process_time()
    extract(piece * (20_000 // len(piece)))
    assert time.process_time() - started < 5
