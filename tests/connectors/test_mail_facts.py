"""The parts of what a mail says: markup, dates, items, language, merchant, links, rejected texts, how sure and why."""

import json
from datetime import UTC, date, datetime

import pytest

from doorstep.connectors.mail import html, markup, mime
from doorstep.connectors.mail.dates import dates
from doorstep.connectors.mail.facts import About, Item, Said, Sign
from doorstep.connectors.mail.items import items
from doorstep.connectors.mail.language import language
from doorstep.connectors.mail.read import read, read_mail
from doorstep.connectors.mail.senders import merchant_of, sender_of
from doorstep.core.number import Confidence
from doorstep.core.order import MailKind
from tests.connectors.test_mail_letters import page, plain

SENT = datetime(2026, 6, 30, 8, tzinfo=UTC)
UPS = "1Z999AA10123456784"
PARCEL = {
    "@context": "http://schema.org",
    "@type": "ParcelDelivery",
    "trackingNumber": UPS,
    "trackingUrl": f"https://www.ups.com/track?tracknum={UPS}",
    "carrier": {"@type": "Organization", "name": "UPS"},
    "expectedArrivalFrom": "2026-07-03T08:00:00+02:00",
    "expectedArrivalUntil": "2026-07-04",
    "itemShipped": {"@type": "Product", "name": "Lamp", "sku": "L-1"},
    "partOfOrder": {
        "@type": "Order",
        "orderNumber": "A-77",
        "orderStatus": "http://schema.org/OrderInTransit",
        "merchant": {"@type": "Organization", "name": "Lamps & Co"},
    },
}


def with_json(data: object, text: str = "<p>Hello</p>") -> bytes:
    return page(f'<script type="application/ld+json">{json.dumps(data)}</script>{text}')


# --- schema.org -------------------------------------------------------------------------------------------------------


def test_a_parcel_delivery_tells_everything():
    facts = read_mail(with_json(PARCEL))
    (number,) = facts.tracking
    assert (number.number, number.carrier, number.confidence) == (UPS, "ups", Confidence.CERTAIN)
    assert Sign.MARKUP in number.signs and number.url.startswith("https://www.ups.com/")
    assert facts.orders == ("A-77",) and facts.items == (Item(title="Lamp", sku="L-1"),)
    assert (facts.status, facts.status_from, facts.merchant) == (Said.SHIPPED, "markup", "Lamps & Co")
    assert [(one.about, one.day) for one in facts.dates] == [
        (About.EXPECTED, date(2026, 7, 3)),
        (About.EXPECTED_BY, date(2026, 7, 4)),
    ]
    assert facts.links[0].url == PARCEL["trackingUrl"]


@pytest.mark.parametrize(
    "wrapped",
    [
        [PARCEL],
        {"@graph": [{"@type": "Thing"}, PARCEL]},
        {"@type": "Order", "orderNumber": "A-77", "orderDelivery": PARCEL},
        {
            "@type": "EmailMessage",
            "about": PARCEL,
            "potentialAction": {"@type": "ViewAction", "url": "https://x.example"},
        },
    ],
)
def test_a_parcel_is_found_wherever_it_is_wrapped(wrapped):
    assert [one.number for one in read_mail(with_json(wrapped)).tracking] == [UPS]


@pytest.mark.parametrize(
    "target",
    [
        "https://track.shop.example/p/77",
        {"@type": "EntryPoint", "urlTemplate": "https://track.shop.example/p/77"},
        [{"url": "https://track.shop.example/p/77"}],
    ],
)
def test_a_track_action_gives_its_link(target):
    action = {"@type": "EmailMessage", "potentialAction": {"@type": "TrackAction", "target": target}}
    assert [one.url for one in read_mail(with_json(action)).links] == ["https://track.shop.example/p/77"]


