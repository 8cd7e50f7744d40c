"""Whether the machine's clock ran evenly. What rests until a second of that clock has not rested when somebody sets it
forward, so a process that has work of that kind to do watches the clock beside one that nobody can set.
"""

import math
from typing import Final

from doorstep.app import clock

JUMP_S: Final = 1.0  # a clock that is kept right moves by much less between two looks
_even_since: float | None = None  # monotonic seconds; None = nobody watches
_apart = 0.0


def watch() -> None:
    """Begin: what the clock did before is not known."""
    global _even_since, _apart
    _even_since, _apart = clock.monotonic(), clock.machine() - clock.monotonic()


def for_s() -> float:
    """For how many real seconds it has run evenly, as far as was watched; without end where nobody watches."""
    if _even_since is None:
        return math.inf
    if abs(clock.machine() - clock.monotonic() - _apart) > JUMP_S:
        watch()
    return clock.monotonic() - _even_since
