"""Credentials at rest: sealed with a key derived from the one secret of this installation."""

import base64
import functools
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from doorstep.core.message import Message


class WrongKey(Exception):
    """The key is not the one this was sealed with: the key file was lost or exchanged."""

    def __init__(self) -> None:
        super().__init__("sealed with another key")
        self.message = Message(id="vault.wrong_key")


def secrets() -> tuple[str, ...]:
    """The key of today, then former ones."""
    return str(settings.SECRET_KEY), *settings.FORMER_KEYS


def seal(values: Mapping[str, str]) -> bytes:
    """Encrypt and sign credentials."""
    return _fernet(str(settings.SECRET_KEY)).encrypt(json.dumps(dict(values)).encode())


def unseal(sealed: bytes | memoryview) -> dict[str, str]:
    """The credentials again, also those that a former key sealed; nothing sealed = none. Raises WrongKey."""
    if not len(sealed):
        return {}
    try:
        opened = MultiFernet([_fernet(one) for one in secrets()]).decrypt(bytes(sealed))
    except InvalidToken:
        raise WrongKey from None
    return {str(key): str(value) for key, value in json.loads(opened).items()}


def is_current(sealed: bytes | memoryview) -> bool:
    """Whether the key of today opens it; what is empty needs none."""
    try:
        return not len(sealed) or bool(_fernet(str(settings.SECRET_KEY)).decrypt(bytes(sealed)))
    except InvalidToken:
        return False


@functools.lru_cache(maxsize=8)
def _fernet(secret: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=b"", info=b"doorstep credentials").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))
