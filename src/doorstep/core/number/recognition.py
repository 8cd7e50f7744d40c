"""What a text is: a tracking number, whose, and how sure; or what else."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from doorstep.core.message import Message
from doorstep.core.number.carriage import Service, service_of
from doorstep.core.number.directory import carrier, related
from doorstep.core.number.format import Bare, Confidence, Fit, fits, misses
from doorstep.core.number.hint import NO_HINTS, Hints, Voice, Voices, speaking_for, voices
from doorstep.core.number.label import labels_in
from doorstep.core.number.link import host_of, number_in_link
from doorstep.core.number.look_alike import Kind, LookAlike, look_alike, plausible, written
from doorstep.core.number.nearest import Nearest, nearest, suggestions
from doorstep.core.number.text import normalize
from doorstep.core.number.value import Role

TRACKING_NUMBER, UNKNOWN = "tracking_number", "unknown"


_LADDER = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)


class Candidate(NamedTuple):
    """One reading of a number.

    ``carrier`` is our code. ``number`` is what to ask that carrier about (without routing digits around it). ``fit``
    is the format it has; None when only a hint says that it is this carrier's. ``heard`` are the hints that agree;
    ``home`` the country of origin or destination that is also the carrier's own, '' if none. A tuple, as a Fit is.
    """

    carrier: str
    number: str
    confidence: Confidence
    fit: Fit | None = None
    heard: tuple[Voice, ...] = ()
    home: str = ""

    @property
    def format(self) -> str:
        """The name of the format, '' if it has none."""
        return self.fit.format.name if self.fit else ""

    @property
    def service(self) -> Service | None:
        """The service that the number names; None if it names none that we know."""
        return service_of(self.fit.format.name, self.number) if self.fit else None

    @property
    def role(self) -> Role:
        """What the number is to its parcel, as far as its form says."""
        service = self.service
        if service and service.returns:
            return Role.RETURN
        return self.fit.format.role if self.fit else Role.LOCAL

    @property
    def evidence(self) -> tuple[Message, ...]:
        """Why, strongest first; made when asked for."""
        return tuple(self._reasons(carrier(self.carrier).name))

    def _reasons(self, name: str) -> Iterator[Message]:
        if self.fit:
            yield from _shape_evidence(self.fit, name)
        elif any(related(miss.carrier, self.carrier) for miss in misses(self.number)):
            yield Message(id="number.wrong_check_digit", values={"carrier": name})
        else:
            yield Message(id="number.no_format", values={"carrier": name})
        if service := self.service:
            yield Message(id="number.service", values={"code": service.code, "service": service.name})
        for voice in self.heard:
            yield Message(id=f"number.hint.{voice}", values={"carrier": name})
        if self.home:
            yield Message(id="number.hint.country", values={"carrier": name, "country": self.home})


class Recognition(NamedTuple):
    """What is known about a text. ``text`` is what was read (of a link or among words, the number), ``number`` the same
    normalized; ``candidates`` are ranked, at most one a carrier. Where ``not_a`` is there too, the text is ambiguous:
    act only on a candidate that is likely or certain. ``claimed`` is what words around the text say that it is.
    """

    text: str
    number: str
    candidates: tuple[Candidate, ...]
    hints: Hints = NO_HINTS
    claimed: LookAlike | None = None

    @property
    def best(self) -> Candidate | None:
        """The first candidate, None if there is none."""
        return self.candidates[0] if self.candidates else None

    @property
    def not_a(self) -> LookAlike | None:
        """What else the text is or may be; None when a candidate is likely and nothing is sure to be something else."""
        other = self._other
        if not other or other.sure or not self.candidates:
            return other
        return None if self._believed or other.kind is Kind.SKU else other

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the text is: ``tracking_number``, a Kind or ``unknown``; several where it is ambiguous, the most
        probable first. Digits that are also a day, a card or a recent order number are rather that than a number that
        is only possible; a right check digit outweighs a phone and an article; a label or hint outweighs both.
        """
        other = self._other
        also = (other.kind.value,) if other else ()
        if other and (other.sure or other.kind is Kind.MISTYPED_NUMBER):
            return (*also, TRACKING_NUMBER) if self.candidates else also
        if self._believed or self._spoken_for:
            return TRACKING_NUMBER, *(also if self.not_a else ())
        if not self.candidates:
            return also or (UNKNOWN,)
        if other is None or other.kind is Kind.SKU:
            return (TRACKING_NUMBER,)
        return (*also, TRACKING_NUMBER) if self._rather(other) else (TRACKING_NUMBER, *also)

    @property
    def kind(self) -> str:
        """What the text most probably is."""
        return self.kinds[0]

    @property
    def suggestions(self) -> tuple[Nearest, ...]:
        """Valid numbers one slip away, the likeliest slip first, if this one is not believable itself."""
        if self._believed or (self.claimed and self.claimed.sure):
            return ()
        return suggestions(self.number, frozenset(code for codes in _heard(self.hints).values() for code in codes))

    @property
    def nearest(self) -> Nearest | None:
        """The suggestion that stands out, None if none does."""
        return nearest(self.suggestions)

    @property
    def _believed(self) -> bool:
        return bool(self.candidates) and self.candidates[0].confidence is not Confidence.POSSIBLE

    @property
    def _spoken_for(self) -> bool:
        """Whether a hint or a label says that the text is a tracking number."""
        if any(candidate.heard for candidate in self.candidates[:1]):
            return True
        labels = labels_in(self.hints.near)
        return bool(labels) and labels[-1].kind == "tracking" and plausible(self.number)

    @property
    def _other(self) -> LookAlike | None:
        other = self.claimed or look_alike(self.text, self.hints.date)
        if any(candidate.fit for candidate in self.candidates):
            return other
        if other and (other.sure or other.kind is not Kind.SKU):
            return other
        meant = next((miss.carrier for miss in misses(self.number) if miss.format.telling), "")
        if not meant:
            meant = next((one.carrier for one in self.suggestions), "")
        return LookAlike(kind=Kind.MISTYPED_NUMBER, whose=meant) if meant else other

    def _rather(self, other: LookAlike) -> bool:
        if other.kind in (Kind.DATE, Kind.CARD, Kind.EPOCH):
            return True
        fit = self.candidates[0].fit
        if fit is None or not fit.format.check:
            return True
        return other.kind is Kind.ORDER_ID and _RECENT_ORDER.fullmatch(self.number) is not None


