"""A device that holds passkeys, in software: it signs what a browser would (WebAuthn level 2, attestation "none")."""

import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

ORIGIN = "https://testserver"
_PRESENT_AND_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class Authenticator:
    """One passkey of one person."""

    def __init__(self) -> None:
        self.key, self.id, self.user, self.signed = ec.generate_private_key(ec.SECP256R1()), os.urandom(32), "", 0

    def make(self, options: dict[str, Any]) -> str:
        """What the browser answers to creation options."""
        asked = options["publicKey"]
        self.user = asked["user"]["id"]
        said = self._said("webauthn.create", asked["challenge"])
        own = AttestedCredentialData.create(b"\0" * 16, self.id, ES256.from_cryptography_key(self.key.public_key()))
        data = AuthenticatorData.create(
            _hash(asked["rp"]["id"]), _PRESENT_AND_VERIFIED | AuthenticatorData.FLAG.AT, self.signed, bytes(own)
        )
        made = AttestationObject.create("none", data, {})
        return self._answer(said, attestationObject=websafe_encode(bytes(made)))

    def sign(self, options: dict[str, Any]) -> str:
        """What the browser answers to request options."""
        asked = options["publicKey"]
        self.signed += 1
        said = self._said("webauthn.get", asked["challenge"])
        data = bytes(AuthenticatorData.create(_hash(asked["rpId"]), _PRESENT_AND_VERIFIED, self.signed))
        signature = self.key.sign(data + hashlib.sha256(bytes(said)).digest(), ec.ECDSA(SHA256()))
        parts = {"authenticatorData": data, "signature": signature, "userHandle": websafe_decode(self.user)}
        return self._answer(said, **{name: websafe_encode(raw) for name, raw in parts.items()})

    def _said(self, what: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(what, challenge, ORIGIN)

    def _answer(self, said: CollectedClientData, **response: str) -> str:
        name = websafe_encode(self.id)
        response["clientDataJSON"] = websafe_encode(bytes(said))
        more = {"type": "public-key", "clientExtensionResults": {"credProps": {"rk": True}}}
        return json.dumps({"id": name, "rawId": name, "response": response, **more})


def _hash(rp: str) -> bytes:
    return hashlib.sha256(rp.encode()).digest()
