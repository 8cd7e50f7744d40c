"""A shopper's answer to a mail: what they wrote themselves, whether a program wrote it, and the pictures that came with
it.

Nobody marks in a standard way where the answer ends and the quoted mail begins; what is taken away is only what is
certain. Where nothing would be left everything is kept: a word too much harms less than one that is lost.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email.message import Message as Part
from typing import Final

from doorstep.connectors.mail.mime import addresses, header, headers_of, letters, parts_of

MOST_PICTURES: Final = 3
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
# The line that mail programs put before the mail they quote, in the languages that shoppers read here.
_WROTE: Final = re.compile(
    r"(?:wrote|schrieb|a écrit|escribió|escreveu|写道|寫道|ha scritto|schreef)\s*.{0,120}[::]\s*$", re.IGNORECASE
)
_WROTE_BEGINS: Final = re.compile(r"^(?:On|Am|Le|El|Em|Il|Op|在)\b.{4,200}$")
# Outlook and others put the old mail's headers, or a line of dashes with a title, above it.
_DASHES: Final = re.compile(r"^\s*(?:[-_]{5,}|-{2,}\s*[^-]{4,60}\s*-{2,})\s*$")
_FROM: Final = re.compile(r"^\W{0,3}(?:From|Von|De|Da|Van|发件人)\W{0,3}\s?[::].{1,200}@", re.IGNORECASE)
_SIGNATURE: Final = re.compile(r"^-- ?$")
_AUTOMATIC: Final = frozenset({"bulk", "junk", "list", "auto_reply"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """``sender``: the one From address, '' if there is none or more. ``left_out``: attachments that are no pictures, or
    too many. ``text`` '' = there is nothing in it.
    """

    sender: str
    message_id: str
    text: str
    pictures: tuple[bytes, ...]
    left_out: int


def read_reply(raw: bytes, marks: Collection[str] = ()) -> Reply:
    """A mail as an answer. ``marks``: texts of our own mails, one of which begins what is quoted."""
    letter = next(iter(letters(raw)))
    senders = addresses([str(value) for name, value in headers_of(raw).raw_items() if name.lower() == "from"])
    files = list(_attached(raw))
    pictures = [body for kind, body in files if kind in _PICTURES]
    return Reply(
        sender=senders[0][1] if len(senders) == 1 else "",
        message_id=letter.message_id,
        text=own_words(letter.plain or letter.text, marks),
        pictures=tuple(pictures[:MOST_PICTURES]),
        left_out=len(files) - len(pictures[:MOST_PICTURES]),
    )


def automatic(raw: bytes) -> bool:
    """Whether a program sent it by itself: out of office, a bounce, a list (RFC 3834, RFC 2919, RFC 3464)."""
    message = headers_of(raw)
    submitted = header(message, "auto-submitted").partition(";")[0].strip().lower()
    return (
        submitted not in {"", "no"}
        or header(message, "precedence").lower() in _AUTOMATIC
        or any(header(message, name) for name in ("list-id", "x-autoreply", "x-autorespond", "x-failed-recipients"))
        or message.get_content_type() == "multipart/report"
        or header(message, "return-path").strip() == "<>"
    )


def own_words(text: str, marks: Collection[str] = ()) -> str:
    """What the writer added to a mail that is quoted below, above or in between."""
    lines = text.replace("\r\n", "\n").split("\n")
    end = next((at for at, one in enumerate(lines) if _ends(one, marks)), len(lines))
    kept: list[str] = []
    for one in lines[:end]:
        if one.lstrip().startswith(">"):
            _drop_introduction(kept)
        else:
            kept.append(one.rstrip())
    if end < len(lines):
        _drop_introduction(kept)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() or text.strip()


def _ends(line: str, marks: Collection[str]) -> bool:
    """Whether everything from this line on is another mail, or a signature."""
    plain = line.strip()
    return bool(
        _SIGNATURE.match(line) or _DASHES.match(line) or _FROM.match(plain) or any(one in plain for one in marks)
    )


def _drop_introduction(kept: list[str]) -> None:
    """Take away "On Monday somebody wrote:" at the end of what was kept; it may go over two lines."""
    at = len(kept)
    while at and not kept[at - 1].strip():
        at -= 1
    if at and _WROTE.search(kept[at - 1]):
        at -= 1
        if at and not _begins(kept[at]) and _begins(kept[at - 1]):
            at -= 1
        del kept[at:]


def _begins(line: str) -> bool:
    return bool(_WROTE_BEGINS.match(line.strip()))


def _attached(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Media type and bytes of every part that is not the text of the mail."""
    for part in parts_of(raw):
        kind = part.get_content_type()
        if kind not in {"text/plain", "text/html"} or _is_file(part):
            body = part.get_payload(decode=True)
            yield kind, body if isinstance(body, bytes) else b""


def _is_file(part: Part) -> bool:
    return "attachment" in header(part, "content-disposition").lower()
