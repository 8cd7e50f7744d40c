"""Which letters a page can show, and by which font.

DejaVu Sans (in ``fonts``, cut down to the Latin, Greek, Cyrillic, Armenian and Georgian scripts) is part of the file.
Chinese, Japanese and Korean letters are drawn by the reader's own font for them, as the PDF standard provides for
(Adobe-GB1, Adobe-Japan1, Adobe-Korea1). Any other letter is counted and named, never left as a box: ``order.json`` has
it as it is.
"""

import functools
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from doorstep.app.say import text

PLAIN, BOLD = "Doorstep", "DoorstepBold"
FONTS: Final = Path(__file__).with_name("fonts")
_HAN, _KANA, _HANGUL = "STSong-Light", "HeiseiMin-W3", "HYSMyeongJo-Medium"
_EAST: Final = (  # first and last letter of a block, and the font that has it
    (0x1100, 0x11FF, _HANGUL),
    (0x3000, 0x303F, _HAN),
    (0x3040, 0x30FF, _KANA),
    (0x3130, 0x318F, _HANGUL),
    (0x31F0, 0x31FF, _KANA),
    (0x4E00, 0x9FA5, _HAN),
    (0xAC00, 0xD7A3, _HANGUL),
    (0xFF00, 0xFFEF, _HAN),
)


@functools.cache
def ready() -> frozenset[int]:
    """Have the fonts known; returns the letters of the one that is part of the file."""
    plain = TTFont(PLAIN, str(FONTS / "dejavu-sans.ttf"))
    pdfmetrics.registerFont(plain)
    pdfmetrics.registerFont(TTFont(BOLD, str(FONTS / "dejavu-sans-bold.ttf")))
    for name in (_HAN, _KANA, _HANGUL):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return frozenset(plain.face.charToGlyph)


def font_of(letter: str) -> str | None:
    """The font that shows a letter: '' = the page's own, None = none."""
    code = ord(letter)
    if code in ready() or letter in "\n\t":
        return ""
    return next((font for first, last, font in _EAST if first <= code <= last), None)


def marked(said: str) -> str:
    """A text as ReportLab's markup, every letter by a font that has it."""
    return "".join(_marked(said))


def _marked(said: str) -> Iterator[str]:
    for font, run in groupby(said, font_of):
        letters = "".join(run)
        if font is None:
            yield escape(text("dispute.letters", count=len(letters)))
        elif font:
            yield f'<font name="{font}">{escape(letters)}</font>'
        else:
            yield escape(letters)
