"""Which texts of a letter are tracking numbers, how sure and why; and which are not, although they might look so.

The evidence in its order: what a person taught about the sender, schema.org data, links about a number, words that
label it in one of many languages, and recognition with what stands beside it. Order ids are known before all of them
and never become tracking numbers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from doorstep.connectors.mail import tokens
from doorstep.connectors.mail.facts import Rejected, Sign, Tracked
from doorstep.connectors.mail.html import Link
from doorstep.connectors.mail.links import host, unwrapped
from doorstep.connectors.mail.markup import Parcel
from doorstep.connectors.mail.senders import Sender
from doorstep.core.message import Message
from doorstep.core.number import Candidate, Confidence, Hints, Kind, Recognition, normalize, number_in_link, recognize
from doorstep.core.number.directory import carrier, carrier_of_host, carriers_in
from doorstep.core.order import Role

MAX_NUMBERS: Final = 40  # no mail speaks of more parcels; a list that does is something else
MAX_REJECTED: Final = 40
MAX_UNSURE: Final = 5
_NUMBERED: Final = re.compile(r"\d{4}")  # no number in use has fewer digits in a row, most ids of counters do
_STRONG: Final = frozenset({Sign.TAUGHT, Sign.MARKUP, Sign.LINK, Sign.LABEL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A number that a link holds. ``shown``: the link's own words are the number, so a person reads it too."""

    number: str
    url: str
    host: str
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known before the numbers are looked for. ``orders``, ``taught`` and ``not_numbers`` are normalized."""

    domain: str
    sender: Sender
    orders: frozenset[str]
    linked: Mapping[str, Linked]
    parcels: Sequence[Parcel] = ()
    taught: Sequence[str] = ()
    not_numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """``unsure`` is for a person to judge; there is none where something is sure."""

    tracking: tuple[Tracked, ...] = ()
    unsure: tuple[Tracked, ...] = ()
    rejected: tuple[Rejected, ...] = ()


def linked(links: Sequence[Link], sender: Sender) -> Iterator[Linked]:
    """Numbers in links that carriers are known to use, and links that lead to the number they show."""
    for target, shown in dict.fromkeys((link.url, link.words) for link in links):
        if not _NUMBERED.search(target):
            continue
        url, words = unwrapped(target)[-1], normalize(shown)
        number = _in_link(url, words, sender)
        if number:
            yield Linked(number=number, url=url, host=host(url), shown=words == number)


def weigh(text: str, known: Known) -> Weighed:
    """Each number once, those with the best evidence first."""
    desk = _Desk(known=known)
    for number in known.taught:
        desk.believe(_Heard(key=number, sign=Sign.TAUGHT))
    for parcel in known.parcels:
        desk.believe(_Heard(key=normalize(parcel.number), sign=Sign.MARKUP, said=parcel.carrier, url=parcel.url))
    for token in tokens.labelled(text, known.orders):
        desk.weigh(token)
    if known.sender.labels:
        for token in tokens.labelled(text, known.orders, known.sender.labels):
            desk.weigh(token)
    for token in tokens.loose(text, known.sender.never_words):
        desk.weigh(token)
    desk.weigh_links()
    return desk.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """A text with what speaks for it. ``said``: the carrier as somebody wrote it."""

    key: str
    sign: Sign
    near: str = ""
    said: str = ""
    url: str = ""


@dataclass(slots=True, kw_only=True)
class _Desk:
    known: Known
    taken: dict[str, Tracked] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)  # normalized text -> the number it was taken as
    rejected: dict[str, Message] = field(default_factory=dict)
    fitting: set[str] = field(default_factory=set)  # taken texts that have a form of their carrier
    doubtful: list[tuple[_Heard, Candidate | None]] = field(default_factory=list)
    unsure: dict[str, Tracked] = field(default_factory=dict)

    def believe(self, heard: _Heard, recognition: Recognition | None = None) -> None:
        """Take a text for a number, unless it is surely something else."""
        if heard.key in self.called:
            self._confirm(heard)
        elif self._may_be(heard.key):
            best = (recognition or self._recognize(heard)).best
            self._take(heard, best)

    def weigh(self, token: tokens.Token) -> None:
        """Take or reject what is written in the letter."""
        key = normalize(token.text)
        if key in self.called and not token.labelled:
            return
        heard = _Heard(key=key, sign=Sign.LABEL, near=token.near)
        if not self._may_be(key, token.text):
            return
        if token.otherwise:
            self._reject(token.text, Message(id="mail.rejected.named", values={"word": token.otherwise}))
            return
        recognition = self._recognize(heard, token.text)
        other = recognition.not_a
        if other and other.sure:
            self._reject(token.text, other.message)
            return
        self._weigh(token, heard, recognition)

    def _weigh(self, token: tokens.Token, heard: _Heard, recognition: Recognition) -> None:
        best, link = recognition.best, self.known.linked.get(heard.key)
        if token.labelled and self._listed(token, best):
            self.believe(heard, recognition)
        elif link and link.shown:
            self.believe(replace(heard, sign=Sign.LINK), recognition)
        elif (sign := _own_sign(token, best)) is not None:
            self.believe(replace(heard, sign=sign), recognition)
        elif link:
            self.doubtful.append((replace(heard, sign=Sign.LINK), best))
        elif best and best.fit:
            self._leave(heard, best)
        elif not self.known.sender.known and _code_like(token.text) and _unexplained(recognition):
            self.unsure.setdefault(heard.key, _doubted(heard, best))

    def _listed(self, token: tokens.Token, best: Candidate | None) -> bool:
        """Whether a number below a labelled one is another of them: not if only the labelled one fits its carrier."""
        first = self.taken.get(self.called.get(normalize(token.like), ""))
        if first is None or normalize(token.like) not in self.fitting:
            return True
        return bool(best and best.fit and best.carrier == first.carrier)

    def weigh_links(self) -> None:
        """Only in a link: believed when it has the form of a carrier that is named."""
        for key, link in self.known.linked.items():
            heard = _Heard(key=key, sign=Sign.LINK, url=link.url)
            best = self._recognize(heard).best
            if key in self.called:
                self._confirm(heard)
            elif best and best.fit and _named(best) and self._may_be(key):
                self._take(heard, best)
        # Words and link agree on what its carrier would not issue: taken only where nothing better is said.
        carriers = {one.carrier for one in self.taken.values()}
        for heard, best in self.doubtful:
            code = _carrier(best, heard)
            if heard.key not in self.called and code and code not in carriers:
                self._take(heard, best)

    def result(self) -> Weighed:
        """What was found."""
        taken = tuple(self.taken.values())[:MAX_NUMBERS]
        gone = {*self.called, *self.taken}
        rejected = (Rejected(text=text, why=why) for text, why in self.rejected.items() if normalize(text) not in gone)
        unsure = () if taken else tuple(self.unsure.values())[:MAX_UNSURE]
        return Weighed(tracking=taken, unsure=unsure, rejected=tuple(rejected)[:MAX_REJECTED])

    def _recognize(self, heard: _Heard, text: str = "") -> Recognition:
        link = self.known.linked.get(heard.key)
        return recognize(
            text or heard.key,
            Hints(
                near=heard.near,
                link_host=link.host if link else "",
                sender="" if self.known.sender.merchant else self.known.domain,
                carrier_text=heard.said,
            ),
        )

    def _may_be(self, key: str, text: str = "") -> bool:
        """Whether nothing is known that makes it something else."""
        if key in self.known.orders:
            self._reject(text or key, Message(id="mail.rejected.order"))
        elif key in self.known.not_numbers:
            self._reject(text or key, Message(id="mail.rejected.taught"))
        else:
            return bool(key) and any(map(str.isdigit, key))
        return False

    def _take(self, heard: _Heard, best: Candidate | None) -> None:
        link = self.known.linked.get(heard.key)
        tracked = _tracked(heard, best, heard.url or (link.url if link else ""))
        self.called[heard.key] = self.called[tracked.number] = tracked.number
        if best and best.fit:
            self.fitting.add(heard.key)
        if tracked.number in self.taken:
            self._confirm(heard)
        else:
            self.taken[tracked.number] = tracked
            if link:
                self._confirm(replace(heard, sign=Sign.LINK))

    def _confirm(self, heard: _Heard) -> None:
        """One more sign for a number that is taken already."""
        number = self.called[heard.key]
        before = self.taken[number]
        if heard.sign in before.signs:
            return
        signs = tuple(sorted({*before.signs, heard.sign}, key=list(Sign).index))
        more = (Message(id=f"mail.sign.{heard.sign}"),)
        agreed = len(_STRONG.intersection(signs)) > 1 and bool(before.carrier)
        confidence = Confidence.CERTAIN if agreed else before.confidence
        self.taken[number] = replace(
            before,
            signs=signs,
            confidence=confidence,
            evidence=before.evidence + more,
            url=before.url or heard.url,
        )

    def _leave(self, heard: _Heard, best: Candidate) -> None:
        """Nothing but its form speaks for it: kept for a person only where the form tells something."""
        self._reject(heard.key, Message(id="mail.rejected.form", values={"carrier": carrier(best.carrier).name}))
        if best.confidence is not Confidence.POSSIBLE or not self.known.sender.known:
            self.unsure.setdefault(heard.key, _doubted(heard, best))

    def _reject(self, text: str, why: Message) -> None:
        self.rejected.setdefault(text, why)


def _in_link(url: str, words: str, sender: Sender) -> str:
    """The number that a link is about, normalized; '' if it is about none, or the sender means something else by it."""
    found = number_in_link(url)
    number = normalize(found[0]) if found else _by_key(url, sender)
    if not number and len(words) >= 9 and words.isalnum() and words in url.upper() and carrier_of_host(host(url)):
        number = words
    return "" if number and sender.never and _is_never(url, number, sender) else number


def _by_key(url: str, sender: Sender) -> str:
    if not sender.keys:
        return ""
    named = (value for key, value in _query(url) if key in sender.keys)
    return next((normalize(value) for value in named if sum(map(str.isdigit, value)) >= 6), "")


def _is_never(url: str, number: str, sender: Sender) -> bool:
    return any(key in sender.never and normalize(value) == number for key, value in _query(url))


def _query(url: str) -> Iterator[tuple[str, str]]:
    """Keys in lower case with their values."""
    try:
        query = urlsplit(url).query
    except ValueError:
        return
    if query.count("&") < 200:
        yield from ((key.lower(), value) for key, value in parse_qsl(query))


def _own_sign(token: tokens.Token, best: Candidate | None) -> Sign | None:
    """Without a label that is known: certain, or likely where its carrier or a word like "package" stands beside it.
    Digits behind a label that nobody knows are whatever that label says.
    """
    parcel = tokens.follows_parcel_word(token)
    if token.label and token.text.isdigit() and not (parcel or carriers_in(token.label)):
        return None
    if best is None or best.confidence is Confidence.POSSIBLE:
        return Sign.BESIDE if parcel and _mixed(token.text) else None
    if parcel or (best.heard and best.fit):
        return Sign.BESIDE
    return Sign.FORM if best.confidence is Confidence.CERTAIN else None


def _named(best: Candidate) -> bool:
    """Whether the number itself, or something beside it, names this carrier."""
    return bool(best.heard) or best.confidence is not Confidence.POSSIBLE


def _mixed(text: str) -> bool:
    """Letters and many digits, long: no word, price, phone or date looks like that."""
    digits = sum(letter.isdigit() for letter in text)
    return len(text) >= 12 and 8 <= digits < len(text) and text.isalnum() and text.isupper()


def _code_like(text: str) -> bool:
    """Long, with many digits: a shop that nobody knows may write its numbers like that."""
    return len(text) >= 10 and sum(map(str.isdigit, text)) >= 6


def _unexplained(recognition: Recognition) -> bool:
    """Whether it is not known to be an article, a card, a day ... either."""
    other = recognition.not_a
    return other is None or other.kind is Kind.SKU


def _doubted(heard: _Heard, best: Candidate | None) -> Tracked:
    return replace(_tracked(replace(heard, sign=Sign.FORM), best, ""), confidence=Confidence.POSSIBLE)


def _carrier(best: Candidate | None, heard: _Heard) -> str:
    """Our code where the number or its surroundings name one, '' where nothing does."""
    if best and _named(best):
        return best.carrier
    return next(iter(carriers_in(heard.near)), "")


def _tracked(heard: _Heard, best: Candidate | None, url: str) -> Tracked:
    named = best if best and _named(best) else None
    sure = named is not None and (
        named.confidence is Confidence.CERTAIN or (heard.sign is Sign.MARKUP and named.fit is not None)
    )
    return Tracked(
        number=named.number if named else heard.key,
        carrier=_carrier(best, heard),
        role=named.role if named else Role.LOCAL,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        signs=(heard.sign,),
        evidence=(Message(id=f"mail.sign.{heard.sign}"), *(named.evidence if named else ())),
        url=url,
    )
