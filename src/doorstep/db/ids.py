"""Time-ordered 64-bit ids, made without asking the database.

Layout: 41 bits of milliseconds since 2024-01-01 UTC, 10 bits drawn per process, 12 bits counting from a random start
within the millisecond. Ids of one process rise strictly. Two processes collide only if they drew the same 10 bits and
count alike in one millisecond; the primary key refuses it then, and the work is done again.
"""

import random
import secrets
import threading
import time

EPOCH_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z
_PROCESS = secrets.randbelow(1 << 10)
_START = random.Random(secrets.randbits(64))  # noqa: S311 - ids are no secrets, and the system's source is slow
_lock = threading.Lock()
_last = 0


def new_id() -> int:
    """The next id. Uses the machine's wall clock, not the product's clock: ids order rows, they tell no time."""
    global _last  # noqa: PLW0603 - the one counter of the process
    with _lock:
        tick = (time.time_ns() // 1_000_000 - EPOCH_MS) << 12 | _START.getrandbits(11)
        _last = max(_last + 1, tick)
        return (_last >> 12) << 22 | _PROCESS << 12 | (_last & 0xFFF)
