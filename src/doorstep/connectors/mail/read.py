"""What one mail says: what it is about, which orders it names, and which tracking numbers can be trusted to be some.

A number is taken when a label in one of many languages names it, when a carrier's own link holds it, or when it can be
nothing else. Order ids are found first and never become tracking numbers. What stays doubtful is left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from doorstep.connectors.mail import tokens
from doorstep.connectors.mail.confirmation import confirmation_link
from doorstep.connectors.mail.forwarded import original
from doorstep.connectors.mail.links import host, unwrapped
from doorstep.connectors.mail.mime import Letter, domain, letters
from doorstep.connectors.mail.words import DELIVERED, MOVING, SHIPPED
from doorstep.core.number import Candidate, Confidence, Hints, normalize, number_in_link, recognize
from doorstep.core.number.directory import carrier_of_host, carriers_in
from doorstep.core.order import Mail, MailKind, Role, SaidNumber

MAX_NUMBERS: Final = 40  # no mail speaks of more parcels; a list that does is something else
_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_BEGINNING: Final = 1500  # characters that say what a mail is about, when its subject does not


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linked:
    """A number that a link holds. ``shown``: the link's own words are the number, so a person reads it too."""

    number: str
    url: str
    host: str
    shown: bool


def read(raw: bytes) -> Mail:
    """Read a raw mail (RFC 5322, however broken). The innermost of forwarded letters counts; never raises."""
    outer, *attached = letters(raw)
    letter = original(attached[-1] if attached else outer)
    link = confirmation_link(outer)
    sender = domain(letter.sender)
    orders, numbers = _found(letter, sender)
    return Mail(
        kind=MailKind.FORWARD_CONFIRMATION if link else _kind(letter),
        message_id=outer.message_id,
        sender=sender,
        subject=letter.subject,
        sent_at=letter.sent_at,
        orders=orders,
        numbers=() if link else numbers,
        link=link,
    )


def _kind(letter: Letter) -> MailKind:
    """By the subject; a subject that does not say it leaves it to the first words."""
    for text in (letter.subject, (letter.text or letter.plain)[:_BEGINNING]):
        words = " ".join(tokens.normal(text).lower().split())
        for pattern, kind in ((MOVING, MailKind.MOVING), (DELIVERED, MailKind.DELIVERED), (SHIPPED, MailKind.SHIPPED)):
            if pattern.search(words):
                return kind
    return MailKind.OTHER


def _found(letter: Letter, sender: str) -> tuple[tuple[str, ...], tuple[SaidNumber, ...]]:
    """Orders and numbers; the plain part is read only when the other one holds no number."""
    orders: tuple[str, ...] = ()
    linked = {one.number: one for one in _in_links(letter)}
    for part in (letter.text, letter.plain):
        text = _URL.sub(" ", tokens.normal(f"{letter.subject}\n{part}"))
        orders = tuple(dict.fromkeys((*orders, *tokens.orders(text))))
        numbers = tuple(_numbers(text, linked, sender, frozenset(map(normalize, orders))))
        if numbers:
            return orders, numbers[:MAX_NUMBERS]
    return orders, ()


def _numbers(text: str, linked: Mapping[str, _Linked], sender: str, orders: frozenset[str]) -> Iterator[SaidNumber]:
    """Each number once, those with the best evidence first."""
    seen = set(orders)
    doubtful: list[SaidNumber] = []
    carriers: set[str] = set()
    for token in (*tokens.labelled(text, orders), *tokens.loose(text)):
        key = normalize(token.text)
        link = linked.get(key)
        best = recognize(key, Hints(near=token.near, link_host=link.host if link else "", sender=sender)).best
        said = _said(key, best, token.near, link.url if link else "")
        if key in seen or said.text in seen:
            continue
        if token.labelled or (link and link.shown) or _speaks_for_itself(token, best):
            seen.update((key, said.text))
            carriers.add(said.carrier)
            yield said
        elif link:
            doubtful.append(said)
    for key, link in linked.items():  # only in a link: believed when it has the form of a carrier that is named
        best = recognize(key, Hints(link_host=link.host, sender=sender)).best
        if key not in seen and best and best.fit and _named(best) and best.number not in seen:
            seen.update((key, best.number))
            yield _said(key, best, "", link.url)
    # Words and link agree on something that its carrier would not issue: taken only where nothing better is said.
    yield from (one for one in doubtful if one.text not in seen and one.carrier and one.carrier not in carriers)


def _in_links(letter: Letter) -> Iterator[_Linked]:
    """Numbers in links that carriers are known to use, and links that lead to the number they show."""
    for target, shown in dict.fromkeys((link.url, link.words) for link in letter.links):
        words = normalize(shown)
        for url in unwrapped(target):
            if found := number_in_link(url):
                yield _Linked(number=normalize(found[0]), url=url, host=host(url), shown=words == normalize(found[0]))
            elif len(words) >= 9 and words.isalnum() and words in url.upper() and carrier_of_host(host(url)):
                yield _Linked(number=words, url=url, host=host(url), shown=True)


def _speaks_for_itself(token: tokens.Token, best: Candidate | None) -> bool:
    """Without a label: certain, or likely where its carrier or a word like "package" stands beside it."""
    parcel = tokens.follows_parcel_word(token)
    if best is None or best.confidence is Confidence.POSSIBLE:
        return parcel and _mixed(token.text)
    return best.confidence is Confidence.CERTAIN or parcel or bool(best.heard and best.fit)


def _named(best: Candidate) -> bool:
    """Whether the number itself, or something beside it, names this carrier."""
    return bool(best.heard) or best.confidence is not Confidence.POSSIBLE


def _mixed(text: str) -> bool:
    """Letters and many digits, long: no word, price, phone or date looks like that."""
    digits = sum(letter.isdigit() for letter in text)
    return len(text) >= 12 and 8 <= digits < len(text) and text.isalnum() and text.isupper()


def _said(key: str, best: Candidate | None, near: str, url: str) -> SaidNumber:
    """``carrier`` is our code where the number or its surroundings name one, '' where nothing does."""
    if best and _named(best):
        return SaidNumber(text=best.number, role=best.role, carrier=best.carrier, url=url)
    named: Iterable[str] = carriers_in(near)
    return SaidNumber(text=key, role=Role.LOCAL, carrier=next(iter(named), ""), url=url)