def test_an_order_with_its_items_and_quantities():
    order = {
        "@type": "Order",
        "orderNumber": ["A-1"],
        "orderDate": "2026-06-28",
        "orderStatus": "OrderProcessing",
        "seller": "Lamps & Co",
        "acceptedOffer": [
            {
                "@type": "Offer",
                "itemOffered": {"@type": "Product", "name": "Lamp"},
                "eligibleQuantity": {"@type": "QuantitativeValue", "value": 2},
            },
        ],
        "orderedItem": {
            "@type": "OrderItem",
            "orderQuantity": "3",
            "orderedItem": {"@type": "Product", "name": "Bulb"},
        },
    }
    facts = read_mail(with_json(order))
    assert set(facts.items) == {Item(title="Lamp", qty=2), Item(title="Bulb", qty=3)}
    assert (facts.status, facts.merchant, facts.orders) == (Said.ORDERED, "Lamps & Co", ("A-1",))
    assert facts.kind is MailKind.OTHER


def test_microdata_says_the_same():
    raw = page(
        '<div itemscope itemtype="http://schema.org/ParcelDelivery"><b itemprop="trackingNumber">LX123456785CN</b>'
        '<link itemprop="trackingUrl" href="https://t.17track.net/en#nums=LX123456785CN">'
        '<time itemprop="expectedArrivalUntil" datetime="2026-07-09">Thursday</time>'
        '<div itemprop="partOfOrder" itemscope itemtype="http://schema.org/Order">'
        '<meta itemprop="orderNumber" content="9">'
        '<span itemprop="merchant" itemscope><meta itemprop="name" content="Lamps"></span></div>'
        '<p itemprop="note"></p></div><i itemprop="orphan">x</i>'
    )
    facts = read_mail(raw)
    assert [(one.number, one.carrier) for one in facts.tracking] == [("LX123456785CN", "china_post")]
    assert (facts.orders, facts.merchant, facts.dates[0].day) == (("9",), "Lamps", date(2026, 7, 9))


def test_an_order_number_in_the_place_of_the_tracking_number_is_none():
    wrong = {
        "@type": "ParcelDelivery",
        "trackingNumber": "8189123456781234",
        "partOfOrder": {"orderNumber": "8189123456781234"},
    }
    facts = read_mail(with_json(wrong))
    assert facts.tracking == () and [one.why.id for one in facts.rejected] == ["mail.rejected.order"]


@pytest.mark.parametrize(
    "block",
    ["{", "[" * 100_000, '"text"', "[1, null, {}]", '{"trackingNumber": {}}',
     '{"trackingNumber": null, "orderNumber": [[]]}',
     '{"expectedArrivalFrom": "soon", "orderQuantity": "many"}', "x" * (markup.MAX_JSON + 1)],
    ids=range(8),
)  # fmt: skip
def test_broken_markup_is_no_markup(block):
    raw = page(f'<script type="application/ld+json">{block}</script><p>Tracking number: {UPS}</p>')
    assert [one.number for one in read_mail(raw).tracking] == [UPS]


def test_statuses_that_contradict_each_other_say_nothing():
    both = [{"orderStatus": "OrderDelivered"}, {"orderStatus": "OrderInTransit"}]
    assert markup.said(markup.from_json([json.dumps(both)])).status is Said.UNKNOWN


def test_endless_markup_ends_somewhere():
    deep = "{}"
    for _ in range(400):
        deep = '{"a": [' + deep + "]}"
    many = json.dumps([{"orderNumber": str(n)} for n in range(5000)])
    assert len(markup.said(markup.from_json([deep, many])).orders) <= markup.MAX_THINGS
    nested = "<div itemscope>" + "<div>" * 100 + '<b itemprop="trackingNumber">1</b>'
    assert html.read_page(nested).markup.parcels == ()


# --- broken MIME ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    ["multipart/mixed", 'multipart/mixed; boundary="not the one"', "multipart/alternative; boundary="],
)
def test_a_multipart_that_hides_its_boundary_is_opened(head):
    body = f"preamble\n\n--=_abc\nContent-Type: text/plain\n\nTracking number: {UPS}\n--=_abc\n\nbye\n--=_abc--\n"
    assert [one.number for one in read_mail(f"Content-Type: {head}\n\n{body}".encode()).tracking] == [UPS]


