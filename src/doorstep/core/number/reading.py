"""A text as somebody pasted it: a number, a link, or either with words around it."""

import re
from dataclasses import replace

from doorstep.core.number.directory import carriers_in
from doorstep.core.number.format import Confidence
from doorstep.core.number.hint import NO_HINTS, Hints
from doorstep.core.number.label import UNSPACED, Label, labels_in
from doorstep.core.number.look_alike import Kind, LookAlike, look_alike, written
from doorstep.core.number.recognition import Recognition, read
from doorstep.core.number.running_text import Context, Found, extract

_WORDS = re.compile(rf"(?<![^\W_])[^\W\d_]{{3,}}(?![^\W_])|{UNSPACED}+")
_STRENGTH = {context: -place for place, context in enumerate(Context)}


def recognize(text: str, hints: Hints = NO_HINTS) -> Recognition:
    """Everything a text may be: a number in any spelling, a link with one, or one among words ("Tracking: 1Z..."; of
    several the one with the strongest context, then the first). What the words say is used: a carrier's name, a label
    like "order number". Never raises; a text that is nothing known has no candidates.
    """
    found = read(text, hints)
    if text.isascii() and text.isalnum():
        return found
    if found.number.isalnum() and (found.number.isdigit() or not _WORDS.search(text)):
        return found
    believed = found.best is not None and found.best.confidence is not Confidence.POSSIBLE
    if believed or found.text is not text or written(text):
        return found
    return _among_words(text, hints, found) if _WORDS.search(text) else _peeled(text, hints, found)


def _peeled(text: str, hints: Hints, whole: Recognition) -> Recognition:
    """Without the brackets, quotes and signs around it; among them, if that does not help."""
    inner = _bared(text)
    found = read(inner, hints) if inner != text else whole
    return found if found.number.isalnum() else _among_words(inner, hints, found)


def _bared(text: str) -> str:
    """From the first to the last letter or digit."""
    places = [place for place, char in enumerate(text) if char.isalnum()]
    return text[places[0] : places[-1] + 1] if places else ""


def _among_words(text: str, hints: Hints, whole: Recognition) -> Recognition:
    """What the number among words is; the whole where the words help nothing."""
    inside = max(extract(text, hints), key=_strength, default=None)
    labels = labels_in(text)
    if inside and not (inside.context is Context.FORM and whole.candidates):
        label = replace(hints, near=f"{hints.near} {text}".strip()) if inside.context is Context.LABEL else None
        return inside.recognition._replace(hints=label) if label else inside.recognition
    if labels and labels[-1].kind != "tracking":
        return _claimed(text, labels[-1], hints) or whole
    if labels or carriers_in(text):
        return read(_bared(_WORDS.sub(" ", text)), replace(hints, near=f"{hints.near} {text}".strip()))
    return whole


def _strength(found: Found) -> int:
    return _STRENGTH[found.context]


def _claimed(text: str, label: Label, hints: Hints) -> Recognition | None:
    """A text that a label claims for something else; None if nothing follows the label."""
    rest = text[label.end :].strip(" \t\r\n:;,.()[]|")
    if not any(map(str.isdigit, rest)):
        return None
    found = read(rest, hints)
    other = look_alike(rest, hints.date)
    if label.kind == "order":
        whose = other.whose if other and other.kind is Kind.ORDER_ID else ""
        other = LookAlike(kind=Kind.ORDER_ID, whose=whose, sure=True)
    candidates = () if other and other.sure else found.candidates
    return found._replace(candidates=candidates, claimed=other)
