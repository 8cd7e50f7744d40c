"""What tells one change from another, so that a replay writes none twice."""

from hashlib import blake2b
from typing import Literal

Subject = Literal["order", "purchase", "parcel", "number", "connection"]


def change_key(subject: Subject, *content: str) -> bytes:
    """16 bytes from a change's content: the subject's id, the kind of change, old value, new value, what caused it.

    The cause comes from the facts and never from the clock (the headline's event key, the time a claim was first
    said). Without it the second time that a parcel goes from customs to transit would be taken for the first.
    """
    digest = blake2b(digest_size=16)
    for text in (subject, *content):
        raw = text.encode()
        digest.update(len(raw).to_bytes(4) + raw)
    return digest.digest()
