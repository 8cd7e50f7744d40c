"""Letters are taken out of whatever strangers wrap them in, and only what can be trusted is taken from them."""

import base64
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.connectors.contract import Account, Checked
from doorstep.connectors.mail import html, links, mime, tokens, words
from doorstep.connectors.mail.confirmation import confirmation_link
from doorstep.connectors.mail.forwarded import original
from doorstep.connectors.mail.read import read
from doorstep.connectors.suppliers.mail import CONNECTOR
from doorstep.core.order import MailKind

NUMBER = "RR123456785PL"


def plain(text: str, subject: str = "Hello", sender: str = "a@b.example", **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"From: {sender}\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n{more}\n{text}".encode()


def page(body: str, **more: str) -> bytes:
    return plain(body, **more).replace(b"text/plain", b"text/html")


def numbers(raw: bytes) -> list[str]:
    return [one.text for one in read(raw).numbers]


# --- MIME -------------------------------------------------------------------------------------------------------------


def body_of(raw: bytes) -> str:
    return mime.letters(raw)[0].text.strip()


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        ("text/plain; charset=iso-8859-2", "zażółć".encode("iso-8859-2"), "zażółć"),
        ("text/plain; charset=utf-8", "zażółć".encode("cp1250"), "za¿ó³æ"),  # a wrong charset is no reason to lose it
        ("text/plain; charset=no-such-charset", "naïve".encode(), "naïve"),
        ("text/plain", b"\x80 20", "€ 20"),
        ("text/html", '<meta charset="gb18030"><p>运单号</p>'.encode("gb18030"), "运单号"),
        ("text/plain", b"<html><body><p>one</p><p>two</p>", "one\ntwo"),
        ("text/plain; charset==?x?=", b"x", "x"),
        ("nonsense", b"plain after all", "plain after all"),
    ],
)
def test_words_survive_wrong_charsets_and_types(head, body, text):
    assert body_of(b"From: a@b.example\nContent-Type: " + head.encode() + b"\n\n" + body) == text


def test_base64_that_is_none_is_kept_as_it_is():
    raw = b"From: a@b.example\nContent-Transfer-Encoding: base64\nContent-Type: text/plain\n\n"
    assert body_of(raw + base64.b64encode(b"hello")) == "hello"
    assert body_of(raw + b"!") in {"!", ""}


def test_headers_are_decoded_and_raw_bytes_in_them_are_read_as_utf8():
    (letter,) = mime.letters(
        b"From: =?utf-8?q?J=C3=B6rg?= <J@B.example>\nSubject: \xe2\x82\xac =?utf-8?b?4oKs?= =?bad?x?y?=\n\nx"
    )
    assert (letter.sender, letter.sender_name) == ("j@b.example", "Jörg")
    assert letter.subject.startswith("€ €")


