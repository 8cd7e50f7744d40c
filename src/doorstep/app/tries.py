"""Tries of what can be guessed, counted in the database: a restart forgets nothing, and all processes count together.

Time is cut into windows of ten minutes, so that within any ten minutes there can be at most twice as many tries as a
limit says. Whose tries they are is kept as a hash.
"""

import hashlib
from collections.abc import Mapping
from math import ceil
from typing import Final

from django.db import transaction

from doorstep.app import clock
from doorstep.db import queries
from doorstep.db.models import Tries

WINDOW_S: Final = 600
# What -> tries per window: of an address on the network, a store's look-up, one order in it, a supplier's link, a mail
# address that codes are sent to, a code that is typed.
LIMITS: Final = {"address": 20, "store": 600, "order": 10, "link": 300, "mail": 5, "code": 5}


class TooMany(Exception):
    """Too many tries; ``wait_s`` seconds later there are new ones."""

    def __init__(self) -> None:
        super().__init__("too many tries")
        self.wait_s = wait_s()


def allow(keys: Mapping[str, str]) -> bool:
    """Count a try under every key (what -> whose); False when one of them has had too many."""
    window = _window()
    with transaction.atomic():
        used = [(what, queries.use_try(_key(what, whose), window)) for what, whose in sorted(keys.items())]
    return all(count <= LIMITS[what] for what, count in used)


def wait_s() -> int:
    """Seconds until the window ends: what ``Retry-After`` says."""
    return max(1, ceil((_window() + 1) * WINDOW_S - clock.machine()))


def forget() -> None:
    """Throw away what was counted in windows that are over."""
    Tries.objects.filter(window__lt=_window()).delete()


def _window() -> int:
    return int(clock.machine() // WINDOW_S)


def _key(what: str, whose: str) -> str:
    return f"{what}:{hashlib.sha256(whose.encode()).hexdigest()}"
