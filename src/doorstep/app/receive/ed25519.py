"""DKIM signatures with Ed25519 keys (RFC 8463), checked by the cryptography we have: dkimpy wants another library."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import dkim
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Signed(dkim.DKIM):  # type: ignore[misc]  # dkimpy is untyped
    """A mail whose signatures are checked, RSA by dkimpy itself."""

    def verify_sig(
        self,
        sig: dict[bytes, bytes],
        include_headers: list[bytes],
        sig_header: tuple[bytes, bytes],
        dnsfunc: Callable[..., bytes | None],
    ) -> bool:
        """Whether one signature fits. May raise what dkimpy raises; then it does not."""
        if sig.get(b"a") != b"ed25519-sha256":
            return bool(super().verify_sig(sig, include_headers, sig_header, dnsfunc))
        record = dnsfunc(sig[b"s"] + b"._domainkey." + sig[b"d"] + b".", timeout=self.timeout)
        key = _key(record or b"")
        if key is None:
            return False
        self.pk, self.keysize, self.ktag, self.seqtlsrpt = key, 256, b"ed25519", False
        return bool(self.verify_sig_process(sig, include_headers, sig_header, dnsfunc))


class _Key:
    """A public key as dkimpy calls it: ``verify`` raises where the signature does not fit."""

    def __init__(self, raw: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(raw)

    def verify(self, digest: bytes, signature: bytes) -> None:
        try:
            self._key.verify(signature, digest)
        except InvalidSignature:
            raise dkim.ValidationError("the signature does not fit") from None


def _key(record: bytes) -> Any:
    """The key of a DNS record, None if it holds none of this kind."""
    try:
        fields = dkim.util.parse_tag_value(record)
        if fields.get(b"k") != b"ed25519" or fields.get(b"v", b"DKIM1") != b"DKIM1":
            return None
        return _Key(base64.b64decode(fields.get(b"p", b"")))
    except (dkim.util.InvalidTagValueList, binascii.Error, ValueError):
        return None
