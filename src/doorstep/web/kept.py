"""What was drawn last, by what was asked for, while what it was drawn from is the same."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

MOST_BYTES: Final = 32 << 20


@dataclass(slots=True)
class Kept:
    """The pages of a process by their path, oldest look first; at most ``most`` bytes of them."""

    most: int = MOST_BYTES
    size: int = 0
    _pages: OrderedDict[str, tuple[bytes, bytes]] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def get(self, path: str, key: bytes) -> bytes | None:
        """The page of this path as it was drawn from ``key``."""
        with self._guard:
            known = self._pages.get(path)
            if known is None or known[0] != key:
                return None
            self._pages.move_to_end(path)
            return known[1]

    def put(self, path: str, key: bytes, page: bytes) -> None:
        """Keep a page instead of the one that was drawn before."""
        with self._guard:
            self.size += len(page) - len(self._pages.pop(path, (b"", b""))[1])
            self._pages[path] = key, page
            while self.size > self.most:
                self.size -= len(self._pages.popitem(last=False)[1][1])
