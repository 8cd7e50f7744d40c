"""Leases: who works on a row carries a token; a write with an old token changes nothing."""

import secrets


def new_token() -> int:
    """A token nobody else has."""
    return secrets.randbits(62) + 1
