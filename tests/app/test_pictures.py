"""Photos come out bare: the picture, which way is up, and nothing that says where or with what it was taken."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.app.pictures import JPEG, PNG, WEBP, NotAPicture, clean

SECRET = b"41.1496N 8.6109W PhoneMaker"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">HH", 0xFF00 | marker, len(body) + 2) + body


def exif(order: str = ">", turned: int = 6, *, tag: int = 0x0112, kind: int = 3) -> bytes:
    sign = b"MM\0*" if order == ">" else b"II*\0"
    value = struct.pack(f"{order}HHIHH", tag, kind, 1, turned, 0)
    ifd = struct.pack(f"{order}IH", 8, 2) + struct.pack(f"{order}HHII", 0x8825, 4, 1, 26) + value
    return b"Exif\0\0" + sign + ifd + b"\0\0\0\0" + SECRET


FRAME = segment(0xC2, b"\x08\x00\x10\x00\x10\x01\x01\x11\x00")
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
JFIF = segment(0xE0, b"JFIF\0\x01\x01\x00\x00\x01\x00\x01\x00\x00")
ADOBE = segment(0xEE, b"Adobe\0\x64\x00\x00\x00\x00\x01")
CODED = b"\x12\xff\x00\x34\xff\xd3\x56"  # with a stuffed byte and a restart marker


def jpeg(*more: bytes, between: bytes = b"", after: bytes = b"") -> bytes:
    head = b"\xff\xd8" + JFIF + b"".join(more) + ADOBE + FRAME + segment(0xC4, b"\0" * 17) + SCAN
    return head + CODED + between + SCAN + CODED + b"\xff\xd9" + after


def test_jpeg_loses_all_but_the_picture_and_which_way_is_up() -> None:
    raw = jpeg(
        segment(0xE1, exif()),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET),
        segment(0xE2, b"MPF\0" + SECRET),
        segment(0xFE, SECRET),
        between=segment(0xFE, SECRET),
        after=b"\xff\xd8" + SECRET,
    )
    kind, bare = clean(raw)
    assert kind == JPEG
    assert SECRET not in bare
    assert bare.count(CODED) == 2 and bare.endswith(CODED + b"\xff\xd9")
    assert JFIF in bare and ADOBE in bare
    assert bare[2:4] == b"\xff\xe1" and b"MM\0*" in bare[:20]
    assert clean(bare) == (kind, bare), "what is bare stays as it is"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (exif(">", 6), True),
        (exif("<", 8), True),
        (exif(">", 1), False),
        (exif(">", 9), False),
        (exif(">", 6, tag=0x0110), False),
        (exif(">", 6, kind=4), False),
        (b"Exif\0\0XX*\0", False),
        (b"Exif\0\0MM\0*\xff\xff\xff\xff\0\0", False),
    ],
)
def test_orientation_is_kept_where_it_is_said(said: bytes, kept: bool) -> None:
    bare = clean(jpeg(segment(0xE1, said)))[1]
    assert (b"Exif" in bare) is kept


def test_fill_bytes_before_a_marker_are_left_out() -> None:
    assert clean(b"\xff\xd8\xff" + jpeg()[2:])[1] == clean(jpeg())[1]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_png_loses_words_times_and_what_is_behind_it() -> None:
    head, data, end = chunk(b"IHDR", b"\0" * 13), chunk(b"IDAT", b"picture"), chunk(b"IEND", b"")
    sign = b"\x89PNG\r\n\x1a\n"
    told = [chunk(kind, SECRET) for kind in (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME", b"iCCP")]
    assert clean(sign + head + b"".join(told) + data + end + SECRET) == (PNG, sign + head + data + end)


def part(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp(*parts: bytes) -> bytes:
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_webp_loses_exif_and_xmp_and_says_so_in_its_header() -> None:
    size = b"\0\0\0\x10\0\0\x10\0\0"
    raw = webp(part(b"VP8X", b"\x3c" + size), part(b"ICCP", SECRET), part(b"ALPH", b"abc"), part(b"VP8 ", b"picture"))
    raw += part(b"EXIF", SECRET)
    bare = webp(part(b"VP8X", b"\x10" + size), part(b"ALPH", b"abc"), part(b"VP8 ", b"picture"))
    assert clean(raw) == (WEBP, bare)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + b"\0" * 20,
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"\xff\xd8\xff\xe0\x00\x01",
        b"\xff\xd8\xff\xfe\x00\x02X",
        b"\xff\xd8" + JFIF + SCAN + CODED + b"\xff\xd9",
        jpeg()[:-2],
        jpeg()[:-1],
        jpeg(between=b"\xff\xfe\xff\xff"),
        b"\xff\xd8" + JFIF,
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0" * 13) + chunk(b"IEND", b""),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"x") + chunk(b"IEND", b""),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0" * 13),
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR",
        webp(part(b"ANIM", b"\0" * 6), part(b"ANMF", b"\0" * 30)),
        webp(b"VP8 \xff\xff\xff\x7fx"),
        b"RIFF\0\0",
    ],
)
def test_what_is_no_picture_or_a_broken_one_is_refused(raw: bytes) -> None:
    with pytest.raises(NotAPicture):
        clean(raw)


@given(
    st.sampled_from([jpeg(segment(0xE1, exif())), webp(part(b"VP8L", b"picture")), b"\x89PNG\r\n\x1a\n"]),
    st.binary(max_size=40),
    st.integers(0, 120),
)
def test_whatever_comes_is_a_bare_picture_or_refused(raw: bytes, noise: bytes, at: int) -> None:
    try:
        kind, bare = clean(raw[:at] + noise + raw[at + len(noise) :])
    except NotAPicture:
        return
    assert clean(bare) == (kind, bare)
