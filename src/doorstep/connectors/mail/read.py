"""What one mail says: what happened, which orders it names, and which tracking numbers can be trusted to be some.

Order ids are found first and never become tracking numbers. What stays doubtful is left to a person.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from doorstep.connectors.mail import taught, tokens
from doorstep.connectors.mail.confirmation import confirmation_link
from doorstep.connectors.mail.dates import dates
from doorstep.connectors.mail.facts import MailFacts, Said, Tracked, TrackingLink
from doorstep.connectors.mail.forwarded import original
from doorstep.connectors.mail.items import items
from doorstep.connectors.mail.language import language
from doorstep.connectors.mail.mime import Letter, domain, letters
from doorstep.connectors.mail.numbers import Known, Linked, Weighed, linked, weigh
from doorstep.connectors.mail.senders import Sender, merchant_of, sender_of
from doorstep.connectors.mail.status import status
from doorstep.connectors.mail.taught import Rule, What
from doorstep.core.number import normalize
from doorstep.core.number.directory import carrier_of_host
from doorstep.core.order import Mail, SaidNumber

Rules = Mapping[str, Sequence[Rule]]  # what people taught, by the sender's domain
NO_RULES: Final[Rules] = {}
MAX_LINKS: Final = 20
_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def read_mail(raw: bytes, rules: Rules = NO_RULES) -> MailFacts:
    """Read a raw mail (RFC 5322, however broken). The innermost of forwarded letters counts; never raises."""
    outer, *attached = letters(raw)
    carried = attached[-1] if attached else outer
    letter = original(carried)
    name = domain(letter.sender)
    sender = sender_of(name)
    found = {one.number: one for one in linked(letter.links, sender)}
    text = _readable(letter)
    orders, weighed = _numbers(letter, text, sender, found, rules.get(name, ()))
    said, where = status(tokens.normal(letter.subject), text[len(letter.subject) :])
    if letter.markup.status is not Said.UNKNOWN:
        said, where = letter.markup.status, "markup"
    return MailFacts(
        status=said,
        merchant=merchant_of(sender, letter.markup.merchant or letter.sender_name, name, letter.subject),
        sender=name,
        subject=letter.subject,
        message_id=outer.message_id,
        sent_at=letter.sent_at,
        language=language(text),
        orders=orders,
        items=letter.markup.items or items(text),
        tracking=weighed.tracking,
        unsure=weighed.unsure if said is Said.SHIPPED else (),
        rejected=weighed.rejected,
        dates=letter.markup.dates or dates(text, letter.sent_at or outer.sent_at),
        links=_links(letter, found),
        status_from=where,
        forwarded=letter is not outer,
        confirmation=confirmation_link(outer),
    )


def read(raw: bytes, rules: Rules = NO_RULES) -> Mail:
    """The part of it that decides something."""
    facts = read_mail(raw, rules)
    asks = bool(facts.confirmation)
    return Mail(
        kind=facts.kind,
        message_id=facts.message_id,
        sender=facts.sender,
        subject=facts.subject,
        sent_at=facts.sent_at,
        orders=facts.orders,
        numbers=() if asks else tuple(map(_said, facts.tracking)),
        unsure=() if asks else tuple(map(_said, facts.unsure)),
        link=facts.confirmation,
    )


def markable(raw: bytes) -> tuple[str, Letter]:
    """The text of a mail as rules read it, and its letter: for a person who marks something in it."""
    outer, *attached = letters(raw)
    letter = original(attached[-1] if attached else outer)
    return _readable(letter), letter


def _readable(letter: Letter) -> str:
    return tokens.normal(f"{letter.subject}\n{letter.text or letter.plain}")


def _said(one: Tracked) -> SaidNumber:
    return SaidNumber(text=one.number, role=one.role, carrier=one.carrier, url=one.url)


def _numbers(
    letter: Letter, text: str, sender: Sender, found: Mapping[str, Linked], rules: Sequence[Rule]
) -> tuple[tuple[str, ...], Weighed]:
    """Orders and numbers; the plain part is read only when the other one holds no number."""
    marked = _marked(letter, rules) if rules else {}
    orders: tuple[str, ...] = (*marked.get(What.ORDER, ()), *letter.markup.orders)
    weighed = Weighed()
    for part in (text, letter.plain):
        if weighed.tracking or not part:
            break
        text = _URL.sub(" ", part if part is text else tokens.normal(part))
        orders = tuple(dict.fromkeys((*orders, *_orders(text, sender))))
        known = Known(
            domain=domain(letter.sender),
            sender=sender,
            orders=frozenset(map(normalize, orders)),
            linked=found,
            parcels=letter.markup.parcels,
            taught=tuple(map(normalize, marked.get(What.TRACKING, ()))),
            not_numbers=frozenset(map(normalize, marked.get(What.NEITHER, ()))),
        )
        weighed = weigh(text, known)
    return orders, weighed


def _orders(text: str, sender: Sender) -> tuple[str, ...]:
    own = tuple(one[0].lstrip("#") for one in sender.orders.finditer(text)) if sender.orders else ()
    return (*tokens.orders(text), *own[: tokens.MAX_LABELS])


def _marked(letter: Letter, rules: Sequence[Rule]) -> dict[What, tuple[str, ...]]:
    """What the taught rules find, by what it is."""
    text = _readable(letter)
    found: dict[What, tuple[str, ...]] = {}
    for rule in rules:
        found[rule.what] = (*found.get(rule.what, ()), *taught.found(rule, text, letter.links))
    return found


def _links(letter: Letter, found: Mapping[str, Linked]) -> tuple[TrackingLink, ...]:
    """Links about a parcel: those that hold a number, and those that markup names."""
    held = [TrackingLink(url=one.url, carrier=carrier_of_host(one.host), number=one.number) for one in found.values()]
    known = {one.url for one in held}
    named = [TrackingLink(url=url) for url in letter.markup.links if url not in known and url.startswith("http")]
    return tuple((*held, *named)[:MAX_LINKS])
