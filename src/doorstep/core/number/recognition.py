"""What a text is: a tracking number, whose, and how sure; or what else."""

from dataclasses import dataclass, replace
from enum import StrEnum

from doorstep.core.message import Message
from doorstep.core.number.directory import carrier, related
from doorstep.core.number.format import Bare, Fit, fits
from doorstep.core.number.hint import NO_HINTS, Hints, Voice, Voices, speaking_for, voices
from doorstep.core.number.link import host_of, number_in_link
from doorstep.core.number.look_alike import Kind, LookAlike, look_alike, plausible
from doorstep.core.number.nearest import Nearest, nearest
from doorstep.core.number.text import normalize
from doorstep.core.order import Role


class Confidence(StrEnum):
    """How sure a candidate is. ``CERTAIN``: the evidence excludes every other reading."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


_LADDER = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)
_FIRST_STEP = {Bare.HINTED: 0, Bare.POSSIBLE: 0, Bare.LIKELY: 1, Bare.CERTAIN: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One reading of a number.

    ``carrier`` is our code. ``number`` is what to ask that carrier about (without routing digits around it). ``fit``
    is the format it has; None when only a hint says that it is this carrier's. ``heard`` are the hints that agree.
    """

    carrier: str
    number: str
    confidence: Confidence
    role: Role = Role.LOCAL
    fit: Fit | None = None
    heard: tuple[Voice, ...] = ()

    @property
    def format(self) -> str:
        """The name of the format, '' if it has none."""
        return self.fit.format.name if self.fit else ""

    @property
    def evidence(self) -> tuple[Message, ...]:
        """Why, strongest first; made when asked for."""
        name = carrier(self.carrier).name
        only_said = (Message(id="number.no_format", values={"carrier": name}),)
        shape = _shape_evidence(self.fit, name) if self.fit else only_said
        return shape + tuple(Message(id=f"number.hint.{voice}", values={"carrier": name}) for voice in self.heard)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What is known about a text. ``text`` is what was read (of a link, the number in it), ``number`` the same
    normalized; ``candidates`` are ranked, at most one a carrier. Where ``not_a`` is there too, the text is ambiguous:
    act only on a candidate that is likely or certain.
    """

    text: str
    number: str
    candidates: tuple[Candidate, ...]
    hints: Hints = NO_HINTS

    @property
    def best(self) -> Candidate | None:
        """The first candidate, None if there is none."""
        return self.candidates[0] if self.candidates else None

    @property
    def not_a(self) -> LookAlike | None:
        """What else the text is or may be; None when a candidate is likely and nothing is sure to be something else."""
        other = look_alike(self.text, self.hints.date)
        if not other or other.sure or not self.candidates:
            return other
        return None if self._believed or other.kind is Kind.SKU else other

    @property
    def nearest(self) -> Nearest | None:
        """The one number with a right check digit that differs by one slip, if this one is not believable itself."""
        return None if self._believed else nearest(self.number)

    @property
    def _believed(self) -> bool:
        return bool(self.candidates) and self.candidates[0].confidence is not Confidence.POSSIBLE


def recognize(text: str, hints: Hints = NO_HINTS) -> Recognition:
    """Everything a text may be. Never raises; a text that is nothing known has no candidates."""
    code = ""
    if "/" in text and (found := number_in_link(text)):
        hints = replace(hints, link_host=host_of(text))
        text, code = found
    number = normalize(text)
    # What has only letters and digits is never surely something else, unless a date is near: see look_alike.
    other = None if text == number and not hints.date else look_alike(text, hints.date)
    heard = dict(voices(hints)) if code or hints is not NO_HINTS else {}
    if code:
        heard[Voice.LINK] = (code,)
    if other and other.sure:
        heard = {}
    candidates = _candidates(number, hints, heard, doubted=bool(other and other.sure))
    return Recognition(text=text, number=number, candidates=candidates, hints=hints)


def _candidates(number: str, hints: Hints, heard: Voices, *, doubted: bool) -> tuple[Candidate, ...]:
    known = fits(number, hinted=bool(heard or hints.countries))
    found = [candidate for fit in known if (candidate := _candidate(fit, hints, heard, doubted=doubted))]
    if heard and not any(candidate.confidence is Confidence.CERTAIN for candidate in found):
        found.extend(_said(number, heard, found))
    if len(found) < 2:
        return tuple(found)
    by_carrier: dict[str, Candidate] = {}
    for candidate in sorted(found, key=lambda candidate: _rank(candidate, hints.countries)):
        by_carrier.setdefault(candidate.carrier, candidate)
    return _without_false_certainty(tuple(by_carrier.values()))


def _candidate(fit: Fit, hints: Hints, heard: Voices, *, doubted: bool) -> Candidate | None:
    """A fit weighed by the hints; None where the format needs a hint and has none."""
    agree = speaking_for(fit.carrier, heard)
    bare = fit.format.bare
    if bare is Bare.HINTED and not agree and carrier(fit.carrier).country not in hints.countries:
        return None
    step = 0 if doubted else _FIRST_STEP[bare] + _steps(fit.carrier, agree, heard)
    # Digits without a check digit are never more than likely: any other number of that length looks the same.
    highest = 2 if fit.format.check or bare in (Bare.LIKELY, Bare.CERTAIN) else 1
    return Candidate(
        carrier=_as_said(fit.carrier, heard),
        number=fit.number,
        confidence=_LADDER[max(0, min(step, highest))],
        role=fit.format.role,
        fit=fit,
        heard=agree,
    )


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
    return Candidate(carrier=code, number=number, confidence=confidence, heard=agree)


def _rank(candidate: Candidate, countries: tuple[str, ...]) -> tuple[int, int, int, int]:
    """Sort key: confidence, then hints, then country, then check digit. Equal ones stay in the order of the table."""
    home = carrier(candidate.carrier).country
    abroad = bool(countries and home) and home not in countries
    unchecked = not (candidate.fit and candidate.fit.format.check)
    return -_LADDER.index(candidate.confidence), -len(candidate.heard), abroad - (home in countries), unchecked


def _without_false_certainty(ranked: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Certain only where nothing else fits, or where the carrier's own link or two hints decide."""
    first, others = ranked[0], ranked[1:]
    decided = Voice.LINK in first.heard or len(first.heard) > 1 or not any(candidate.fit for candidate in others)
    if first.confidence is not Confidence.CERTAIN or decided:
        return ranked
    return tuple(
        replace(candidate, confidence=Confidence.LIKELY) if candidate.confidence is Confidence.CERTAIN else candidate
        for candidate in ranked
    )


def _shape_evidence(fit: Fit, name: str) -> tuple[Message, ...]:
    said = [Message(id="number.format", values={"carrier": name, "format": fit.format.name})]
    if fit.format.check:
        said.append(Message(id="number.check_digit", values={"odds": fit.format.check.odds}))
    else:
        said.append(Message(id="number.no_check_digit"))
    if fit.format.prefix:
        said.append(Message(id="number.prefix", values={"prefix": fit.format.prefix}))
    if fit.country:
        said.append(Message(id="number.country", values={"country": fit.country, "carrier": name}))
    return tuple(said)
