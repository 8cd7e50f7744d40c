"""Who really sent a mail, found once, when it arrives (a signing key may be gone when the mail is read again).

Three proofs count:

- **dkim**: a signature of our own checking (RSA or Ed25519, RFC 8463) whose domain is aligned with the one From
  address, which it signs: the same, above or below it, or of the same organization (``organization``);
- **authserv**: the topmost Authentication-Results header, if it is of a server listed in DOORSTEP_AUTHSERV_IDS and says
  ``dmarc=pass`` or ``dkim=pass`` for an aligned domain. That server must remove headers that claim its own name
  (RFC 8601, section 5), and nothing but it may reach our SMTP port. Of a mail that was fetched from a provider whose
  name is known, that provider's word counts so too;
- **member**: either of these for an address of a member of the workspace. A From line alone proves nothing.

None does where one reader could take a header for text that another takes for a header: there a forger could show us
his own words above those that were signed.
"""

import dataclasses
import functools
import re
from collections.abc import Collection
from email.message import Message as Part
from typing import Final

import dkim
import dns.exception
import dns.resolver
from django.conf import settings

from doorstep.app.receive.ed25519 import Signed
from doorstep.app.receive.organization import Lookup, speaks_for
from doorstep.connectors.mail.mime import addresses, domain, headers_of
from doorstep.core.mailmatch import MEMBER, Proof

DNS_TIMEOUT_S: Final = 4.0
MAX_SIGNATURES: Final = 5  # a mail with more is looking for trouble
# Names, colons and folded lines, each ended by LF or CRLF, up to an empty one (RFC 5322, 2.2); a mailbox's "From " line
# may stand before them. A lone CR ends a line for some readers and none for others.
_HEADERS: Final = re.compile(
    rb"(?:From [^\r\n]*+\r?\n)?(?:[!-9;-~]++:[^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+(?:\r?\n|\Z))*+(?:\r?\n|\Z)"
)
_COMMENT: Final = re.compile(r"\([^()]{0,500}\)")
_PASS: Final = re.compile(r"^(dkim|dmarc)=pass\b", re.IGNORECASE)
_PROPERTY: Final = re.compile(r"header\.(?:d|i|from)=\"?@?([^\s;\"]+)", re.IGNORECASE)


def prove(raw: bytes, lookup: Lookup | None = None, receiver: str = "") -> Proof:
    """The domain proven to have sent a mail. ``receiver``: the name of the server that it was fetched from, which is
    believed like those of the operator. May take some seconds (DNS): never call it on the loop.
    """
    message = headers_of(raw)
    sender = domain(from_address(message))
    if not sender:
        return Proof(why_not="mail.no_sender")
    if not _HEADERS.match(raw):
        return Proof(why_not="mail.signature_broken")
    ask = lookup or txt
    by_server = _by_server(message, sender, ask, {*settings.AUTHSERV_IDS, receiver} - {""})
    return by_server or _by_signature(raw, sender, ask)


def for_members(proof: Proof, address: str, members: Collection[str]) -> Proof:
    """The proof as one workspace sees it: a proven mail of a member's own address is a member's."""
    mine = proof.how and address.lower() in {one.lower() for one in members}
    return dataclasses.replace(proof, how=MEMBER) if mine else proof


def from_address(message: Part) -> str:
    """The one From address, lower case; '' when there is none or more than one."""
    found = [str(value) for name, value in message.raw_items() if name.lower() == "from"]
    named = addresses(found)
    return named[0][1] if len(found) == len(named) == 1 else ""


def txt(name: str) -> bytes | None:
    """A TXT record by DNS; keys given in DOORSTEP_DKIM_KEYS (demo only) are taken from there."""
    name = name.rstrip(".").lower()
    if name in _demo_keys(settings.DKIM_KEYS):
        return b"v=DKIM1; k=rsa; p=" + _demo_keys(settings.DKIM_KEYS)[name].encode()
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=DNS_TIMEOUT_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    except dns.exception.DNSException as problem:
        raise TimeoutError(name) from problem
    return b"".join(next(iter(answer)).strings)


