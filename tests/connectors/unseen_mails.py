"""Mails that nobody read while the reader was built: own texts of invented shops in eleven languages, each with the
answer. Numbers have the right check digits and change with the seed; so do order ids, phones, prices and other things
that must not be taken for a number.
"""

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.header import Header
from random import Random

from tests.connectors.unseen_words import TEXTS, Words


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """One mail and what is in it. ``others`` are texts that are no tracking numbers."""

    name: str
    raw: bytes
    language: str
    status: str
    numbers: tuple[str, ...]
    carriers: tuple[str, ...]
    orders: tuple[str, ...]
    others: tuple[str, ...]
    merchant: str


@dataclass(frozen=True, kw_only=True)
class Given:
    """A parcel's number as a mail writes it."""

    number: str
    carrier: str
    called: str
    link: str


def unseen() -> list[Unseen]:
    """176 mails: 16 of each language, every layout in every wrapping somewhere."""
    return [one for words in TEXTS for one in _of(words)]


def _of(words: Words) -> Iterator[Unseen]:
    dice = Random(f"unseen {words.language}")
    for turn in range(16):
        count = (1, 1, 2, 1, 0, 1, 3, 1)[turn % 8]
        parcels = [PARCELS[(turn + 3 * place) % len(PARCELS)](dice) for place in range(count)]
        layout = LAYOUTS[turn % len(LAYOUTS)]
        wrapping = WRAPPINGS[(turn * 3 + turn // len(LAYOUTS)) % len(WRAPPINGS)]
        yield _one(words, dice, turn, parcels, layout, wrapping)


def _one(words: Words, dice: Random, turn: int, parcels: list[Given], layout: "Layout", wrapping: "Wrapping") -> Unseen:
    news = ("shipped", "shipped", "out_for_delivery", "delivered")[turn % 4] if parcels else "shipped"
    order = ORDERS[turn % len(ORDERS)](dice)
    others = tuple(other(dice) for other in OTHERS)
    lines = Lines(words=words, news=news, order=order, parcels=tuple(parcels), others=others)
    subject = words.subjects[news].format(order=order)
    raw = wrapping(words, subject, *layout(lines))
    return Unseen(
        name=f"{words.language}-{turn:02}-{layout.__name__}-{wrapping.__name__}-{news}",
        raw=raw,
        language=words.language,
        status=news,
        numbers=tuple(one.number for one in parcels),
        carriers=tuple(one.carrier for one in parcels),
        orders=(order,),
        others=others,
        merchant=words.shop,
    )


# --- numbers ----------------------------------------------------------------------------------------------------------


def digits(dice: Random, count: int) -> str:
    return "".join(dice.choices("0123456789", k=count))


def _s10(dice: Random, service: str, country: str) -> str:
    serial = digits(dice, 8)
    rest = 11 - sum(int(one) * weight for one, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"{service}{serial}{ {10: 0, 11: 5}.get(rest, rest) }{country}"


def ups(dice: Random) -> Given:
    body = f"999AA1{digits(dice, 9)}"
    values = [int(one) if one.isdigit() else (ord(one) - 63) % 10 for one in body]
    check = -(sum(values[0::2]) + 2 * sum(values[1::2])) % 10
    number = f"1Z{body}{check}"
    return Given(number=number, carrier="ups", called="UPS", link=f"https://www.ups.com/track?tracknum={number}")


def usps(dice: Random) -> Given:
    body = f"94001{digits(dice, 16)}"
    check = -(3 * sum(map(int, body[::-1][0::2])) + sum(map(int, body[::-1][1::2]))) % 10
    number = f"{body}{check}"
    link = f"https://tools.usps.com/go/TrackConfirmAction?tLabels={number}"
    return Given(number=number, carrier="usps", called="USPS", link=link)


def postal(dice: Random) -> Given:
    service, country, code, called = dice.choice(
        [
            ("RR", "PL", "poczta_polska", "Poczta Polska"),
            ("LX", "CN", "china_post", "China Post"),
            ("RB", "SE", "post_nord", "PostNord"),
            ("CP", "GB", "royal_mail", "Royal Mail"),
            ("RX", "ES", "correos", "Correos"),
        ]
    )
    number = _s10(dice, service, country)
    return Given(number=number, carrier=code, called=called, link=f"https://t.17track.net/en#nums={number}")


def dhl(dice: Random) -> Given:
    body = f"00340434{digits(dice, 11)}"
    check = -(3 * sum(map(int, body[::-1][0::2])) + sum(map(int, body[::-1][1::2]))) % 10
    number = f"{body}{check}"
    link = f"https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={number}"
    return Given(number=number, carrier="dhl_parcel_de", called="DHL", link=link)


def yunexpress(dice: Random) -> Given:
    number = f"YT26{digits(dice, 12)}"
    link = f"https://www.yuntrack.com/parcelTracking?id={number}"
    return Given(number=number, carrier="yunexpress", called="YunExpress", link=link)


def fedex(dice: Random) -> Given:
    body = f"7{digits(dice, 10)}"
    check = sum(int(one) * weight for one, weight in zip(body, itertools.cycle((3, 1, 7)), strict=False)) % 11 % 10
    number = f"{body}{check}"
    return Given(
        number=number, carrier="fedex", called="FedEx", link=f"https://www.fedex.com/fedextrack/?trknbr={number}"
    )


PARCELS: tuple[Callable[[Random], Given], ...] = (ups, postal, usps, dhl, yunexpress, fedex)
ORDERS: tuple[Callable[[Random], str], ...] = (
    lambda dice: digits(dice, 5).replace("0", "7"),
    lambda dice: f"SO-{digits(dice, 6)}",
    lambda dice: f"2{digits(dice, 11)}",
    lambda dice: f"{dice.randint(10, 99)}-{digits(dice, 5)}-{digits(dice, 5)}",
    lambda dice: f"8{digits(dice, 15)}",
)
OTHERS: tuple[Callable[[Random], str], ...] = (
    lambda dice: f"+49 30 {digits(dice, 3)} {digits(dice, 4)}",  # phone
    lambda dice: f"4006381{digits(dice, 6)}",  # article
    lambda dice: f"INV{digits(dice, 9)}",  # invoice
    lambda dice: f"7{digits(dice, 9)}",  # customer
    lambda dice: f"c{digits(dice, 14)}",  # in a pixel's address
    lambda dice: f"9{digits(dice, 11)}",  # in a support link
)


# --- layouts: (text, html), one of them may be empty ------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Lines:
    """What a mail is made of."""

    words: Words
    news: str
    order: str
    parcels: tuple[Given, ...]
    others: tuple[str, ...]


Layout = Callable[[Lines], tuple[str, str]]


def plain(lines: Lines) -> tuple[str, str]:
    """Text only: the number behind its label."""
    words = lines.words
    told = "\n".join(f"{words.label}: {one.number}\n{words.carrier}: {one.called}" for one in lines.parcels)
    return f"{_greeting(lines)}\n\n{told or words.later}\n\n{_small_print(lines)}", ""


def sentence(lines: Lines) -> tuple[str, str]:
    """The number inside a sentence."""
    told = " ".join(lines.words.sentence.format(carrier=one.called, number=one.number) for one in lines.parcels)
    return f"{_greeting(lines)}\n{told or lines.words.later}\n{_small_print(lines)}", ""


def table(lines: Lines) -> tuple[str, str]:
    """A table with a heading row."""
    words = lines.words
    rows = "".join(f"<tr><td>{one.called}</td><td>{one.number}</td></tr>" for one in lines.parcels)
    grid = f"<table><tr><th>{words.carrier}</th><th>{words.label}</th></tr>{rows}</table>" if rows else words.later
    return "", _page(lines, grid)


def buttons(lines: Lines) -> tuple[str, str]:
    """The number stands in links only, behind a counter."""
    words = lines.words
    links = "".join(
        f'<p><a href="https://click.mailer.example/c?r={_escaped(one.link)}&amp;m=8837261">{words.track}</a></p>'
        for one in lines.parcels
    )
    return "", _page(lines, links or words.later)


def spaced(lines: Lines) -> tuple[str, str]:
    """Cards: label above, number below as a link, in tables within tables."""
    cards = "".join(
        f"<table><tr><td><table><tr><td><b>{lines.words.label}</b></td></tr><tr><td>"
        f'<a href="{one.link}">{one.number}</a></td></tr></table></td></tr></table>'
        for one in lines.parcels
    )
    return "", _page(lines, cards or lines.words.later)


def json_ld(lines: Lines) -> tuple[str, str]:
    """schema.org beside a page that shows no number."""
    things = [
        {
            "@context": "http://schema.org",
            "@type": "ParcelDelivery",
            "trackingNumber": one.number,
            "carrier": {"@type": "Organization", "name": one.called},
            "partOfOrder": {
                "@type": "Order",
                "orderNumber": lines.order,
                "merchant": {"@type": "Organization", "name": lines.words.shop},
            },
        }
        for one in lines.parcels
    ]
    script = f'<script type="application/ld+json">{json.dumps(things)}</script>'
    return "", _page(lines, lines.words.later, head=script)


def microdata(lines: Lines) -> tuple[str, str]:
    """The same as microdata."""
    things = "".join(
        '<div itemscope itemtype="http://schema.org/ParcelDelivery">'
        f'<meta itemprop="trackingNumber" content="{one.number}">'
        '<div itemprop="carrier" itemscope itemtype="http://schema.org/Organization">'
        f'<meta itemprop="name" content="{one.called}"></div>'
        '<div itemprop="partOfOrder" itemscope itemtype="http://schema.org/Order">'
        f'<meta itemprop="orderNumber" content="{lines.order}"></div></div>'
        for one in lines.parcels
    )
    return "", _page(lines, f"{things}<p>{lines.words.later}</p>")


def both(lines: Lines) -> tuple[str, str]:
    """Text and page side by side."""
    return plain(lines)[0], spaced(lines)[1]


LAYOUTS: tuple[Layout, ...] = (plain, table, sentence, spaced, buttons, both, json_ld, microdata)


def _greeting(lines: Lines) -> str:
    words = lines.words
    return f"{words.greeting}\n{words.news[lines.news].format(order=lines.order)}"


def _small_print(lines: Lines) -> str:
    phone, article, invoice, customer, *_ = lines.others
    words = lines.words
    return (
        f"{words.invoice}: {invoice}\n{words.customer}: {customer}\n{words.article}: {article}\n"
        f"{words.total}: 49,90 EUR\n{words.phone}: {phone}\n{words.shop}, HRB 202233, VAT DE815112233"
    )


def _page(lines: Lines, middle: str, head: str = "") -> str:
    *_, pixel, support = lines.others
    greeting = "".join(f"<p>{line}</p>" for line in _greeting(lines).splitlines())
    small = "<br>".join(_small_print(lines).splitlines())
    return (
        f"<html><head>{head}<style>td {{ color: #123456 }}</style></head><body><div>{greeting}{middle}<p>{small}</p>"
        f'<a href="https://help.shop.example/case?id={support}">{lines.words.help}</a>'
        f'<img src="https://px.mailer.example/o/{pixel}.gif" width="1" height="1"></div></body></html>'
    )


def _escaped(url: str) -> str:
    return url.replace(":", "%3A").replace("/", "%2F").replace("?", "%3F").replace("=", "%3D").replace("#", "%23")


# --- wrappings --------------------------------------------------------------------------------------------------------


Wrapping = Callable[[Words, str, str, str], bytes]


def direct(words: Words, subject: str, text: str, html: str) -> bytes:
    return _head(words.shop, words.sender, subject) + _body(text, html)


def base64ed(words: Words, subject: str, text: str, html: str) -> bytes:
    kind = "html" if html else "plain"
    body = base64.encodebytes((html or text).encode()).decode()
    head = f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    return _head(words.shop, words.sender, subject) + (head + body).encode()


def wrong_charset(words: Words, subject: str, text: str, html: str) -> bytes:
    kind = "html" if html else "plain"
    head = f"Content-Type: text/{kind}; charset=us-ascii\nContent-Transfer-Encoding: 8bit\n\n".encode()
    return _head(words.shop, words.sender, subject) + head + (html or text).encode()


def quoted_in_silence(words: Words, subject: str, text: str, html: str) -> bytes:
    """Quoted-printable that no header announces."""
    kind = "html" if html else "plain"
    coded = (html or text).replace("=", "=3D")
    broken = "=\n".join(coded[at : at + 70] for at in range(0, len(coded), 70)) if html else coded + "\n=3D=3D=3D=3D"
    return _head(words.shop, words.sender, subject) + f"Content-Type: text/{kind}; charset=utf-8\n\n{broken}".encode()


def no_boundary(words: Words, subject: str, text: str, html: str) -> bytes:
    """A multipart whose header forgets its boundary."""
    kind = "html" if html else "plain"
    part = f"------=_Part_77\nContent-Type: text/{kind}; charset=utf-8\n\n{html or text}\n"
    empty = "------=_Part_77\nContent-Type: text/x-other\n\nnothing\n------=_Part_77--\n"
    head = _head(words.shop, words.sender, subject)
    return head + f"Content-Type: multipart/alternative\n\n{part}{empty}".encode()


def gmail(words: Words, subject: str, text: str, html: str) -> bytes:
    """Forwarded inside the text, as Gmail writes it in this language."""
    return _inline(words, subject, text, html, "---------- {mark} ---------", "{who} <{sender}>")


def outlook(words: Words, subject: str, text: str, html: str) -> bytes:
    return _inline(words, subject, text, html, "________________________________", "{who} <{sender}>")


def apple(words: Words, subject: str, text: str, html: str) -> bytes:
    return _inline(words, subject, text, html, "{mark}:\n", "{who} <{sender}>", quote="> " if not html else "")


def attached(words: Words, subject: str, text: str, html: str) -> bytes:
    inner = direct(words, subject, text, html)
    head = _head("Me", "me@merchant.example", f"Fwd: {subject}")
    return (
        head
        + b"Content-Type: multipart/mixed; boundary=outer\n\n--outer\nContent-Type: text/plain\n\nfyi\n"
        + b"--outer\nContent-Type: message/rfc822\nContent-Disposition: attachment; filename=mail.eml\n\n"
        + inner
        + b"\n--outer--\n"
    )


WRAPPINGS: tuple[Wrapping, ...] = (
    direct, gmail, base64ed, outlook, wrong_charset, attached, quoted_in_silence, apple, no_boundary,
)  # fmt: skip


def _inline(words: Words, subject: str, text: str, html: str, mark: str, who: str, quote: str = "") -> bytes:
    said = who.format(who=words.shop, sender=words.sender)
    old = [
        mark.format(mark=words.forwarded),
        f"{words.heads[0]}: {said}",
        f"{words.heads[1]}: 3. 7. 2026 10:11",
        f"{words.heads[2]}: {subject}",
    ]
    head = _head("Me", "me@merchant.example", f"Fwd: {subject}")
    if html:
        lines = "<br>".join(one.replace("<", "&lt;").replace(">", "&gt;") for one in old)
        return head + _body("", f"<div>{lines}</div><br>{html}")
    return head + _body("\n".join(quote + one for one in "\n".join([*old, "", text]).splitlines()), "")


def _head(who: str, sender: str, subject: str) -> bytes:
    name, title = Header(who, "utf-8").encode(), Header(subject, "utf-8", maxlinelen=900).encode()
    return f"From: {name} <{sender}>\nTo: me@merchant.example\nSubject: {title}\nMIME-Version: 1.0\n".encode()


def _body(text: str, html: str) -> bytes:
    if not (text and html):
        return f"Content-Type: text/{'html' if html else 'plain'}; charset=utf-8\n\n{html or text}".encode()
    return (
        "Content-Type: multipart/alternative; boundary=two\n\n--two\nContent-Type: text/plain; charset=utf-8\n\n"
        f"{text}\n--two\nContent-Type: text/html; charset=utf-8\n\n{html}\n--two--\n"
    ).encode()