@pytest.mark.parametrize("body", [f"Tracking number: {UPS}", f"<html><p>Tracking number: {UPS}</p>", "--once only\nx"])
def test_a_multipart_without_parts_is_text(body):
    (letter,) = mime.letters(f"Content-Type: multipart/mixed\n\n{body}".encode())
    assert letter.text.strip() in body


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "about", "day"),
    [
        ("Estimated delivery: Friday, July 3, 2026", About.EXPECTED, date(2026, 7, 3)),
        ("Arriving Jul 3", About.EXPECTED, date(2026, 7, 3)),
        ("Voraussichtliche Zustellung: 3. Juli", About.EXPECTED, date(2026, 7, 3)),
        ("Livraison prévue le 1er août 2026", About.EXPECTED, date(2026, 8, 1)),
        ("Fecha de entrega: 3 de julio de 2026", About.EXPECTED, date(2026, 7, 3)),
        ("Consegna prevista 3 luglio", About.EXPECTED, date(2026, 7, 3)),
        ("Planowana dostawa: 3 lipca 2026", About.EXPECTED, date(2026, 7, 3)),
        ("お届け予定日：7月3日", About.EXPECTED, date(2026, 7, 3)),
        ("预计 2026年7月3日 送达", About.EXPECTED, date(2026, 7, 3)),
        ("Shipped on 2026-06-29", About.SHIPPED, date(2026, 6, 29)),
        ("Delivered on 29.06.2026", About.DELIVERED, date(2026, 6, 29)),
        ("Order date: 6/29/2026", About.ORDERED, date(2026, 6, 29)),
        ("Order date: 29/6/2026", About.ORDERED, date(2026, 6, 29)),
        ("Order date: 7/7/2026", About.ORDERED, date(2026, 7, 7)),
        ("Order date: 4/7/2026", About.ORDERED, None),  # April or July
        ("Delivered on 31.02.2026", About.DELIVERED, None),
        ("Estimated delivery: January 2", About.EXPECTED, date(2027, 1, 2)),
    ],
)
def test_a_day_is_what_the_words_before_it_say(text, about, day):
    sent = datetime(2026, 12, 30, tzinfo=UTC) if "January" in text else SENT
    (found,) = dates(text, sent)
    assert (found.about, found.day) == (about, day)


def test_the_later_of_two_expected_days_is_the_last():
    found = dates("Estimated delivery between July 3 and July 6, 2026", SENT)
    assert [(one.about, one.day) for one in found] == [
        (About.EXPECTED, date(2026, 7, 3)),
        (About.EXPECTED_BY, date(2026, 7, 6)),
    ]


def test_without_year_and_date_line_a_day_stays_text():
    (found,) = dates("Arriving July 3", None)
    assert (found.text, found.day) == ("july 3", None)


def test_days_that_nothing_is_said_about_are_left_out():
    assert dates("Sale ends July 3, 2026. Section 4.2.2026", SENT) == ()


# --- items ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title", "qty"),
    [
        ("2 x Oak shelf", "Oak shelf", 2),
        ("* 1× Lampe „Mond“ 19,90 €", "Lampe „Mond“", 1),
        ("Oak shelf × 3", "Oak shelf", 3),
        ("Oak shelf\nQuantity: 2", "Oak shelf", 2),
        ("Regal\tMenge: 4", "Regal", 4),
        ("Lampada, quantità 2", "Lampada", 2),
    ],
)
def test_a_list_names_what_was_bought(text, title, qty):
    assert items(f"Hello\n{text}\nBye") == (Item(title=title, qty=qty),)


def test_sizes_and_dates_are_no_items():
    assert items("Size 20 x 30 cm\nArrives 3 July\n2026 x") == ()


# --- language, merchant, status ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ваш заказ отправлен, спасибо", "ru"),
        ("Замовлення відправлено, дякуємо її", "uk"),
        ("Η παραγγελία σας απεστάλη", "el"),
        ("주문하신 상품이 발송되었습니다 감사합니다", "ko"),
        ("تم شحن طلبك وهو في الطريق إليك", "ar"),
        ("Din pakke er sendt og på vei, vi har ikke mer", "nb"),
        ("OK 12345", ""),
        ("", ""),
    ],
)
def test_a_language_is_told_by_script_and_small_words(text, code):
    assert language(text) == code