@pytest.mark.parametrize(
    ("date", "instant"),
    [
        ("Wed, 1 Jul 2026 10:00:00 +0200", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("Wed, 1 Jul 2026 10:00:00 -0000", None),  # RFC 5322: the zone is not known
        ("1 Jul 2026", None),
        ("yesterday", None),
        ("Wed, 1 Jul 99999 10:00:00 +0000", None),
    ],
)
def test_a_date_without_a_zone_is_no_instant(date, instant):
    assert mime.moment(date) == instant


def test_attached_mails_are_letters_whatever_they_are_called():
    inner = plain(f"Tracking number: {NUMBER}", sender="ship@s.example").decode()
    for kind in ("message/rfc822", 'application/octet-stream; name="order.eml"'):
        head = "From: me@x.example\nContent-Type: multipart/mixed; boundary=b"
        raw = f"{head}\n\n--b\nContent-Type: {kind}\n\n{inner}\n--b--"
        assert [one.sender for one in mime.letters(raw.encode())] == ["me@x.example", "ship@s.example"]
        assert numbers(raw.encode()) == [NUMBER]


def test_an_encoded_attached_mail_is_read_too():
    inner = base64.b64encode(plain(f"Tracking number: {NUMBER}")).decode()
    raw = (
        "From: me@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        'Content-Type: application/octet-stream; name="a.eml"\nContent-Transfer-Encoding: base64\n\n'
        + inner
        + "\n--b--"
    )
    assert numbers(raw.encode()) == [NUMBER]


def test_text_attachments_are_not_the_letter():
    raw = (
        "From: me@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: text/plain\n"
        f"Content-Disposition: attachment; filename=list.txt\n\nTracking number: {NUMBER}\n--b--"
    )
    assert numbers(raw.encode()) == []


@pytest.mark.parametrize("field", ["multipart/mixed; boundary", "application/x; name", "text/plain; charset"])
def test_endless_parameter_numbers_are_survived(field):
    raw = f"From: a@b.example\nContent-Type: {field}*{'9' * 5000}=x\n\nTracking number: {NUMBER}\n".encode()
    assert read(raw).sender == "b.example"


def test_mails_inside_mails_end_somewhere():
    raw = plain("deepest")
    for _ in range(30):
        raw = b"From: a@b.example\nContent-Type: message/rfc822\n\n" + raw
    assert len(mime.letters(raw)) <= mime.MAX_LETTERS


def test_endless_parts_end_somewhere():
    parts = "--b\nContent-Type: text/plain\n\nx\n" * (mime.MAX_PARTS * 3)
    assert mime.letters(f"Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--".encode())


# --- HTML -------------------------------------------------------------------------------------------------------------


def test_text_has_a_line_per_block_and_a_tab_per_cell():
    text = html.read_page(
        "<title>no</title><style>p{}</style><p>Your <b>order</b>\n is <i>he</i>re</p><!-- no -->"
        "<table><tr><td>a</td><td> b </td></tr><tr><td>c</td></tr></table>tail<br>end"
    ).text
    assert text == "Your order is here\na\tb \t\nc\t\ntail\nend"


def test_links_know_their_words():
    page = html.read_page(
        '<a href=" https://a.example/1 ">one <b>two</b></a> <a href="mailto:x@y">no</a><a>none</a>'
        f'<a href="https://a.example/{"x" * 5000}">long</a>'
    )
    assert [(one.url, one.words, page.text[one.at : one.at + 3]) for one in page.links] == [
        ("https://a.example/1", "one two", "one")
    ]


def test_a_page_of_nothing_but_depth_ends():
    deep = html.read_page("<div>" * 50_000 + "deep")
    assert deep.text in {"deep", ""} and deep.links == ()
    assert html.read_page("") == html.Page(text="")


def test_a_page_with_too_many_nodes_is_cut(monkeypatch):
    monkeypatch.setattr(html, "MAX_NODES", 5)
    assert html.read_page("<p>a</p>" * 50).text.count("a") < 50


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("https://c.example/?u=https%3A%2F%2Fups.example%2Ft%3Fn%3D1", "https://ups.example/t?n=1"),
        ("https://c.example/?u=https%253A%252F%252Fups.example%252F1", "https://ups.example/1"),
        ("https://x.awstrack.me/L0/https:%2F%2Fups.example%2Ft%2F1/1/0102-abc", "https://ups.example/t/1"),
        ("https://c.example/plain?id=1", "https://c.example/plain?id=1"),
        ("https://[broken", "https://[broken"),
    ],
)
def test_a_counted_link_is_followed_without_asking_anyone(url, inside):
    assert links.unwrapped(url)[-1] == inside


def test_links_in_links_end_somewhere():
    assert (
        len(links.unwrapped("https://a.example/?u=https://a.example/?u=https://a.example/?u=https://a.example/?u=h"))
        < 6
    )
    assert links.host("https://[broken") == "" and links.host("https://A.example/x") == "a.example"


# --- forwarded --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "block",
    [
        "---------- Forwarded message ---\nFrom: S <ship@s.example>\nDate: today\nSubject: Order 7 shipped\nTo: me",
        "Begin forwarded message:\n\n> From: Sup <ship@s.example>\n> Subject: Order 7 shipped\n> Date: today",
        "-----Ursprüngliche Nachricht-----\nVon: ship@s.example\nGesendet: Mittwoch\nBetreff: Order 7 shipped",
        "*De :* ship@s.example\n*Envoyé :* mercredi\n*Objet :* Order 7 shipped",
        "发件人：ship@s.example\n日期：今天\n主题：Order 7 shipped",
    ],
)
def test_the_old_headers_of_a_forward_count(block):
    mail = read(plain(f"fyi\n\n{block}\n\nTracking number: {NUMBER}", "Fwd: x", "me@shop.example"))
    assert (mail.sender, mail.subject) == ("s.example", "Order 7 shipped")
    assert [one.text for one in mail.numbers] == [NUMBER]


