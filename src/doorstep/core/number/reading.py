"""A text as somebody pasted it: a number, a link, or either with words around it."""

import re
from dataclasses import replace

from doorstep.core.number.directory import carriers_in
from doorstep.core.number.hint import NO_HINTS, Hints
from doorstep.core.number.label import UNSPACED, Label, labels_in
from doorstep.core.number.look_alike import Kind, LookAlike, look_alike
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
    if found.number.isdigit() or found.text is not text or not _worded(text):
        return found
    return _among_words(text, hints, found) or found


def _worded(text: str) -> bool:
    return not (text.isascii() and text.isalnum()) and _WORDS.search(text) is not None


def _among_words(text: str, hints: Hints, whole: Recognition) -> Recognition | None:
    """What the number among words is; None where the words help nothing."""
    inside = max(extract(text, hints), key=_strength, default=None)
    if inside and not (inside.context is Context.FORM and whole.candidates):
        return inside.recognition
    labels = labels_in(text)
    if labels and labels[-1].kind != "tracking":
        return _claimed(text, labels[-1], hints)
    if labels or carriers_in(text):
        rest = _WORDS.sub(" ", text).strip(" \t\r\n:;,.#()[]|-")
        return read(rest, replace(hints, near=f"{hints.near} {text}".strip()))
    return None


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
