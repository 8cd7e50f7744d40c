"""That a program calls a tracking finished: it is told nothing more about it. Doorstep itself goes on looking, because
shop and shopper may want to know; what a program says is never taken for what a carrier says.
"""

from typing import Any, Final

from doorstep.app.api import asides
from doorstep.app.records.tracked import Tracked

FIELD: Final = "ended"
STOPPED: Final = "stopped"


def ended(one: Tracked) -> str:
    """What the program said: STOPPED or a word of the API that it speaks; '' = it goes on."""
    return str(one.aside.get(FIELD, ""))


def active(one: Tracked) -> bool:
    """Whether there may still be something to tell."""
    return not ended(one) and one.parcel.closed_at is None


def end(ws: int, one: Tracked, word: str, actor: str) -> None:
    """Tell the program nothing more about it; '' = from now on again."""
    said: dict[str, Any] = {FIELD: word or None}
    asides.write(ws, one.number.id, said, actor)