@pytest.mark.parametrize(
    ("name", "domain", "subject", "merchant"),
    [
        ("Amazon.de", "amazon.de", "", "amazon"),
        ("Amazon", "mail.amazon.co.uk", "", "amazon"),
        ("Green Kettle via Shopify", "shopifyemail.com", "", "Green Kettle"),
        ("", "shop.green-kettle.co.uk", "", "green-kettle"),
        ("noreply@kettle.example", "kettle.example", "", "kettle"),
        ("", "", "", ""),
        ("DHL", "dhl.de", "Ihr Paket von Müller GmbH kommt heute", "Müller"),
        ("UPS", "ups.com", "UPS Update: Package Scheduled", ""),
        ("Hermes", "myhermes.co.uk", "Your House of Fraser parcel is here", "House of Fraser"),
        ("Purolator", "purolator.com", "Your Purolator shipment is out", ""),
    ],
)
def test_whose_shop_a_mail_speaks_for(name, domain, subject, merchant):
    assert merchant_of(sender_of(domain), name, domain, subject) == merchant


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("Your order has been cancelled", Said.CANCELLED),
        ("Return to sender", Said.RETURNED),
        ("Sorry we missed you", Said.ATTEMPT_FAILED),
        ("Ihr Paket liegt zur Abholung bereit", Said.AVAILABLE_FOR_PICKUP),
        ("En cours de livraison", Said.OUT_FOR_DELIVERY),
        ("Delivery exception", Said.EXCEPTION),
        ("Será entregado mañana", Said.IN_TRANSIT),
        ("È stato consegnato", Said.DELIVERED),
        ("Wysłaliśmy Twoje zamówienie", Said.SHIPPED),
        ("Orderbevestiging", Said.ORDERED),
        ("Your Daily Digest", Said.INFORMATIONAL),
        ("Shipped: now arriving Friday", Said.SHIPPED),
        ("Will be delivered today", Said.OUT_FOR_DELIVERY),
        ("Will be delivered tomorrow", Said.IN_TRANSIT),
        ("Hello", Said.UNKNOWN),
    ],
)
def test_what_has_happened(subject, said):
    facts = read_mail(plain("x", subject))
    assert (facts.status, facts.status_from) == (said, "" if said is Said.UNKNOWN else "subject")


def test_where_the_subject_is_silent_the_first_words_speak():
    facts = read_mail(plain("Your parcel was delivered.", "News"))
    assert (facts.status, facts.status_from) == (Said.DELIVERED, "text")


# --- how sure and why -------------------------------------------------------------------------------------------------


def test_signs_that_agree_make_it_certain():
    url = "https://gls-group.eu/track/90346692444"
    facts = read_mail(page(f'<p>Tracking number: 90346692444</p><a href="{url}">Track</a>', sender="a@gls-group.eu"))
    (number,) = facts.tracking
    assert number.signs == (Sign.LINK, Sign.LABEL) and number.confidence is Confidence.CERTAIN
    assert {one.id for one in number.evidence} >= {"mail.sign.label", "mail.sign.link", "number.format"}


def test_what_was_left_out_says_why():
    facts = read_mail(
        plain(f"Order number: 1234567890\nInvoice: {UPS}\nTracking number: 12-34567-89012\nJD014600003828392837")
    )
    why = {one.text: one.why.id for one in facts.rejected}
    assert why["1234567890"] == "mail.rejected.order"
    assert why[UPS] == "mail.rejected.named"
    assert why["12-34567-89012"].startswith("number.not_a.order_id")
    assert why["JD014600003828392837"] == "mail.rejected.form"
    assert facts.tracking == ()


def test_a_code_that_nobody_explains_is_for_a_person():
    unsure = read(plain("We sent it today with code QX7712345678", "Your order 1001 has shipped")).unsure
    assert [one.text for one in unsure] == ["QX7712345678"]
    known = read(plain("We sent it today: code QX7712345678", "Order 1001 has shipped", "a@amazon.com"))
    assert known.unsure == ()  # of a known sender everything is known


def test_a_known_sender_calls_things_by_its_own_words():
    link = "https://e.aliexpress.com/x?mailNos=LP00641234567890&tradeId=8189123456781234"
    facts = read_mail(page(f'<a href="{link}">Track</a>', sender="a@notice.aliexpress.com"))
    assert [one.number for one in facts.tracking] == ["LP00641234567890"]
    never = "https://www.amazon.com/t?orderingShipmentId=00340434161094042557"
    assert read_mail(page(f'<a href="{never}">Track</a>', sender="a@amazon.com")).tracking == ()
