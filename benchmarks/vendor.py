"""A vendor on the loopback that takes its time: ``python -m benchmarks.vendor PORT LATENCY_MS CHANGED``.

Speaks as much of 17TRACK's API v2.2 as polling needs, one number a call, answers of about 2 kB with eight scans.
``CHANGED``: the share of answers that say something new. ``GET /count`` tells how many numbers were asked about.
"""

import asyncio
import json
import random
import sys
from collections import Counter

from aiohttp import web

TEXTS = (
    "Shipment information received",
    "Accepted by the carrier",
    "Departed from the sorting centre",
    "Arrived at the airport of origin",
    "Departed from the airport of origin",
    "Arrived in the destination country",
    "Cleared by customs",
    "Handed over to the delivery company",
)
CODES = ("InfoReceived", "InTransit_PickedUp", *["InTransit_Other"] * 3, "InTransit_Arrival", *["InTransit_Other"] * 2)


def main() -> None:
    """Serve until killed."""
    port, latency, changed = int(sys.argv[1]), float(sys.argv[2]) / 1000, float(sys.argv[3])
    dice, rounds, asked = random.Random(7), Counter[str](), Counter[str]()

    async def tell(request: web.Request) -> web.Response:
        numbers = [one["number"] for one in json.loads(await request.read())]
        await asyncio.sleep(latency)
        asked["numbers"] += len(numbers)
        for number in numbers:
            if number not in rounds or dice.random() < changed:
                rounds[number] += 1
        accepted = [_track(number, rounds[number]) for number in numbers]
        return web.json_response({"code": 0, "data": {"accepted": accepted, "rejected": []}})

    async def count(_: web.Request) -> web.Response:
        return web.json_response(dict(asked))

    app = web.Application()
    app.add_routes([web.post("/track/v2.2/gettrackinfo", tell), web.get("/count", count)])
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None, backlog=4096)


def _track(number: str, turn: int) -> dict[str, object]:
    scans = [
        {
            "time_iso": f"2026-11-{1 + at // 2:02}T{8 + at % 2 * 9:02}:{turn % 60:02}:00+01:00",
            "time_utc": None,
            "description": f"{text}, run {turn}",
            "sub_status": code,
            "location": "Porto, Portugal",
            "address": None,
        }
        for at, (text, code) in enumerate(zip(TEXTS, CODES, strict=True))
    ]
    providers = [{"provider": {"key": 21051, "name": "x"}, "events": scans[::-1]}]
    return {
        "number": number,
        "carrier": 21051,
        "track_info": {
            "latest_status": {"status": "InTransit", "sub_status": CODES[-1]},
            "misc_info": {"local_number": None, "local_provider": None},
            "tracking": {"providers": providers},
        },
    }


if __name__ == "__main__":
    main()