def test_a_forward_of_a_forward_counts_the_innermost():
    text = "From: b@b.example\nDate: x\nSubject: y\n\nhi\n\nFrom: c@c.example\nSubject: z\n\nbye"
    assert read(plain(text)).sender == "c.example"


def test_a_word_from_alone_is_no_forward():
    (letter,) = mime.letters(plain("From: Berlin\nFrom: me@else.example with love"))
    assert original(letter) is letter


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Tracking number: {NUMBER}", [NUMBER]),
        (f"Your tracking number with Poczta Polska is {NUMBER}.", [NUMBER]),
        ("Sendungsnummer\n\n00340434161094042557", ["00340434161094042557"]),
        ("Numéro de suivi : 6A12345678901", ["6A12345678901"]),
        ("Número de seguimiento: RR123456785ES", ["RR123456785ES"]),
        ("Il codice di tracciamento è 350C20177729F", ["350C20177729F"]),
        (f"Numer przesyłki: {NUMBER}", [NUMBER]),
        ("追踪号：YT2618212720001234", ["YT2618212720001234"]),
        ("Tracking number: rr 123 456 785 pl", []),  # lower case with spaces could be anything
        ("Tracking number: 9400 1112 0620 6406 2607 87", ["9400111206206406260787"]),
        ("Tracking number: 9400-1112-0620-6406-2607-87", ["9400111206206406260787"]),
        ("Tracking number: not yet available. Delivery expected 2026-07-04, phone 1-888-283-0577", []),
        ("Tracking number for your order #1234567890: 1Z999AA10123456784", ["1Z999AA10123456784"]),
        ("Order number: 1234567890\nTracking number: 1234567890", []),
        ("Invoice 1234567890123, customer 99887766554, EAN 4006381333931", []),
        ("We sent your package JY26CAA0D000551012 today", ["JY26CAA0D000551012"]),
        ("It is 1Z999AA10123456784 by the way", ["1Z999AA10123456784"]),
        ("Call (+1) 5555555555 about your package", []),
        ("Write to 1Z999AA10123456784@example.com or see example.com/1Z999AA10123456784", []),
        ("退款单号：8823177665544", []),
        ("", []),
    ],
)
def test_what_is_taken_for_a_number(text, found):
    assert numbers(plain(text)) == found


def test_numbers_are_said_once_with_their_link():
    url = "https://www.ups.com/track?tracknum=1Z999AA10123456784"
    mail = read(page(f'<p>Tracking number: 1Z999AA10123456784</p><a href="{url}">1Z 999 AA1 01 2345 6784</a>'))
    assert [(one.text, one.carrier, one.url) for one in mail.numbers] == [("1Z999AA10123456784", "ups", url)]


def test_a_number_may_be_only_in_a_link():
    assert numbers(page('<a href="https://www.ups.com/track?tracknum=1Z999AA10123456784">Track</a>')) == [
        "1Z999AA10123456784"
    ]
    assert numbers(page('<a href="https://www.ups.com/track?tracknum=1Z999AA10123456789">Track</a>')) == []


def test_a_counters_id_in_a_link_is_no_number():
    assert numbers(page('<a href="https://news.example/?trackid=1234567890">Read on</a>')) == []


def test_a_mistyped_number_counts_only_where_nothing_better_is_said():
    wrong, right = "1Z999AA10123456789", "1Z999AA10123456784"
    link = f'<a href="https://www.ups.com/track?tracknum={wrong}">Track</a>'
    assert numbers(page(f"<p>{wrong}</p>{link}")) == [wrong]
    assert numbers(page(f"<p>{wrong}</p>{link}<p>Tracking number: {right}</p>")) == [right]


def test_the_plain_part_is_read_when_the_other_says_nothing():
    raw = (
        "From: a@b.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
        f"Tracking number: {NUMBER}\n--b\nContent-Type: text/html\n\n<img src=x>\n--b--"
    )
    assert numbers(raw.encode()) == [NUMBER]


