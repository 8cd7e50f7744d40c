"""A mail forwarded inside the text of another: mail programs put the old headers above the old words."""

import dataclasses
import itertools
import re
from typing import Final

from doorstep.connectors.mail.mime import Letter, addresses
from doorstep.connectors.mail.words import FORWARDED

_LINE: Final = r"^[ \t>*|]{0,20}(?:%s)[ \t*]{0,3}[:：][ \t*]{0,3}([^\n]{1,300}?)[ \t*]{0,3}$"
_FROM: Final = re.compile(_LINE % FORWARDED["from"], re.IGNORECASE | re.MULTILINE)
_SUBJECT: Final = re.compile(_LINE % FORWARDED["subject"], re.IGNORECASE | re.MULTILINE)
_DATE: Final = re.compile(_LINE % FORWARDED["date"], re.IGNORECASE | re.MULTILINE)
_ADDRESS: Final = re.compile(r"[\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
MAX_FORWARDS: Final = 30
_BLOCK: Final = 800  # characters within which the other old headers stand


def original(letter: Letter) -> Letter:
    """The letter that this one forwards in its text (the innermost), or the letter itself.

    Only sender and subject change: the words above the forwarded ones are the forwarder's and may hold a number too. An
    old header block counts when a From line with an address and a Subject or Date line stand together.
    """
    found = letter
    text = letter.text or letter.plain
    for head in itertools.islice(_FROM.finditer(text), MAX_FORWARDS):
        address = _address(head[1])
        block = text[max(0, head.start() - _BLOCK) : head.end() + _BLOCK]
        subject = _SUBJECT.search(block)
        if address and (subject or _DATE.search(block)):
            found = dataclasses.replace(
                letter,
                sender=address,
                sender_name=next((name for name, _ in addresses([head[1]])), ""),
                subject=subject[1].strip() if subject else letter.subject,
                sent_at=None,  # the old date is written in the forwarder's own way and zone
            )
    return found


def _address(text: str) -> str:
    found = _ADDRESS.search(text)
    return found[0].lower() if found else ""
