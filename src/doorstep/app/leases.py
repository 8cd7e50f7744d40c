"""Leases: who works on a row carries a token; a write with an old token changes nothing.

They end at a machine second (``clock.machine``), which a machine may set back or forward at any time. Set back, leases
would seem to last for hours: one that ends later than any lease can is not believed. Set forward, they end while
somebody still works: who takes over something that cannot be done twice lets it rest first (``app.push.deliver``).
"""

import secrets
from typing import Final

from django.db.models import Q

LONGEST_S: Final = 330.0  # the longest lease that is given (a walk through a shop), and what clocks may differ


def new_token() -> int:
    """A token nobody else has."""
    return secrets.randbits(62) + 1


def free(machine: float) -> Q:
    """The rows that nobody holds at this machine second."""
    return Q(lease_until__lt=machine) | Q(lease_until__gt=machine + LONGEST_S)
