"""Photos as strangers send them: looked at by their bytes alone, and put together anew from nothing but the picture.
Where and with what it was taken (Exif, XMP, comments, previews, whatever is behind the end) does not come along; which
way is up does. Nothing is decoded, so there is nothing to blow up.
"""

import struct
from collections.abc import Iterator
from typing import Final

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
WEBP: Final = "image/webp"

_PNG_SIGN: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"IDAT", b"IEND"})
_WEBP_KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_ORIENTATION: Final = 0x0112


class NotAPicture(ValueError):
    """The bytes are no JPEG, PNG or WebP picture, or a broken one."""


def clean(raw: bytes) -> tuple[str, bytes]:
    """Media type and bytes of the bare picture. Raises NotAPicture."""
    try:
        if raw.startswith(b"\xff\xd8\xff"):
            return JPEG, _jpeg(raw)
        if raw.startswith(_PNG_SIGN):
            return PNG, _png(raw)
        if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
            return WEBP, _webp(raw)
    except (IndexError, struct.error) as cut:
        raise NotAPicture("it ends too early") from cut
    raise NotAPicture("it is of no kind that is known here")


def _jpeg(raw: bytes) -> bytes:
    """ITU-T T.81: segments up to the first scan, then the scans. JFIF's and Adobe's segments say how the colours are
    meant and stay; of Exif only the orientation does.
    """
    kept, turned, frame = [b"\xff\xd8"], 0, False
    for marker, segment, rest in _segments(raw):
        if marker == _SOS:
            if not frame:
                raise NotAPicture("it has no frame")
            turn = [_exif(turned)] if turned else []
            return b"".join((kept[0], *turn, *kept[1:], segment, _scans(rest)))
        frame = frame or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC})
        body = segment[4:]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            turned = turned or _turned(body[6:])
        elif not 0xE0 <= marker <= 0xFE or body.startswith((b"JFIF\0", b"Adobe")):
            kept.append(segment)
    raise NotAPicture("it has no scan")


def _segments(raw: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, whole segment, and what comes after it."""
    at = 2
    while True:
        if raw[at] != 0xFF:
            raise NotAPicture("it has no marker where one belongs")
        marker = raw[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _ALONE or marker in {_SOI, _EOI, 0x00}:
            raise NotAPicture("it has a marker that does not belong there")
        (size,) = struct.unpack_from(">H", raw, at + 2)
        end = at + 2 + size
        if size < 2 or end > len(raw):
            raise NotAPicture("a segment is longer than the rest")
        yield marker, raw[at:end], raw[end:]
        at = end


def _scans(rest: bytes) -> bytes:
    """The coded picture up to its end, further scans and their tables included; comments between them are left out."""
    kept: list[bytes] = []
    at = begin = 0
    while True:
        at = rest.find(b"\xff", at)
        if at < 0:
            raise NotAPicture("it has no end")
        marker = rest[at + 1]
        if marker in {0x00, 0xFF} or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == _EOI:
            return b"".join((*kept, rest[begin:at], b"\xff\xd9"))
        (size,) = struct.unpack_from(">H", rest, at + 2)
        if size < 2 or at + 2 + size > len(rest):
            raise NotAPicture("a segment is longer than the rest")
        if 0xE0 <= marker <= 0xFE:
            kept.append(rest[begin:at])
            begin = at + 2 + size
        at += 2 + size


def _turned(tiff: bytes) -> int:
    """Exif's orientation, 2 to 8; 0 = upright or not said. What cannot be read says nothing."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return 0
    (at,) = struct.unpack_from(f"{order}I", tiff, 4)
    if at + 2 > len(tiff):
        return 0
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
        if tag == _ORIENTATION and kind == 3:
            return value if 2 <= value <= 8 else 0
    return 0


def _exif(turned: int) -> bytes:
    """A segment that says which way is up, and nothing else."""
    tiff = struct.pack(">4sIHHHIHHI", b"MM\0*", 8, 1, _ORIENTATION, 3, 1, turned, 0, 0)
    return struct.pack(">HH", 0xFFE1, 2 + 6 + len(tiff)) + b"Exif\0\0" + tiff


def _png(raw: bytes) -> bytes:
    kept, at, last = [_PNG_SIGN], len(_PNG_SIGN), b""
    while last != b"IEND":
        size, kind = struct.unpack_from(">I4s", raw, at)
        end = at + 12 + size
        if end > len(raw) or (at == len(_PNG_SIGN) and kind != b"IHDR"):
            raise NotAPicture("a chunk is longer than the rest, or the first is no header")
        if kind in _PNG_KEPT:
            kept.append(raw[at:end])
        at, last = end, kind
    if not any(one[4:8] == b"IDAT" for one in kept):
        raise NotAPicture("it has no picture in it")
    return b"".join(kept)


def _webp(raw: bytes) -> bytes:
    """A still picture: the chunks with the picture, and the header of an extended file less what is left out."""
    kept, at = [], 12
    end = min(len(raw), 8 + struct.unpack_from("<I", raw, 4)[0])
    while at + 8 <= end:
        kind, size = struct.unpack_from("<4sI", raw, at)
        body = raw[at + 8 : at + 8 + size]
        if len(body) != size:
            raise NotAPicture("a chunk is longer than the rest")
        if kind == b"VP8X":
            kept.append(_chunk(kind, bytes([body[0] & 0x10]) + body[1:10]))  # of the flags only that it is translucent
        elif kind in _WEBP_KEPT:
            kept.append(_chunk(kind, body))
        at += 8 + size + size % 2
    if not any(one.startswith((b"VP8 ", b"VP8L")) for one in kept):
        raise NotAPicture("it has no still picture in it")
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
