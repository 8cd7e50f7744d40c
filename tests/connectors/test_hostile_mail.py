"""Hostile mail: no exception, bounded time, bounded memory."""

import base64
import json
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doorstep.connectors.mail import mime
from doorstep.connectors.mail.read import markable, read_mail
from doorstep.connectors.mail.taught import marks
from tests.connectors.test_mail_letters import page, plain

MB = 1 << 20


def nested(depth: int) -> bytes:
    raw = b"From: a@b.example\n\ndeepest 1Z999AA10123456784"
    for _ in range(depth):
        raw = b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n" + raw + b"\n--x--\n"
    return raw


BOMBS = {
    "ten_megabytes_of_words": plain("tracking number 1Z999AA10123456784 order 1001 " * (10 * MB // 46)),
    "ten_megabytes_on_one_line": plain("9" * (10 * MB)),
    "ten_megabytes_of_letters_and_digits": plain("A1B2-" * (2 * MB)),
    "ten_megabytes_of_base64": plain("x").replace(b"\n\nx", b"\nContent-Transfer-Encoding: base64\n\n")
    + base64.encodebytes(b"<p>Tracking number: " * (MB // 4)),
    "ten_megabytes_of_tags": page("<b>" * (3 * MB)),
    "ten_megabytes_of_comments": page("<!--" * (2 * MB)),
    "tables_in_tables": page("<table><tr><td>" * 30_000),
    "a_link_in_a_link": page(
        "<a href='https://x.example/?u=" + "https%3A%2F%2Fx.example%2F%3Fu%3D" * 20_000 + "'>x</a>"
    ),
    "many_query_fields": page(
        "<a href='https://x.example/?" + "&".join(f"k{n}=v{n}" for n in range(100_000)) + "'>x</a>"
    ),
    "endless_entities": page("&amp;" * MB),
    "attributes_without_end": page("<a " + "x=y " * 500_000 + ">"),
    "deep_json": page('<script type="application/ld+json">' + "[" * 150_000 + "</script>"),
    "wide_json": page(
        '<script type="application/ld+json">'
        + json.dumps([{"trackingNumber": str(n)} for n in range(8000)])
        + "</script>"
    ),
    "microdata_in_microdata": page("<div itemscope itemprop=a>" * 9000),
    "mails_in_mails": nested(40),
    "parts_without_a_boundary": b"Content-Type: multipart/mixed\n\n" + b"--aaaaa\n\n" * 200_000,
    "boundaries_that_never_come_again": b"Content-Type: multipart/mixed\n\n"
    + b"".join(b"--%07d\n" % n for n in range(200_000)),
    "every_line_a_label": plain("Sendungsnummer:\n" * 300_000),
    "every_line_a_date": plain("Delivery date: 3 July 2026\n" * 200_000),
    "every_line_an_item": plain("2 x Lamp\n" * 300_000),
    "colons": plain(":" * (5 * MB)),
    "blanks_behind_a_label": plain("Tracking number" + " " * (5 * MB)),
    "headers_without_end": b"X: y\n" * 200_000 + b"\nbody",
    "a_header_without_end": b"Subject: " + b"a " * (3 * MB) + b"\n\nbody",
    "forwarded_without_end": plain("From: a@b.example\nDate: x\nSubject: y\n\n" * 100_000),
    "quoted_without_saying": plain("=3D" * (2 * MB)),
    "utf16_that_is_none": plain("x").replace(b"utf-8", b"utf-16") + b"\xd8" * MB,
    "one_combining_mark": plain("e" + "\u0301" * (2 * MB)),
    "ligatures_that_grow": plain("\ufdfa" * (MB // 2)),  # one character that NFKC makes eighteen of
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_bounded_time(name):
    started = time.process_time()
    read_mail(BOMBS[name])
    assert time.process_time() - started < 10


@pytest.mark.parametrize("name", ["ten_megabytes_of_words", "tables_in_tables", "ligatures_that_grow"])
def test_a_bomb_takes_bounded_memory(name):
    tracemalloc.start()
    try:
        read_mail(BOMBS[name])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 40 * max(len(BOMBS[name]), MB)


def test_a_bomb_can_be_opened_for_marking():
    for name in ("ten_megabytes_of_words", "every_line_a_label"):
        text, letter = markable(BOMBS[name])
        assert len(marks(text, letter.links)) <= 60


WORDS = (
    "Tracking number: ", "1Z999AA10123456784", "RR123456785PL", "\n", "<p>", "</a>",
    "<a href='https://www.ups.com/track?tracknum=", "Order #1001", "=3D", "=\n", "--b\n", "--b--\n",
    "Content-Type: text/html\n", "\x00", "\u200b", "İ", "ﬁ", "&#0;", "&#x110000;",
    "From: a@b.example\nSubject: x\nDate: y\n", "퟿", "<script type='application/ld+json'>", "{\"trackingNumber\":",
    "]", "}", "31.02.2026", "2 x ", "99999999999999999999999999999999999", "お問い合わせ番号",
    "<div itemscope itemprop=trackingNumber>",
)  # fmt: skip
HEADS = (
    "Content-Type: text/html; charset=utf-7\n", "Content-Type: multipart/mixed\n",
    "Content-Type: multipart/mixed; boundary=b\n", "Content-Transfer-Encoding: base64\n",
    "Content-Transfer-Encoding: x-uuencode\n", "Subject: =?utf-8?b?4oKs?=\n", "From: x <a@b.example>\n",
    "Date: Wed, 1 Jul 2026 25:61:00 +9999\n", "Content-Type: message/rfc822\n",
    "Content-Type: text/plain; charset*0=utf; charset*1=-8\n",
)  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    head=st.lists(st.sampled_from(HEADS), max_size=5),
    body=st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=40),
    broken=st.binary(max_size=12),
)
def test_no_mail_makes_the_reader_raise(head, body, broken):
    raw = "".join([*head, "\n", *body]).encode("utf-8", "surrogatepass") + broken
    facts = read_mail(raw)
    assert len(facts.tracking) <= 40 and len(facts.rejected) <= 40
    assert all(one.number for one in facts.tracking)
    mime.letters(raw)
    markable(raw)