# Order numbers as AliExpress gave them in the last years, and those of Walmart and Mercado Libre.
_RECENT_ORDER = re.compile(r"[1358]\d{15}|2000\d{11,12}", re.ASCII)


def read(text: str, hints: Hints = NO_HINTS) -> Recognition:
    """Everything that one number, or a link with one, may be. Never raises; what is nothing known has no candidates."""
    if hints is NO_HINTS and text.isascii() and text.isalnum():  # most texts; nothing below applies to them
        number = text.upper()
        return tuple.__new__(Recognition, (text, number, _unhinted(number), hints, None))
    code = ""
    if "/" in text and (found := number_in_link(text)):
        hints = replace(hints, link_host=host_of(text))
        text, code = found
    number = normalize(text)
    other = look_alike(text, hints.date) if hints.date else written(text)
    doubted = other is not None and other.sure
    if hints is NO_HINTS and not doubted:
        return tuple.__new__(Recognition, (text, number, _unhinted(number), hints, None))
    heard = {} if doubted else dict(_heard(hints))
    if code and not doubted:
        heard[Voice.LINK] = (code,)
    return Recognition(text, number, _candidates(number, hints, heard, doubted=doubted), hints)


def _heard(hints: Hints) -> Voices:
    return voices(hints) if hints is not NO_HINTS else {}


def _unhinted(number: str) -> tuple[Candidate, ...]:
    """The candidates where nothing but the number itself speaks."""
    # tuple.__new__ is what the class calls itself, and saves a third of the time of a candidate.
    found = [
        tuple.__new__(Candidate, (fit[1], fit[2], fit[0].alone, fit, (), "")) for fit in fits(number, hinted=False)
    ]
    return tuple(found) if len(found) < 2 else _ranked(found, ())


def _candidates(number: str, hints: Hints, heard: Voices, *, doubted: bool) -> tuple[Candidate, ...]:
    countries = hints.countries
    named = {code for codes in heard.values() for code in codes}
    brands = named.union(carrier(code).family for code in named)
    found = []
    for fit in fits(number, hinted=bool(heard or countries)):
        info = carrier(fit.carrier)
        home = info.country if info.country in countries else ""
        agree = speaking_for(fit.carrier, heard) if fit.carrier in brands or info.family in named else ()
        if agree or home or fit.format.bare is not Bare.HINTED:
            found.append(_candidate(fit, heard, agree, home, doubted=doubted))
    if heard and not any(candidate.confidence is Confidence.CERTAIN for candidate in found):
        found.extend(_said(number, heard, found))
    return tuple(found) if len(found) < 2 else _ranked(found, countries)


