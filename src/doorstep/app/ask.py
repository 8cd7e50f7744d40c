"""Ask 17TRACK about one number without any database: what ``doorstep track --key`` does."""

import asyncio
from typing import Final, cast

from doorstep.app import clock, http
from doorstep.connectors.contract import Account, Answer, Follower, Request
from doorstep.connectors.registry import connector
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track, TrackAnswer

PATIENCE: Final = (0.0, 3.0, 5.0, 10.0, 15.0)  # seconds before each try: 17TRACK asks the carrier after registration


async def ask(number: TrackingNumber, key: str) -> Track | None:
    """What 17TRACK knows of a number; registers it, which costs one unit of the key's quota. None = nothing said yet.
    Raises Trouble.
    """
    carrier = cast(Follower, connector("carrier", "seventeen_track"))
    account = Account(credentials={"api_key": key}, now=clock.now())
    heard: list[Track] = []

    async def on_answer(request: Request, answer: Answer) -> None:
        heard.extend(carrier.read(answer).tracks)

    await http.run(carrier.follow(account, [number]), connector=carrier, account=account)
    for pause in PATIENCE:
        await asyncio.sleep(pause)
        await http.run(carrier.track(account, [number]), connector=carrier, account=account, on_answer=on_answer)
        if heard and heard[-1].answer is not TrackAnswer.NOTHING:
            break
    return heard[-1] if heard else None
