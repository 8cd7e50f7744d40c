"""Which domains belong to one organization, by DMARC's DNS tree walk (RFC 9989, section 4.10): relaxed alignment, so
that ``bounce.shop.example`` speaks for ``news.shop.example`` where the shop says that both are its own.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from doorstep.core.mailmatch import aligned

# The TXT record of a name, joined; None = there is none. Raises TimeoutError when nobody answers.
Lookup = Callable[[str], bytes | None]
MAX_LABELS: Final = 8  # of a longer name only the last seven labels are asked about
_RECORD: Final = re.compile(rb"\s*v\s*=\s*DMARC1\s*(?:;|$)")
_PSD: Final = re.compile(rb";\s*psd\s*=\s*([ynu])\b", re.IGNORECASE)
# Registries sell names below these (co.uk, com.au); one that publishes a record without psd=y is no organization.
_REGISTRY: Final = re.compile(
    r"(?:ac|co|com|edu|go|gob|gouv|gov|gv|id|ltd|me|mil|ne|net|nom|or|org|plc|sch|web)\.[a-z]{2}"
)


def speaks_for(sender: str, signer: str, lookup: Lookup) -> str:
    """The domain that proves a sender, '' if the signer does not speak for them: the signer's own where it is the
    sender's or one above or below it, else that of the organization both belong to. Raises TimeoutError.
    """
    if aligned(sender, signer):
        return signer
    shared = _shared(sender, signer)
    if "." not in shared or _REGISTRY.fullmatch(shared):
        return ""
    found = organization(sender, lookup)
    return found if "." in found and aligned(shared, found) and organization(signer, lookup) == found else ""


def organization(domain: str, lookup: Lookup) -> str:
    """The organizational domain of a domain, '' if no record says so. Raises TimeoutError."""
    found = ""
    for name in _upwards(domain):
        record = lookup(f"_dmarc.{name}")
        if record is None or not _RECORD.match(record):
            continue
        flag = _PSD.search(record)
        kind = flag[1].lower() if flag else b"u"
        if kind == b"n":
            return name
        if kind == b"y" and name != domain:
            return ".".join(domain.split(".")[-name.count(".") - 2 :])
        found = name
    return "" if _REGISTRY.fullmatch(found) else found


def _upwards(domain: str) -> Iterator[str]:
    """The names to ask about: the domain itself, then what is above it, at most eight."""
    labels = domain.split(".")
    yield domain
    rest = labels[1:] if len(labels) < MAX_LABELS else labels[-MAX_LABELS + 1 :]
    yield from (".".join(rest[start:]) for start in range(len(rest)))


def _shared(one: str, other: str) -> str:
    """The end that two domains have in common, in whole labels."""
    same: list[str] = []
    for mine, theirs in zip(reversed(one.split(".")), reversed(other.split(".")), strict=False):
        if mine != theirs:
            break
        same.insert(0, mine)
    return ".".join(same)