@functools.lru_cache(maxsize=4)
def _demo_keys(text: str) -> dict[str, str]:
    """``<selector>._domainkey.<domain>=<base64 of the public key>``, comma separated."""
    pairs = (one.strip().partition("=") for one in text.split(",") if one.strip())
    return {name.lower(): key for name, _, key in pairs}


def _by_server(message: Part, sender: str, lookup: Lookup, believed: Collection[str]) -> Proof | None:
    """What the topmost Authentication-Results header proves, if its server is believed."""
    results = next((str(value) for name, value in message.raw_items() if name.lower() == "authentication-results"), "")
    server, *methods = (one.strip() for one in _COMMENT.sub(" ", " ".join(results.split())).split(";"))
    if not server or server.split()[0].lower() not in {one.lower() for one in believed}:
        return None
    for method in methods:
        for found in _PROPERTY.findall(method) if _PASS.match(method) else ():
            proven, _ = _speaks_for(sender, domain(found) or found.lower(), lookup)
            if proven:
                return Proof(domain=proven, how="authserv", why_not="")
    return None


def _by_signature(raw: bytes, sender: str, lookup: Lookup) -> Proof:
    """The first DKIM signature that fits and is aligned, or why there is none."""
    check = _Check(raw, lookup)
    reasons = []
    for index in range(min(check.count, MAX_SIGNATURES)):
        signer, reason = check.signer(index)
        proven, unsure = _speaks_for(sender, signer, lookup)
        if proven:
            return Proof(domain=proven, how="dkim", why_not="")
        reasons.append(reason or unsure or "mail.signed_by_other")
    # The most telling reason: what a second try could mend, then what somebody tampered with.
    order = ("mail.key_unreachable", "mail.signature_broken", "mail.signed_by_other")
    return Proof(why_not=next((one for one in order if one in reasons), "mail.unsigned"))


def _speaks_for(sender: str, signer: str, lookup: Lookup) -> tuple[str, str]:
    """The domain that proves the sender, '' if none does; and why that could not be found out."""
    try:
        return speaks_for(sender, signer, lookup), ""
    except TimeoutError:
        return "", "mail.key_unreachable"


class _Check:
    """The signatures of one mail. dkimpy parses the mail once for all of them."""

    def __init__(self, raw: bytes, lookup: Lookup) -> None:
        self._lookup = lookup
        self._unreachable = False
        try:
            self._dkim = Signed(raw, minkey=1024, timeout=DNS_TIMEOUT_S)
            self.count = sum(name.lower() == b"dkim-signature" for name, _ in self._dkim.headers)
        except (dkim.DKIMException, ValueError, IndexError):  # not even headers
            self.count = 0

    def signer(self, index: int) -> tuple[str, str]:
        """(domain, '') of a signature that fits, or ('', why not)."""
        self._unreachable = False
        try:
            fits = self._dkim.verify(index, dnsfunc=self._key)
        except Exception:
            fits = False
        if self._unreachable:
            return "", "mail.key_unreachable"
        fields = self._dkim.signature_fields
        # A signature over a part of the body (l=) lets anybody append a number; SHA-1 is broken (RFC 8301).
        if (
            not fits
            or b"l" in fields
            or fields.get(b"a") == b"rsa-sha1"
            or b"from" not in b"".join(fields.get(b"h", b"").lower().split()).split(b":")
        ):
            return "", "mail.signature_broken"
        return self._dkim.domain.decode("ascii", "replace").lower(), ""

    def _key(self, name: bytes, timeout: float = DNS_TIMEOUT_S) -> bytes | None:
        try:
            return self._lookup(name.decode("ascii", "replace"))
        except TimeoutError:
            self._unreachable = True
            return None
