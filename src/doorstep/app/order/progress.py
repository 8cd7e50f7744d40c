"""How far an order has come, in five stages a merchant thinks in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from doorstep.core.order import OrderState
from doorstep.core.status import Status

STAGES: Final = ("order", "number", "pushed", "moving", "delivered")
_STILL: Final = frozenset({Status.PENDING, Status.NOT_FOUND, Status.INFO_RECEIVED, Status.EXPIRED, Status.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """``reached`` of STAGES, 1 to 5; 0 = cancelled. ``wrong``: the next one is blocked until somebody acts."""

    reached: int
    wrong: bool = False

    @property
    def name(self) -> str:
        """The stage reached; 'cancelled' for none."""
        return STAGES[self.reached - 1] if self.reached else "cancelled"


def stage(state: str, statuses: Sequence[str], pushes: Sequence[str]) -> Stage:
    """The stage of an order from its state, the statuses of its parcels that have a number, and its pushes' states."""
    wrong = any(one in {"refused", "unsure"} for one in pushes)
    if state == OrderState.CANCELLED:
        return Stage(reached=0)
    if state == OrderState.DELIVERED:
        return Stage(reached=5)
    if any(Status(one) not in _STILL for one in statuses):
        return Stage(reached=4, wrong=wrong)
    if "accepted" in pushes:
        return Stage(reached=3, wrong=wrong)
    return Stage(reached=2 if statuses else 1, wrong=wrong)
