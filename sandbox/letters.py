"""Shipping mails as shops write them: several languages and layouts, as data and one composer."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from html import escape

from sandbox.numbers import Carrier
from sandbox.store_order import PROVIDERS, StoreOrder

SENDER_DOMAIN = "brightpack.example"


class Layout(StrEnum):
    """How the same news is packed."""

    PLAIN = "plain"
    TABLE = "table"  # text and HTML beside each other, quoted-printable
    HTML = "html"  # HTML alone, base64
    FORWARDED = "forwarded"  # a person forwards the shop's mail as an attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One language. Fields are filled with ``format``."""

    subject: str
    greeting: str
    news: str
    number: str
    carrier: str
    reference: str
    items: str
    button: str
    closing: str


WORDINGS = {
    "en": Wording(
        subject="Your Order {purchase} has been shipped",
        greeting="Hello,",
        news="good news: order {purchase} is on its way to {name} in {city}.",
        number="Tracking number",
        carrier="Carrier",
        reference="Your reference",
        items="Items",
        button="Track your parcel",
        closing="Brightpack Fulfilment, Lantern Quay 8, Port Example",
    ),
    "de": Wording(
        subject="Ihre Bestellung {purchase} wurde versendet",
        greeting="Guten Tag,",
        news="die Bestellung {purchase} für {name} in {city} hat unser Lager verlassen.",
        number="Sendungsnummer",
        carrier="Versanddienst",
        reference="Ihre Referenz",
        items="Artikel",
        button="Sendung verfolgen",
        closing="Mit freundlichen Grüßen, Brightpack Versandlager",
    ),
    "fr": Wording(
        subject="Votre commande {purchase} a été expédiée",
        greeting="Bonjour,",
        news="la commande {purchase} pour {name}, à {city}, vient d’être remise au transporteur.",
        number="Numéro de suivi",
        carrier="Transporteur",
        reference="Votre référence",
        items="Articles",
        button="Suivre mon colis",
        closing="À bientôt, l’équipe Brightpack",
    ),
    "es": Wording(
        subject="Tu pedido {purchase} ha sido enviado",
        greeting="Hola:",
        news="el pedido {purchase} para {name} ya va camino de {city}.",
        number="Número de seguimiento",
        carrier="Transportista",
        reference="Tu referencia",
        items="Artículos",
        button="Seguir el envío",
        closing="Un saludo, el equipo de Brightpack",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a letter tells. ``number`` is what it calls the tracking number, right or wrong."""

    order: StoreOrder
    purchase: str
    number: str
    carrier: Carrier
    at: datetime
    serial: int

    @property
    def link(self) -> str:
        """The carrier's page for this number."""
        return PROVIDERS.get(self.carrier.slug, ("", f"{self.carrier.homepage}?id={{}}"))[1].format(self.number)


def compose(news: News, *, language: str, layout: Layout, to: str, member: str) -> EmailMessage:
    """The supplier's letter to ``member``; FORWARDED is another from ``member`` to ``to`` with that one attached."""
    wording = WORDINGS[language]
    letter = _headed(news, _filled(wording.subject, news), f"Brightpack <shipping@{SENDER_DOMAIN}>", member, "")
    text, html = _text(wording, news), _html(wording, news, language)
    if layout is Layout.HTML:
        letter.set_content(html, subtype="html", cte="base64")
    else:
        letter.set_content(text, cte="quoted-printable")
    if layout is Layout.TABLE:
        letter.add_alternative(html, subtype="html", cte="quoted-printable")
    return _forwarded(news, letter, to, member) if layout is Layout.FORWARDED else letter


def _headed(news: News, subject: str, sender: str, to: str, mark: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Date"] = news.at
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<{mark}{news.purchase}.{news.serial}@{sender.rpartition('@')[2].rstrip('>')}>"
    return message


def _forwarded(news: News, letter: EmailMessage, to: str, member: str) -> EmailMessage:
    outer = _headed(news, f"Fwd: {letter['Subject']}", member, to, "fwd.")
    outer.set_content("See attached, from our supplier.\n")
    outer.add_attachment(letter)
    return outer


def _filled(pattern: str, news: News) -> str:
    buyer = news.order.buyer
    return pattern.format(purchase=news.purchase, name=f"{buyer.first} {buyer.last}", city=buyer.city)


def _rows(wording: Wording, news: News) -> list[tuple[str, str]]:
    return [
        (wording.reference, f"#{news.order.number}"),
        (wording.carrier, news.carrier.name),
        (wording.number, news.number),
    ]


def _text(wording: Wording, news: News) -> str:
    rows = "\n".join(f"{name}: {value}" for name, value in _rows(wording, news))
    items = "\n".join(f"  {line.quantity} x {line.product.title} ({line.product.sku})" for line in news.order.lines)
    parts = (wording.greeting, _filled(wording.news, news), rows, f"{wording.items}:\n{items}", news.link)
    return "\n\n".join((*parts, f"--\n{wording.closing}")) + "\n"


def _html(wording: Wording, news: News, language: str) -> str:
    cell = '<td style="padding:6px 12px;border-bottom:1px solid #dddddd;font-family:Arial,sans-serif">'
    rows = "".join(
        f"<tr>{cell}{escape(name)}</td>{cell}<b>{escape(value)}</b></td></tr>\n" for name, value in _rows(wording, news)
    )
    items = "".join(
        f"<tr>{cell}{line.quantity} &times;</td>{cell}{escape(line.product.title)}<br>{line.product.sku}</td></tr>\n"
        for line in news.order.lines
    )
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><style>.btn{{background:#1f6f54}}</style></head>
<body style="margin:0;background:#f4f4f1"><table role="presentation" width="100%"><tr><td align="center">
<table role="presentation" width="560" style="background:#ffffff">
<tr><td style="padding:24px"><p>{escape(wording.greeting)}</p><p>{escape(_filled(wording.news, news))}</p>
<table>{rows}</table>
<p><a class="btn" style="color:#ffffff;padding:10px 18px" href="{escape(news.link)}">{escape(wording.button)}</a></p>
<p>{escape(wording.items)}</p><table>{items}</table>
<p style="color:#777777;font-size:12px">{escape(wording.closing)}</p></td></tr></table></td></tr></table></body></html>
"""