def _candidate(fit: Fit, heard: Voices, agree: tuple[Voice, ...], home: str, *, doubted: bool) -> Candidate:
    """A fit weighed by the hints that were heard, and by those of them that agree."""
    step = 0 if doubted else _LADDER.index(fit.format.alone) + _steps(fit.carrier, agree, heard)
    # Digits without a check digit are never more than likely: any other number of that length looks the same.
    highest = 2 if fit.format.check or fit.format.bare in (Bare.LIKELY, Bare.CERTAIN) else 1
    confidence = _LADDER[max(0, min(step, highest))]
    return Candidate(_as_said(fit.carrier, heard), fit.number, confidence, fit, agree, home)


def _steps(code: str, agree: tuple[Voice, ...], heard: Voices) -> int:
    """How far the hints move a candidate: the carrier's own link, or two hints, count double; a hint that names only
    carriers that have nothing to do with it moves it down.
    """
    if agree:
        return 2 if Voice.LINK in agree or len(agree) > 1 else 1
    partners = carrier(code).partners
    named = [name for codes in heard.values() for name in codes]
    return -1 if named and not any(related(name, partner) for name in named for partner in partners) else 0


def _as_said(code: str, heard: Voices) -> str:
    """The part of a brand that a hint names (``dpd_uk``), where the format only tells the brand (``dpd``)."""
    parts = (name for codes in heard.values() for name in codes if carrier(name).family == code)
    return next(parts, code)


def _said(number: str, heard: Voices, found: list[Candidate]) -> list[Candidate]:
    """Carriers that a hint names and no format speaks for, if the text could be a number at all."""
    if not plausible(number):
        return []
    named = dict.fromkeys(code for voice, codes in heard.items() if voice is not Voice.SUPPLIER for code in codes)
    missing = [code for code in named if not any(related(code, candidate.carrier) for candidate in found)]
    return [_only_said(code, number, speaking_for(code, heard)) for code in missing]


def _only_said(code: str, number: str, agree: tuple[Voice, ...]) -> Candidate:
    confidence = Confidence.LIKELY if Voice.LINK in agree else Confidence.POSSIBLE
    return Candidate(code, number, confidence, heard=agree)


def _ranked(found: list[Candidate], countries: tuple[str, ...]) -> tuple[Candidate, ...]:
    """The best candidate of each carrier, best first."""
    by_carrier: dict[str, Candidate] = {}
    for candidate in sorted(found, key=lambda candidate: _rank(candidate, countries)):
        by_carrier.setdefault(candidate.carrier, candidate)
    return _without_false_certainty(tuple(by_carrier.values()))


def _rank(candidate: Candidate, countries: tuple[str, ...]) -> tuple[int, int, int, int]:
    """Sort key: confidence, then hints, then country, then check digit. Equal ones stay in the order of the table."""
    home = carrier(candidate.carrier).country if countries else ""
    abroad = 0 if not home else -1 if home in countries else 1
    unchecked = not (candidate.fit and candidate.fit.format.check)
    return -_LADDER.index(candidate.confidence), -len(candidate.heard), abroad, unchecked


def _without_false_certainty(ranked: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Certain only where nothing else fits, or where the carrier's own link or two hints decide."""
    first, others = ranked[0], ranked[1:]
    decided = Voice.LINK in first.heard or len(first.heard) > 1 or not any(candidate.fit for candidate in others)
    if first.confidence is not Confidence.CERTAIN or decided:
        return ranked
    likely = Confidence.LIKELY
    return tuple(one._replace(confidence=likely) if one.confidence is Confidence.CERTAIN else one for one in ranked)


def _shape_evidence(fit: Fit, name: str) -> Iterator[Message]:
    yield Message(id="number.format", values={"carrier": name, "format": fit.format.name})
    if fit.format.check:
        yield Message(id="number.check_digit", values={"odds": fit.format.check.odds})
    else:
        yield Message(id="number.no_check_digit")
    if fit.format.prefix:
        yield Message(id="number.prefix", values={"prefix": fit.format.prefix})
    if fit.country:
        yield Message(id="number.country", values={"country": fit.country, "carrier": name})
