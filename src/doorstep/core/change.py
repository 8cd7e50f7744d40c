"""What is different now. Every sink (push, mail, webhook, page) is fed from changes."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

Subject = Literal["order", "purchase", "parcel", "number", "store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. ``kind`` names the field in domain words (``status``, ``number``, ``contents``); ``old`` and
    ``new`` are its values as text, '' = none. ``key``: see ``change_key``.
    """

    subject: Subject
    subject_id: str
    kind: str
    old: str
    new: str
    key: bytes


def change(subject: Subject, subject_id: str, kind: str, *, old: str, new: str, cause: str = "") -> Change | None:
    """The change, or None where nothing is different."""
    if old == new:
        return None
    key = change_key(subject, subject_id, kind, old=old, new=new, cause=cause)
    return Change(subject=subject, subject_id=subject_id, kind=kind, old=old, new=new, key=key)


def change_key(subject: Subject, subject_id: str, kind: str, *, old: str, new: str, cause: str = "") -> bytes:
    """16 bytes from the content, so that a replay finds the change recorded already.

    ``cause`` is what made it happen, from the facts and not from the clock (the headline's event key, the time a claim
    was first said): without it the second time that a parcel goes from customs to transit would be taken for the first.
    """
    digest = blake2b(digest_size=16)
    for text in (subject, subject_id, kind, old, new, cause):
        raw = text.encode()
        digest.update(len(raw).to_bytes(4) + raw)
    return digest.digest()
