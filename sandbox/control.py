"""The door for people and tests: what the world holds, new orders, trouble, time."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiohttp import web

from sandbox import aggregator, store, supplier
from sandbox.faults import Fault, Handler, Planned
from sandbox.journeys import BY_NAME
from sandbox.world import World


def control_app(world: World) -> web.Application:
    """The routes; each handler says what it takes."""
    control = _Control(world)
    app = web.Application(middlewares=[_explain])
    app.add_routes(
        [
            web.get("/control/state", control.state),
            web.get("/control/pushes", control.pushes),
            web.get("/control/calls", control.calls),
            web.post("/control/orders", control.place),
            web.get("/control/marketplaces", control.marketplaces),
            web.post("/control/marketplaces", control.buy),
            web.post("/control/numbers", control.release),
            web.post("/control/faults", control.trouble),
            web.delete("/control/faults", control.mend),
            web.post("/control/advance", control.advance),
            web.post("/control/push-address", control.push_address),
        ]
    )
    return app


class _Control:
    def __init__(self, world: World) -> None:
        self._world = world

    async def state(self, _: web.Request) -> web.Response:
        """Everything: time, script, what the store was given, what was sent, what is followed."""
        world = self._world
        return web.json_response(
            {
                "now": world.clock.now().isoformat(),
                "rate": world.clock.rate,
                "keys": {
                    "store": {"consumer_key": store.KEY, "consumer_secret": store.SECRET},
                    "supplier": {"api_key": supplier.API_KEY},
                    "aggregator": {"token": aggregator.KEY},
                },
                "cases": [{**case.as_json(), "status": case.order.status} for case in world.cases],
                "fulfillments": self._fulfillments(),
                "webhooks": {"counts": world.callbacks.counts(), "store": world.store.hooks.states()},
                "mails": world.mailer.state(),
                "followed": {number: entry.carrier.name for number, entry in world.aggregator.followed.items()},
                "push_address": world.aggregator.push_address,
                "faults_left": world.faults.left(),
            }
        )

    async def pushes(self, _: web.Request) -> web.Response:
        """How often the store was given each number: ``posts`` above 1 is a duplicate."""
        rows = self._fulfillments()
        doubles = [row for row in rows if row["posts"] > 1]
        return web.json_response({"fulfillments": rows, "duplicates": doubles})

    async def calls(self, _: web.Request) -> web.Response:
        """When each vendor was called, in monotonic seconds of this machine."""
        return web.json_response(self._world.faults.calls)

    async def place(self, request: web.Request) -> web.Response:
        """{journey, route, days_ago, authentic, layout}; all optional. 201 with the case."""
        body = await _body(request)
        ago = timedelta(days=float(body.pop("days_ago", 0)))
        known = {name: body[name] for name in ("journey", "route", "authentic", "layout") if name in body}
        case = self._world.place(at=self._world.clock.now() - ago, **known)
        self._world.hurry()
        return web.json_response(case.as_json(), status=201)

    async def marketplaces(self, _: web.Request) -> web.Response:
        """{keys, orders}: how to be let in at each, and the numbers that each was given by order."""
        places = self._world.marketplaces
        return web.json_response({"keys": places.keys(), "orders": places.state()})

    async def buy(self, request: web.Request) -> web.Response:
        """{vendor}: somebody buys at ebay, etsy, amazon or shopify. 201 with the order's id."""
        bought = self._world.marketplaces.place(str((await _body(request)).get("vendor")))
        return web.json_response(bought, status=201)

    async def release(self, request: web.Request) -> web.Response:
        """{number, journey}: a number from outside begins to travel."""
        body = await _body(request)
        journey = str(body.get("journey") or "smooth")
        if journey not in BY_NAME or not body.get("number"):
            raise ValueError(f"number is needed; journey is one of {', '.join(BY_NAME)}")
        shipment = self._world.release(str(body["number"]), journey)
        return web.json_response({"number": shipment.number, "carrier": shipment.carrier.name}, status=201)

    async def trouble(self, request: web.Request) -> web.Response:
        """{vendor, fault, calls, method, path, seconds}: the next ``calls`` that fit fail."""
        body = await _body(request)
        planned = Planned(
            fault=Fault(str(body.get("fault"))),
            calls=int(body.get("calls", 1)),
            method=str(body.get("method", "")),
            path=str(body.get("path", "")),
        )
        planned.seconds = float(body.get("seconds", planned.seconds))
        self._world.faults.plan(str(body.get("vendor")), planned)
        return web.json_response(self._world.faults.left(), status=201)

    async def mend(self, _: web.Request) -> web.Response:
        """Everybody behaves again."""
        self._world.faults.clear()
        return web.json_response({})

    async def advance(self, request: web.Request) -> web.Response:
        """{days}: this world's clock jumps; the product's does not."""
        body = await _body(request)
        self._world.clock.jump(timedelta(days=float(body.get("days", 0))))
        self._world.happen()
        return web.json_response({"now": self._world.clock.now().isoformat()})

    async def push_address(self, request: web.Request) -> web.Response:
        """{url}: what a person types into 17TRACK's own settings page; '' switches pushes off."""
        self._world.aggregator.push_address = str((await _body(request)).get("url", ""))
        return web.json_response({"url": self._world.aggregator.push_address})

    def _fulfillments(self) -> list[dict[str, Any]]:
        posts = self._world.store.posts.items()
        return [{"order": str(order), "number": number, "posts": posted} for (order, number), posted in posts]


async def _body(request: web.Request) -> dict[str, Any]:
    body = await request.json() if request.can_read_body else {}
    if not isinstance(body, Mapping):
        raise TypeError("the body must be a JSON object")
    return dict(body)


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (ValueError, TypeError) as problem:
        return web.json_response({"error": str(problem)}, status=400)
