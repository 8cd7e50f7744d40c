"""Outgoing webhooks: sent in the background, retried as the vendor would, counted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import aiohttp

Ended = Callable[[bool], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One webhook. ``waits`` are the real seconds before each repetition; ``ended`` learns whether it was accepted."""

    vendor: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    waits: Sequence[float] = ()
    ended: Ended | None = None


@dataclass(slots=True)
class Tally:
    """``sent`` counts attempts, ``accepted`` those answered 2xx, ``given_up`` the messages that were never accepted."""

    sent: int = 0
    accepted: int = 0
    given_up: int = 0


class Callbacks:
    """Sends for all vendors. Must be closed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._tallies: dict[str, Tally] = {}

    def post(self, message: Message) -> None:
        """Starts sending and returns."""
        task = asyncio.create_task(self._deliver(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def counts(self) -> dict[str, dict[str, int]]:
        """The tallies by vendor."""
        return {vendor: asdict(tally) for vendor, tally in self._tallies.items()}

    async def close(self) -> None:
        """Drops what was not delivered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def _deliver(self, message: Message) -> None:
        tally = self._tallies.setdefault(message.vendor, Tally())
        accepted = False
        for wait in (0.0, *message.waits):
            await asyncio.sleep(wait)
            tally.sent += 1
            accepted = await self._once(message)
            if accepted:
                tally.accepted += 1
                break
        else:
            tally.given_up += 1
        if message.ended:
            await message.ended(accepted)

    async def _once(self, message: Message) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        try:
            async with self._session.post(message.url, data=message.body, headers=message.headers) as answer:
                await answer.read()
                return answer.status // 100 == 2
        except (aiohttp.ClientError, TimeoutError):
            return False
