"""Ask carriers about one number without any database: what ``doorstep track`` does with accounts of the environment."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from doorstep.app import clock, http
from doorstep.app.connections.connect import account_from
from doorstep.app.vendors import accounts
from doorstep.connectors.contract import Account, Answer, Carrier, Follower, Request, Trouble
from doorstep.connectors.registry import connector
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track, TrackAnswer

PATIENCE: Final = (0.0, 3.0, 5.0, 10.0, 15.0)  # seconds before each try: who keeps a list asks the carrier first


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one account said: the parcel as it knows it (None = nothing said yet), or why it could not be asked."""

    name: str
    track: Track | None = None
    trouble: Trouble | None = None

    @property
    def knows(self) -> bool:
        """Whether it told scans."""
        return self.track is not None and self.track.answer is TrackAnswer.EVENTS


async def ask_each(
    number: TrackingNumber, forms: Mapping[str, Mapping[str, str]], names: Sequence[str]
) -> tuple[Asked, ...]:
    """One account after the other, until one tells scans."""
    heard: list[Asked] = []
    for name in names:
        try:
            heard.append(Asked(name=name, track=await _ask(number, name, forms[name])))
        except Trouble as trouble:
            heard.append(Asked(name=name, trouble=trouble))
        if heard[-1].knows:
            break
    return tuple(heard)


async def _ask(number: TrackingNumber, name: str, form: Mapping[str, str]) -> Track | None:
    """What an account knows of a number; where it keeps a list, the number is put on it first. Raises Trouble."""
    carrier = cast(Carrier, connector("carrier", name))
    account = await accounts.fresh(carrier, account_from(carrier.meta, form))
    follows = hasattr(carrier, "follow")
    if follows:
        begun = cast(Follower, carrier).follow(account, [number])
        await http.run(begun, connector=carrier, account=account)
    track = None
    for pause in PATIENCE if follows else PATIENCE[:1]:
        await asyncio.sleep(pause)
        track = await _look(carrier, account, number) or track
        if track and track.answer is not TrackAnswer.NOTHING:
            break
    return track


async def _look(carrier: Carrier, account: Account, number: TrackingNumber) -> Track | None:
    heard: list[Track] = []

    async def on_answer(request: Request, answer: Answer) -> None:
        heard.extend(carrier.read(answer).tracks)

    asked = replace(account, now=clock.now())
    await http.run(carrier.track(asked, [number]), connector=carrier, account=asked, on_answer=on_answer)
    return heard[-1] if heard else None
