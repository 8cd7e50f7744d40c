"""How many calls a vendor bears in a day of the world."""

from dataclasses import dataclass, field
from datetime import date

from sandbox.clock import Clock


@dataclass(slots=True)
class Daily:
    """``left`` begins anew at midnight UTC."""

    clock: Clock
    most: int
    left: int = field(init=False)
    _day: date = field(init=False)

    def __post_init__(self) -> None:
        self.left, self._day = self.most, self.clock.now().date()

    def spend(self) -> bool:
        """One call; False where none is left today."""
        today = self.clock.now().date()
        if today != self._day:
            self.left, self._day = self.most, today
        self.left -= 1
        return self.left >= 0
