"""Readers of our own: texts that people type, tables they bring, pictures they send, cursors they make up."""

import base64
import contextlib
import csv
import io
import json
import os
import random
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.app import pictures
from doorstep.app.order import explain
from doorstep.app.records.page import Unreadable, read_cursor
from doorstep.connectors import xml
from doorstep.connectors.contract import Answer, Facts, Trouble
from doorstep.connectors.registry import connector
from doorstep.core.number import Hints, extract, recognize
from doorstep.core.passages import Unusable, read_passages
from tests.connectors.flow import NOW
from tests.fuzz.hostile import BODIES, TEXTS, VALUES

LONG = "DOORSTEP_LONG" in os.environ
MOST_S = 10.0  # of the processor
REPEATED = {
    "1Z": 9000, "9": 20_000, "9 ": 9000, "A1-": 6000, "http://a/": 4000, "%25": 20_000, " ": 50_000,
    "tracking number ": 1500, "1Z999AA10123456784 ": 500, "RR123456785CN,": 500, "a@": 9000, "(": 20_000,
    "https://t.17track.net/en#nums=": 500, "é": 9000, "\n": 50_000, "1Z-": 6000, "0 0-": 6000,
}  # fmt: skip


def tried(read: Callable[[Any], Any], said: Any, *fine: type[Exception]) -> None:
    """It is read or refused, and takes no time to speak of."""
    begun = time.process_time()
    with contextlib.suppress(*fine):
        read(said)
    assert time.process_time() - begun < MOST_S, said[:40]


def hinted(said: str) -> object:
    return recognize(
        "1Z999AA10123456784",
        Hints(near=said, carrier_text=said, link_host=said, sender=said, supplier=said, origin=said, destination=said),
    )


@pytest.mark.parametrize("read", [recognize, extract, hinted])
def test_no_text_makes_recognition_raise_or_wander(read: Callable[[str], Any]) -> None:
    for said in (*TEXTS, *(text * times for text, times in REPEATED.items())):
        tried(read, said)


@settings(max_examples=3000 if LONG else 150, deadline=None)
@given(
    st.lists(st.sampled_from([*REPEATED, "1Z5R89390357567127", "92612", "CN", "\u200b", "０"]) | st.text(max_size=6))
)
def test_no_mixture_makes_recognition_raise(parts: list[str]) -> None:
    text = "".join(parts)
    for one in extract(text):
        assert one.number
    recognize(text)


def test_passages_of_nonsense_are_refused_in_words() -> None:
    for said in (*TEXTS, *(text * times for text, times in REPEATED.items()), "a," * 500_000, '"' + "x" * 200_000):
        tried(read_passages, said, Unusable)
        tried(read_passages, f"handed_over,delivered\n{said},{said}\n", Unusable)


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_nothing_are_refused(name: str) -> None:
    tried(explain.read, BODIES[name], explain.Unreadable)
    tried(xml.parsed, BODIES[name], xml.NotXml)
    tried(pictures.clean, BODIES[name], pictures.NotAPicture)
    for kind, of in (("store", "csv"), ("supplier", "sheet"), ("supplier", "sheet_link")):
        reader = connector(kind, of)  # type: ignore[arg-type]
        tried(reader.read, Answer(what="file", status=200, body=BODIES[name], received_at=NOW), Trouble)


def test_cursors_that_somebody_made_are_refused() -> None:
    """Never anything else: what is made up must not be an error of the server."""
    for value in VALUES:
        for keys in ([value], [value, value], value):
            made = base64.urlsafe_b64encode(json.dumps(keys).encode()).decode()
            for kinds in ((int,), (str,), (datetime, int)):
                tried(lambda one, kinds=kinds: read_cursor(one, *kinds), made, Unreadable)
    for said in TEXTS:
        tried(lambda one: read_cursor(one, int), said, Unreadable)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
PICTURES = {
    "png": b"\x89PNG\r\n\x1a\n" + HEAD + chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b""),
    "jpeg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffe10022457869660000")
    + b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    + bytes.fromhex("ffc0000b080001000101011100ffda0008010100003f00d2cf20ffd9"),
    "webp": b"RIFF" + struct.pack("<I", 34) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\x10" + b"\0" * 9
    + b"VP8L" + struct.pack("<I", 4) + b"/\0\0\0",
}  # fmt: skip


