"""Raw mail to readable letters. Nothing here raises on what strangers send: broken MIME, wrong charsets, bodies that
are quoted-printable without saying so, mails inside mails. What cannot be decoded is replaced, never guessed at length.
"""

import binascii
import email
import email.utils
import itertools
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Part
from email.parser import BytesHeaderParser
from typing import Final

from doorstep.connectors.mail.html import MAX_LINKS, Link, Page, read_page
from doorstep.connectors.mail.markup import NOTHING, Markup

MAX_DEPTH: Final = 4  # a forward of a forward of a forward
MAX_LETTERS: Final = 8
MAX_READ: Final = 300_000  # characters of visible text; the longest real mail known has 40,000
MAX_TEXT: Final = 6_000_000  # characters of HTML read of one letter: some carry their pictures inside
MAX_PARTS: Final = 400
MAX_HEADER: Final = 4000  # characters; the decoders of the standard library take long over longer ones
_URL: Final = re.compile(r"https?://[^\s<>\"'\]\)]{4,2000}", re.IGNORECASE)
_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_HEADERS_END: Final = re.compile(rb"\A\r?\n|\n\r?\n")
_HAS_PARTS: Final = re.compile(rb"(?im)^content-type:\s*(?:multipart|message)/")
_BOUNDARY: Final = re.compile(r"^--[\w'()+,./:=?-]{4,70}$", re.MULTILINE)
# Marks of quoted-printable in a body that does not announce it: soft line breaks and encoded equals signs.
_QUOTED: Final = re.compile(rb"=\r?\n|=3D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail without its wrapping. ``sender`` is an address or '', ``sent_at`` aware UTC. ``text`` has a line per
    block of the HTML (or is the plain part when there is no HTML); ``plain`` is the plain part beside it, or ''.
    """

    sender: str
    sender_name: str
    subject: str
    message_id: str
    sent_at: datetime | None
    text: str
    plain: str
    links: tuple[Link, ...]
    markup: Markup = NOTHING


def letters(raw: bytes) -> tuple[Letter, ...]:
    """The mail and every mail attached to it, outermost first."""
    return tuple(_letters(_parsed(raw), 0))[:MAX_LETTERS]


def parts_of(raw: bytes) -> Iterator[Part]:
    """Every part of a mail that has no parts of its own, at most ``MAX_PARTS``; a mail attached to it is one."""
    queue, seen = [_parsed(raw)], 0
    while queue and seen < MAX_PARTS:
        part, seen = queue.pop(0), seen + 1
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_maintype() == "multipart":
            queue[:0] = [one for one in payload if isinstance(one, Part)]
        else:
            yield part


def headers_of(raw: bytes) -> Part:
    """The headers of a mail; its body is not looked at."""
    return BytesHeaderParser().parsebytes(raw)


def domain(address: str) -> str:
    """The lower-case domain of an address, '' if there is none."""
    return address.rpartition("@")[2].strip().rstrip(".").lower() if "@" in address else ""


def header(part: Part, name: str) -> str:
    """A header as people read it, on one line; '' if absent."""
    raw = next((value for key, value in part.raw_items() if key.lower() == name), "")
    return " ".join(_decoded(str(raw)[:MAX_HEADER]).split())


def addresses(values: Iterable[str]) -> list[tuple[str, str]]:
    """(name, address in lower case) of From-like headers. Comments within comments (recursion) are refused."""
    texts = [one[:MAX_HEADER] for one in values]
    if any(one.count("(") > 20 for one in texts):
        return []
    return [(name, address.lower()) for name, address in email.utils.getaddresses(texts) if "@" in address]


def moment(text: str) -> datetime | None:
    """A Date header as aware UTC; None where it is missing, broken or without a zone."""
    try:
        found = email.utils.parsedate_to_datetime(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def plain_links(text: str) -> tuple[Link, ...]:
    """The links written out in plain text."""
    found = itertools.islice(_URL.finditer(text), MAX_LINKS)
    return tuple(Link(url=one[0].rstrip(".,;:!?"), words=one[0], at=one.start()) for one in found)


def _letters(message: Part, depth: int) -> Iterator[Letter]:
    parts, inner = _parts(message)
    yield _letter(message, parts)
    if depth < MAX_DEPTH:
        for one in inner[:MAX_LETTERS]:
            yield from _letters(one, depth + 1)


def _parsed(raw: bytes) -> Part:
    """The mail with its parts; only its headers where the parser stumbles over an endless parameter number. Only what
    has parts is given whole to the parser, which goes through it line by line.
    """
    end = _HEADERS_END.search(raw)
    try:
        if end and _HAS_PARTS.search(raw, 0, end.end()):
            return email.message_from_bytes(raw)
        message = email.message_from_bytes(raw[: end.end()] if end else raw)
        if end and (message.get_payload() or message.get_content_maintype() in {"multipart", "message"}):
            return email.message_from_bytes(raw)
    except ValueError:
        return headers_of(raw)
    if end:
        message.set_payload(raw[end.end() :].decode("ascii", "surrogateescape"))
    return message


def _parts(message: Part) -> tuple[list[Part], list[Part]]:
    """The text parts of this mail itself, and the mails attached to it."""
    own: list[Part] = []
    inner: list[Part] = []
    queue: list[Part] = [message]
    for _ in range(MAX_PARTS):
        if not queue:
            break
        part = queue.pop(0)
        kind = part.get_content_type()
        payload = part.get_payload()
        if kind == "message/rfc822" and isinstance(payload, list):
            inner.extend(one for one in payload if isinstance(one, Part))
        elif isinstance(payload, list):
            queue[:0] = [one for one in payload if isinstance(one, Part)]
        elif kind == "message/rfc822" or _is_mail_file(part):
            inner.append(_parsed(_bytes(part)))
        elif part.get_content_maintype() == "multipart":
            queue[:0] = _unwrapped(str(payload))
        elif kind in {"text/plain", "text/html"} and "attachment" not in header(part, "content-disposition").lower():
            own.append(part)
    return own, inner


def _unwrapped(body: str) -> list[Part]:
    """The parts of a multipart body whose boundary is not told, or told wrongly: the first line that can be one and
    comes again. A body without any is text.
    """
    for one in itertools.islice(_BOUNDARY.finditer(body), 20):
        line = one[0].rstrip("-")
        if body.count(f"\n{line}", one.start() + 1):
            head = f'Content-Type: multipart/mixed; boundary="{line[2:]}"\n\n'
            kept = f"\n{line}".join(body.split(f"\n{line}", MAX_PARTS)[:MAX_PARTS])
            parts = _parsed((head + kept).encode("utf-8", "surrogateescape")).get_payload()
            return [part for part in parts if isinstance(part, Part)] if isinstance(parts, list) else []
    kind = "html" if _looks_like_html(body) else "plain"
    return [_parsed(f"Content-Type: text/{kind}; charset=utf-8\n\n{body}".encode("utf-8", "surrogateescape"))]


def _is_mail_file(part: Part) -> bool:
    """An attached .eml that its sender calls something else."""
    try:
        name = part.get_filename() or ""
    except ValueError:  # see _parsed
        return False
    return str(name).lower().endswith(".eml")


def _letter(message: Part, parts: list[Part]) -> Letter:
    html = "\n".join(_text(one) for one in parts if one.get_content_type() == "text/html")[:MAX_TEXT]
    plain = "\n".join(_text(one) for one in parts if one.get_content_type() == "text/plain")[:MAX_TEXT]
    if not html and _looks_like_html(plain):
        html, plain = plain, ""
    page = read_page(html) if html else Page(text=plain)
    name, address = next(iter(addresses([header(message, "from")])), ("", ""))
    return Letter(
        sender=address,
        sender_name=name,
        subject=header(message, "subject"),
        message_id=header(message, "message-id"),
        sent_at=moment(header(message, "date")),
        text=page.text[:MAX_READ],
        plain=plain[:MAX_READ] if html else "",
        links=page.links or plain_links(page.text),
        markup=page.markup,
    )


def _looks_like_html(text: str) -> bool:
    return bool(re.search(r"<(?:html|body|table|!doctype)\b", text[:5000], re.IGNORECASE))


def _bytes(part: Part) -> bytes:
    """The decoded body, whatever state its encoding is in."""
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _text(part: Part) -> str:
    body = _bytes(part)
    encoding = header(part, "content-transfer-encoding").lower()
    if encoding in {"", "7bit", "8bit", "binary"} and len(_QUOTED.findall(body, 0, 50_000)) > 2:
        body = quopri.decodestring(body)
    return _in_charset(body, _charset(part, body))


def _charset(part: Part, body: bytes) -> str:
    try:
        stated = part.get_content_charset()
    except ValueError:  # see _parsed
        stated = None
    if stated:
        return stated
    meta = _META_CHARSET.search(body, 0, 4096)
    return meta[1].decode("ascii") if meta else "utf-8"


def _in_charset(body: bytes, charset: str) -> str:
    """Strictly as stated, else as UTF-8, else as Windows-1252, which covers every byte that can be a letter."""
    for one in (charset, "utf-8"):
        try:
            return body.decode(one).replace("\x00", "")
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return body.decode("cp1252", "replace").replace("\x00", "")


def _decoded(raw: str) -> str:
    """RFC 2047 words decoded; bytes that came raw are taken as UTF-8."""
    raw = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        pieces = decode_header(raw)
    except (ValueError, binascii.Error, HeaderParseError):
        return raw
    # The standard library hands the words between encoded ones back in this escape.
    decoded = (_in_charset(one, of or "raw-unicode-escape") if isinstance(one, bytes) else one for one, of in pieces)
    return "".join(decoded)
