"""Messages to browsers, sealed so that the push service between cannot read them (RFC 8291 over RFC 8188), and signed
so that it knows who sends (RFC 8292, "VAPID"). The signing key is made from the one secret of this installation.
"""

import base64
import functools
import json
import os
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from doorstep.app import vault

MOST: Final = 3000  # bytes of a message; push services take 4096, sealed
VALID_S: Final = 12 * 3600  # of a signature; a day at most (RFC 8292, 2)
_RECORD: Final = 4096
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (FIPS 186-4, D.1.2.3)


def public_key() -> str:
    """Our key as browsers want it when they subscribe."""
    return encoded(_point(_signing_key(str(settings.SECRET_KEY))))


def seal(message: bytes, p256dh: bytes, auth: bytes, own: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """The body of the request; ``own`` and ``salt`` (16 bytes) are drawn for each message. Raises ValueError."""
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    shared, mine = own.exchange(ec.ECDH(), theirs), _point(own)
    secret = _derive(shared, auth, b"WebPush: info\0" + p256dh + mine, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD.to_bytes(4) + bytes([len(mine)]) + mine
    return head + AESGCM(key).encrypt(nonce, message + b"\x02", None)  # one record, which is the last


def sealed(message: bytes, p256dh: str, auth: str) -> bytes:
    """As ``seal``, with keys as a browser writes them, and with a key and a salt of its own."""
    own = ec.generate_private_key(ec.SECP256R1())
    return seal(message, decoded(p256dh), decoded(auth), own, os.urandom(16))


def authorization(origin: str, key: str, machine: float) -> str | None:
    """The header that says who sends, signed by the key that the browser subscribed with; None when that key is gone.
    ``origin`` is the push service's; ``machine``: the machine's seconds.
    """
    keys = (_signing_key(secret) for secret in vault.secrets())
    own = next((one for one in keys if encoded(_point(one)) == key), None)
    if own is None:
        return None
    sub = settings.PUBLIC_URL if settings.PUBLIC_URL.startswith("https://") else "mailto:" + settings.MAIL_DOMAIN
    claims = {"aud": origin, "exp": int(machine) + VALID_S, "sub": sub}
    parts = (json.dumps(one, separators=(",", ":")).encode() for one in ({"typ": "JWT", "alg": "ES256"}, claims))
    signed = ".".join(map(encoded, parts))
    r, s = decode_dss_signature(own.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"vapid t={signed}.{encoded(r.to_bytes(32) + s.to_bytes(32))}, k={key}"


def encoded(raw: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """Bytes of such a text. Raises ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@functools.lru_cache(maxsize=8)
def _signing_key(secret: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(_derive(secret.encode(), b"", b"doorstep web push", 48))
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())
