"""A file as rows of text: XLSX, or CSV in whatever encoding and with whatever delimiter. Nothing is evaluated: a
formula is the text that it is written as.
"""

import csv
import io
import lzma
import re
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from doorstep.connectors.contract import Broken, Refused
from doorstep.core.message import Message

MOST_BYTES: Final = 10 << 20
MOST_UNPACKED: Final = 96 << 20  # bytes of an XLSX file's parts together: more of them is a zip bomb
MOST_PARTS: Final = 1000
MOST_ROWS: Final = 5000
MOST_COLUMNS: Final = 60
MOST_LETTERS: Final = 400  # of one cell; the rest is cut off
LAST_ROW: Final = 1_048_576  # of a sheet in Excel
DELIMITERS: Final = "\t;,|"
_EXACT: Final = 10**15  # a spreadsheet keeps 15 digits of a number, and writes zeros for the others
_TEXT: Final = re.compile(r'="([^"]*)"')  # how exports keep a spreadsheet from taking digits for a number
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_BAD: Final = (AssertionError, AttributeError, BadZipFile, EOFError, LookupError, OSError, lzma.LZMAError, zlib.error)
_BAD_XLSX: Final = (
    *_BAD,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    OverflowError,
)  # what openpyxl lets through

Rows = list[tuple[int, tuple[str, ...]]]


def read_rows(body: bytes) -> Rows:
    """(row in the file, from 1; its cells) of all rows that hold anything. Raises Refused for what is too large, Broken
    for what is no table.
    """
    if len(body) > MOST_BYTES:
        raise Refused("too large", message=Message(id="sheet.too_large", values={"limit_mb": MOST_BYTES >> 20}))
    if body.startswith(_OLD_EXCEL):
        raise Broken("old Excel", message=Message(id="sheet.old_excel"))
    found: Rows = []
    for place, cells in enumerate(_workbook(body) if body.startswith(b"PK") else _text_rows(body), 1):
        row = tuple(clean(one) for one in cells[:MOST_COLUMNS]) if cells else ()
        if any(row):
            found.append((place, row))
        if len(found) > MOST_ROWS + 1 or place > LAST_ROW:  # one of them holds the names of the columns
            raise Refused("too long", message=Message(id="sheet.too_long", values={"rows": MOST_ROWS}))
    if not found:
        raise Broken("empty", message=Message(id="sheet.empty"))
    return found


def clean(cell: str) -> str:
    """A cell without what only a spreadsheet needs: marks for "this is text", line breaks, blanks around it."""
    text = " ".join(cell.replace("\0", "").split())[:MOST_LETTERS]
    literal = _TEXT.fullmatch(text)
    return literal[1].strip() if literal else text.removeprefix("'")


def _workbook(body: bytes) -> Iterator[tuple[str, ...]]:
    """The rows of an XLSX file's first sheet."""
    try:
        _inspect(body)
        book = load_workbook(io.BytesIO(body), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size need not be so
        for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
            empty = row.count(None) == len(row)  # a single cell far below makes a million of these
            yield () if empty else tuple(_said(value) for value in row)
    except _BAD_XLSX as error:
        raise Broken(type(error).__name__, message=Message(id="sheet.broken")) from error


def _inspect(body: bytes) -> None:
    """Looks at the parts of an XLSX file before anything reads them. zipfile reads no more of a part than it says to
    hold. Raises Refused.
    """
    with ZipFile(io.BytesIO(body)) as packed:
        parts = packed.infolist()
        if len(parts) > MOST_PARTS or sum(one.file_size for one in parts) > MOST_UNPACKED:
            raise Refused("unpacks to too much", message=Message(id="sheet.bomb"))
        for one in parts:
            if one.filename.endswith((".xml", ".rels")) and _declares(packed.read(one)):
                raise Refused("document type", message=Message(id="sheet.bomb"))


def _declares(part: bytes) -> bool:
    """Whether XML has a document type: no spreadsheet writes one, and entities that unfold without end need it."""
    return b"<!DOCTYPE" in part.replace(b"\0", b"")


def _said(value: object) -> str:
    """A cell's value as a person reads it. A number of which digits were lost is written with an exponent."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (value.date() if value.time() == value.min.time() else value).isoformat()
    if isinstance(value, float) and abs(value) < _EXACT and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _EXACT:
        return f"{value:E}"
    return value.isoformat() if isinstance(value, date) else str(getattr(value, "text", value))


def _text_rows(body: bytes) -> Iterator[list[str]]:
    text = decoded(body)
    delimiter = _delimiter(text)
    try:
        if delimiter:
            yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        else:
            yield from (line.split(maxsplit=2) for line in text.splitlines())  # number, number, whoever carries it
    except csv.Error as error:
        raise Broken(str(error), message=Message(id="sheet.broken")) from error


def decoded(body: bytes) -> str:
    """The text of a CSV file: as its byte order mark says, else UTF-8, else Windows-1252. Raises Broken."""
    codec = "utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    if codec == "utf-8-sig" and body[:200].count(0) > len(body[:200]) // 4:
        codec = "utf-16-be" if body[0] == 0 else "utf-16-le"  # half of its bytes are zero
    for one in (codec, "cp1252"):
        try:
            return body.decode(one)
        except UnicodeDecodeError:
            if b"\0" in body:
                break
    raise Broken("no text", message=Message(id="sheet.broken"))


def _delimiter(text: str) -> str:
    """What divides the first line, and the lines after it as often; '' = blanks do."""
    lines = [line for line in text.splitlines()[:20] if line.strip()][:10]
    counts = {mark: [line.count(mark) for line in lines] for mark in DELIMITERS}
    used = [mark for mark in DELIMITERS if lines and counts[mark][0]]
    return max(used, key=lambda mark: (-len(set(counts[mark])), counts[mark][0]), default="")