def test_a_list_of_thousands_is_cut():
    lines = "\n".join(f"Tracking number: AB{n:012d}" for n in range(900))
    assert len(numbers(plain(lines))) == 40


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Your order #1001 has shipped", ("1001",)),
        ("Bestellnummer: A-20417", ("A-20417",)),
        ("Order number is 2000137-67895124", ("2000137-67895124",)),
        ("ref 123-1234567-1234567", ("123-1234567-1234567",)),
        ("订单号：SO-88231", ("SO-88231",)),
        ("order of 2 shirts, preorder 55555, in order to 777", ()),
        ("Order date 2026-07-01, order 2026-07-01", ()),
        ("İ order 4711", ("4711",)),
    ],
)
def test_what_is_taken_for_an_order(text, found):
    assert tokens.orders(tokens.normal(text)) == found


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Your parcel will be delivered tomorrow", MailKind.MOVING),
        ("Your parcel was delivered", MailKind.DELIVERED),
        ("Undelivered", MailKind.OTHER),
        ("Ihre Bestellung wurde versandt", MailKind.SHIPPED),
        ("您的订单已发货", MailKind.SHIPPED),
        ("Hello", MailKind.OTHER),
    ],
)
def test_what_a_mail_is_about(subject, kind):
    assert read(plain("x", subject)).kind is kind


def test_phrases_are_whole_words_and_the_longest_wins():
    found = words.TRACKING.search("the tracking numbers are")
    assert found and found[0] == "tracking numbers"
    assert words.PARCEL.search("parcels") is None
    assert words.PARCEL.search("parcel x parcel", 1) is not None


# --- confirmations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "subject", "body", "link"),
    [
        ("forwarding-noreply@google.com", "Gmail Forwarding Confirmation", "https://mail.google.com/mail/vf-1", True),
        ("forwarding-noreply@google.com", "Gmail Forwarding Confirmation", "https://mail.google.com/mail/uf-1", False),
        ("forwarding-noreply@google.com", "Security alert", "https://mail.google.com/mail/vf-1", False),
        ("x@evil.example", "Gmail Forwarding Confirmation", "https://mail.google.com/mail/vf-1", False),
        ("x@google.com", "Forwarding Confirmation", "http://mail.google.com/mail/vf-1", False),
        ("noreply@zoho.eu", "Email forwarding verification", "https://mail.zoho.eu/confirmForward?c=1", True),
        ("noreply@zoho.eu", "Email forwarding verification", "https://www.zoho.eu/help", False),
    ],
)
def test_only_a_providers_own_link_confirms_a_forwarding(sender, subject, body, link):
    raw = plain(body, subject, sender)
    assert bool(confirmation_link(mime.letters(raw)[0])) is link
    assert (read(raw).kind is MailKind.FORWARD_CONFIRMATION) is link


# --- the connector ----------------------------------------------------------------------------------------------------


def test_a_mailbox_needs_no_account():
    account = Account(now=datetime(2026, 7, 1, tzinfo=UTC))
    with pytest.raises(StopIteration) as end:
        next(CONNECTOR.check(account))
    assert end.value.value == Checked(external_id="mail", label="E-mail")


# --- hostile mail -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        plain("tracking number " * 60_000),
        plain("order #" * 100_000),
        plain("From: a@b.example\nSubject: x\n" * 20_000),
        plain("1Z999AA1 " * 60_000),
        plain("AB" + "-1" * 400_000),
        page("<a href='https://x.example/?u=https%3A%2F%2F'>" * 20_000),
        page("<table><td>" * 60_000),
        plain("https://" * 100_000),
        b"Subject: " + b"=?utf-8?q?" * 50_000 + b"\n\nx",
        b"From: " + b"(" * 20_000 + b"\n\nx",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 60_000,
    ],
    ids=range(11),
)
def test_hostile_mail_takes_bounded_time(raw):
    started = time.monotonic()
    read(raw)
    assert time.monotonic() - started < 8


ODD = [
    b"From: a@b.example\n", b"Content-Type: multipart/mixed; boundary=b\n", b"\n", b"--b\n", b"--b--", b"\xff\x00",
    b"Content-Type: message/rfc822\n", b"Content-Transfer-Encoding: base64\n", b"Tracking number: 1Z999AA1\n",
    b"Content-Type: text/html; charset=utf-16\n", b"Subject: =?utf-7?b?///?=\n", b"<a href='https://[x'>", b"=3D=\n",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(ODD) | st.binary(max_size=20), max_size=25),
)
def test_no_bytes_make_the_reader_raise(pieces):
    read(b"".join(pieces))
