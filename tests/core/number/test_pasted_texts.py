"""A number as it is pasted: among words, labels, brackets, in links, in any script."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.number import Confidence, Hints, recognize
from doorstep.core.number.format import formats

UPS = "1Z5R89390357567127"
EXAMPLES = [entry.example for entry in formats()]


@pytest.mark.parametrize(
    "text",
    [
        f"Tracking: {UPS}",
        f"tracking no. {UPS.lower()}",
        "Tracking number：1Z 5R8 939 03 5756 7127",
        f"Your parcel {UPS} is on its way.",
        f"See https://www.ups.com/track?tracknum={UPS} now",
        f"({UPS})",
        f'"{UPS}",',
        f"#{UPS}",
        f"{UPS}/2",
        "Tracking:１Ｚ５Ｒ８９３９０３５７５６７１２７",
        f"运单号{UPS}",
        f"order {UPS}",
        f"Your parcels: {UPS} and RR473124829CN",
    ],
)
def test_the_number_is_found_in_what_was_pasted(text):
    found = recognize(text)
    assert (found.number, found.best.carrier, found.best.confidence) == (UPS, "ups", Confidence.CERTAIN)
    assert found.kind == "tracking_number"


@pytest.mark.parametrize(
    ("text", "number", "carrier", "confidence"),
    [
        ("DHL 3318810025", "3318810025", "dhl_express", "likely"),
        ("GLS 90346692444", "90346692444", "gls", "likely"),
        ("Shipped by FedEx, 986578788855.", "986578788855", "fedex", "likely"),
        ("(986578788855)", "986578788855", "fedex", "possible"),
        ("UPS 123456789", "123456789", "ups", "possible"),
        ("TBC 000000000000", "TBC000000000000", "amazon", "likely"),
    ],
)
def test_words_beside_the_number_count(text, number, carrier, confidence):
    found = recognize(text)
    assert (found.number, found.best.carrier, found.best.confidence) == (number, carrier, confidence)
    assert found.kind == "tracking_number"


@pytest.mark.parametrize(
    ("text", "kind", "whose"),
    [
        ("Order 8211968327931234", "order_id", "aliexpress"),
        ("Order number: 287809468872", "order_id", ""),
        ("Order #1001", "order_id", "shopify"),
        ("Bestellnummer: 12-12345-12345", "order_id", "ebay"),
        ("Phone: 4155550132", "phone", ""),
        ("EAN 4006381333931", "gtin", ""),
        ("SKU ABC123456", "sku", ""),
    ],
)
def test_what_a_label_claims_is_that(text, kind, whose):
    found = recognize(text)
    assert (found.kind, found.not_a.whose) == (kind, whose)
    assert all(candidate.confidence is Confidence.POSSIBLE for candidate in found.candidates)


def test_a_label_makes_a_number_of_a_carrier_that_is_not_known():
    found = recognize("お問い合わせ番号 123456789013")
    assert (found.kind, found.number, found.candidates) == ("tracking_number", "123456789013", ())
    assert recognize("123456789013").kind == "unknown"
    assert recognize("123456789013", Hints(near="Tracking number")).kind == "tracking_number"
    assert recognize("123456789013", Hints(near="Order number")).kind == "unknown"


@pytest.mark.parametrize("text", ["hello", "tracking soon", "tracking 1234", "Order soon", "", "...", "hello, world!"])
def test_words_without_a_number_are_nothing(text):
    found = recognize(text)
    assert (found.kind, found.candidates, found.suggestions) == ("unknown", (), ())


SPELLINGS = {
    "spaced": " ".join,
    "dashed": "-".join,
    "dotted": ".".join,
    "narrow": "\u202f".join,
    "hidden": "\u200b".join,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_every_format_has_the_same_answer(spelling):
    for example in EXAMPLES:
        plain = recognize(example)
        for size in (1, 3, 4):
            groups = [example[at : at + size] for at in range(0, len(example), size)]
            for text in (SPELLINGS[spelling](groups), SPELLINGS[spelling](groups).lower(), f"\t{example}\n"):
                found = recognize(text)
                if not (found.not_a and found.not_a.sure):  # 123-1234567-1234567 is an order, whoever made the groups
                    assert found.candidates == plain.candidates, text


def test_digits_of_other_scripts_are_digits():
    for zero in ("٠", "०", "０", "๐"):
        written = "".join(chr(ord(zero) + int(char)) if char.isdigit() else char for char in UPS)
        assert recognize(written).best.carrier == "ups"


any_hints = st.builds(Hints, near=st.text(max_size=20), destination=st.sampled_from(["", "US", "CN", "x"]))
pasted = st.one_of(
    st.text(max_size=80),
    st.builds("{}{}{}".format, st.text(max_size=12), st.sampled_from(EXAMPLES), st.text(max_size=12)),
    st.builds("{} {}".format, st.sampled_from(["Tracking", "Order", "UPS", "Tel", "追跡番号"]), st.text(max_size=30)),
)


@settings(deadline=None)  # the first example reads the tables
@given(pasted, any_hints)
def test_no_text_upsets_anything_that_can_be_asked(text, hints):
    found = recognize(text, hints)
    assert found.kind == found.kinds[0] and len(set(found.kinds)) == len(found.kinds)
    assert ("tracking_number" in found.kinds) >= bool(found.candidates)
    for candidate in found.candidates:
        assert candidate.evidence and candidate.role and (candidate.service is None or candidate.service.name)
    assert found.not_a is None or found.not_a.message.id
    assert found.nearest is None or found.nearest in found.suggestions


@pytest.mark.parametrize(
    "piece", ["1", "A", "a-", "-", "#", "@", "a@b.", "(", "1 ", "word ", "tracking 1 ", "https://a.b/?u=", "追"]
)
def test_hostile_text_takes_time_in_proportion(piece):
    started = time.process_time()
    found = recognize(f"1{piece * (20_000 // len(piece))}1")
    assert found.kinds and found.suggestions is not None
    assert time.process_time() - started < 5
