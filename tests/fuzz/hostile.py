"""Values that break readers: ends of ranges, what only looks like a number or a time, what grows when it is read."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

TEXTS: Final = (
    "", " ", "\x00", "\ud83d", "İ", "ﷺ" * 50, "null", "-", "٣", "²", "½", "1,5", "1e999", "-1e999", "NaN", "Infinity",
    "9" * 5000, "-" + "9" * 40, "0x10", "1_000", "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z", "9999-12-31 23:59:59", "99991231", "99991231235959",
    "31.12.9999 23:59", "12/31/9999 11:59 PM", "/Date(99999999999999999)/", "/Date(-99999999999999999-0500)/",
    "2026-02-30", "2026-13-01T25:61:61", "2026-03-01T00:00:60Z", "2026-W01-1", "20260301T000000",
    "253402300799", "253402300800", "-62135596801", "99999999999999999999", "1772323200000",
    "+99:99", "-24:00", "UTC+25", "Europe/Nowhere", "../../etc/passwd", "http://[::1", "https://user:pw@h:99999/",
    "//", "javascript:alert(1)", "data:,x", "%", "%zz", "{", "[" * 2000, "<a", "]]>", "&lol;", "=1+1", "\u202e",
    "a" * 20_000, "(" * 3000, "1Z" * 3000, "<" * 3000, "CJ" * 4000,
)  # fmt: skip
NO_LETTERS: Final = "no-letters-of-utf-8"  # stands for bytes that are none, where JSON is written
VALUES: Final = (
    NO_LETTERS,
    *TEXTS, None, True, False, 0, -1, 1 << 31, 1 << 63, -(1 << 63), 10**30, 1e308, -1e308, 1e-320, 253402300800,
    253402300800000, -62135596801, [], {}, [None], [[]], [{}], {"": ""}, {"amount": None}, ["", 0], [[[[[[]]]]]],
)  # fmt: skip
BODIES: Final = {
    "nothing": b"",
    "a_nul": b"\x00",
    "half_a_letter": b'{"a":"\xff\xfe"}',
    "deep_lists": b"[" * 200_000,
    "deep_objects": b'{"a":' * 200_000,
    "closed_deep_lists": b"[" * 50_000 + b"]" * 50_000,
    "a_giant_number": b"9" * 1_000_000,
    "a_giant_number_inside": b'{"id":' + b"9" * 1_000_000 + b"}",
    "a_giant_exponent": b'{"id":1e999999999}',
    "a_long_text": b'"' + b"a" * 3_000_000 + b'"',
    "many_keys": json.dumps({str(n): n for n in range(100_000)}).encode(),
    "many_rows": b"[" + b"{}," * 300_000 + b"{}]",
    "many_in_data": b'{"data":[' + b"{}," * 200_000 + b"{}]}",
    "a_word": b"true",
    "a_page": b"<!doctype html><title>502</title>" + b"<p>" * 100_000,
    "laughs": b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "'
    + b"&a;" * 10
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (99 + n, b"&%c;" % (98 + n) * 10) for n in range(9))
    + b"]><l>&k;</l>",
    "a_file": b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>',
    "deep_xml": b"<a>" * 200_000,
    "many_elements": b"<a>" + b"<b/>" * 300_000 + b"</a>",
    "many_attributes": b"<a " + b"".join(b'x%d="" ' % n for n in range(50_000)) + b"/>",
    "many_commas": b"," * 1_000_000,
    "quotes": b'"' * 1_000_000,
    "lines": b"\n" * 500_000,
    "a_workbook_that_is_none": b"PK\x03\x04" + b"\x00" * 1000,
    "wrong_letters": b"\xff" * 1_000_000,
}
_IN_XML: Final = re.compile(rb'(?<=>)[^<>]*[^<>\s][^<>]*(?=<)|(?<==")[^"]*(?=")')


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a JSON value, the whole first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with something else in one place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


def spoiled(body: Any, place: int, new: Any) -> bytes:
    """A body of a recording with something hostile in one place, counted round: JSON, XML, or any other text."""
    if not isinstance(body, str):
        every = list(places(body))
        written = json.dumps(put(body, every[place % len(every)], new)).encode()
        return written.replace(NO_LETTERS.encode(), b"\xff\xfe")
    raw, text = body.encode(), str(new).encode("utf-8", "surrogatepass")
    found = list(_IN_XML.finditer(raw)) if body.lstrip().startswith("<") else []
    if found:
        one = found[place % len(found)]
        return raw[: one.start()] + text + raw[one.end() :]
    at = place % (len(raw) + 1)
    return raw[:at] + text + raw[at:]