@pytest.mark.parametrize("kind", PICTURES)
def test_no_broken_picture_raises_or_grows(kind: str) -> None:
    """Photos of shoppers and logos of brands take this road."""
    whole = PICTURES[kind]
    assert pictures.clean(whole)[0] == f"image/{kind}"
    dice = random.Random(7)
    for _ in range(40_000 if LONG else 3000):
        raw = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            at, how = dice.randrange(len(raw)), dice.random()
            if how < 0.6:
                raw[at] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)])
            elif how < 0.8 and len(raw) > 9:
                del raw[at : at + dice.randint(1, 8)]
            else:
                raw[at:at] = dice.randbytes(dice.randint(1, 8))
        with contextlib.suppress(pictures.NotAPicture):
            assert len(pictures.clean(bytes(raw))[1]) <= len(raw) + 64


def workbook(rows: bytes, **more: bytes) -> bytes:
    """A workbook with these rows, and with other parts instead of good ones."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="{kind}.'
        f'sheet.main+xml"/><Override PartName="/xl/worksheets/s.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{links}/'
        'officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="s" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type='
        f'"{links}/worksheet" Target="worksheets/s.xml"/></Relationships>',
    }
    raw = {name: text.encode() for name, text in parts.items()}
    raw["xl/worksheets/s.xml"] = f'<worksheet xmlns="{main}"><sheetData>'.encode() + rows + b"</sheetData></worksheet>"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in (raw | {key.replace("__", "/"): value for key, value in more.items()}).items():
            packed.writestr(name, body)
    return file.getvalue()


OUTSIDE = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Type="x" Target="../../../etc/passwd"/></Relationships>'
)
CELL = b'<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>'
BOOKS = {
    "good": workbook(CELL % b"order"),
    "far_away": workbook(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "beyond_the_end": workbook(b'<row r="99999999999"><c r="ZZZZZZZ99999999999"><v>1</v></c></row>'),
    "no_row": workbook(b'<row r="x"><c r="?"><v>1</v></c></row>'),
    "a_giant_number": workbook(b'<row r="1"><c r="A1"><v>' + b"9" * 100_000 + b"</v></c></row>"),
    "a_giant_date": workbook(b'<row r="1"><c r="A1" t="d"><v>99999-99-99T99:99:99</v></c></row>'),
    "not_a_string": workbook(b'<row r="1"><c r="A1" t="s"><v>999999</v></c></row>'),
    "an_error": workbook(b'<row r="1"><c r="A1" t="e"><v>#REF!</v></c></row>'),
    "a_formula": workbook(b'<row r="1"><c r="A1"><f>WEBSERVICE("http://a/")</f><v></v></c></row>'),
    "entities": workbook(b"", **{"xl__workbook.xml": BODIES["laughs"]}),
    "deep": workbook(BODIES["deep_xml"]),
    "many_rows": workbook(b"<row><c><v>1</v></c></row>" * 60_000),
    "empty_parts": workbook(b"", **{"xl__workbook.xml": b"", "xl___rels__workbook.xml.rels": b""}),
    "outside": workbook(b"", **{"xl___rels__workbook.xml.rels": OUTSIDE}),
}  # fmt: skip


@pytest.mark.parametrize("name", BOOKS)
def test_no_workbook_raises_or_wanders(name: str) -> None:
    reader = connector("supplier", "sheet")
    tried(reader.read, Answer(what="file", status=200, body=BOOKS[name], received_at=NOW), Trouble)
    for cut in (10, 100, -30, -1):
        said = Answer(what="file", status=200, body=BOOKS[name][:cut], received_at=NOW)
        tried(reader.read, said, Trouble)


@settings(max_examples=1500 if LONG else 80, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["order", "tracking number", "1001", *TEXTS[:40]]), max_size=5), max_size=6))
def test_no_table_makes_a_reader_raise(rows: list[list[str]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    body = file.getvalue().encode("utf-8", "replace")
    for kind, of in (("store", "csv"), ("supplier", "sheet")):
        reader = connector(kind, of)  # type: ignore[arg-type]
        with contextlib.suppress(Trouble):
            assert isinstance(reader.read(Answer(what="file", status=200, body=body, received_at=NOW)), Facts)
