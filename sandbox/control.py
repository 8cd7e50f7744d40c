"""The door for people and tests: what the world holds, new orders, trouble, time."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiohttp import web

from sandbox import aggregator, store, supplier
from sandbox.faults import Fault, Handler, Planned
from sandbox.journeys import BY_NAME
from sandbox.vendors import described
from sandbox.world import World

WANTED = ("journey", "route", "channel", "supplier", "carrier", "authentic", "layout", "paypal")


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
            web.get("/control/vendors", control.vendors),
            web.post("/control/vendors/agree", control.agree),
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
        return web.json_response({vendor: list(times) for vendor, times in self._world.faults.calls.items()})

    async def place(self, request: web.Request) -> web.Response:
        """{journey, route, channel, supplier, carrier, days_ago, authentic, layout, paypal}: 201 the case."""
        body = await _body(request)
        ago = timedelta(days=float(body.pop("days_ago", 0)))
        known = {name: body[name] for name in WANTED if name in body}
        case = self._world.place(at=self._world.clock.now() - ago, **known)
        self._world.hurry()
        return web.json_response(case.as_json(), status=201)

    async def vendors(self, _: web.Request) -> web.Response:
        """{vendors, numbers, paypal}: where each is and what opens its door; the numbers that each channel was given by
        order; the payments that PayPal holds, each with its numbers.
        """
        world = self._world
        numbers, bank = world.marketplaces.numbers(), world.paypal
        paid = {one: [number for capture, number in bank.trackers if capture == one] for one in sorted(bank.captured)}
        return web.json_response({"vendors": described(world.vendors), "numbers": numbers, "paypal": paid})

    async def agree(self, request: web.Request) -> web.Response:
        """{vendor}: a person lets the app in on the vendor's page. 201 with what it holds then."""
        name = str((await _body(request)).get("vendor"))
        vendor = self._world.vendors.get(name)
        if vendor is None or vendor.agreed is None:
            raise ValueError(f"nobody is asked at {name!r}")
        return web.json_response(dict(vendor.agreed()), status=201)

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
        """{url, vendor}: what a person types into the settings page of 17TRACK, aftership, ups or the own shop
        (generic); '' switches pushes off.
        """
        body, world = await _body(request), self._world
        url, vendor = str(body.get("url", "")), str(body.get("vendor", "seventeen_track"))
        if vendor == "aftership":
            world.carriers.aftership.push_address = url
        elif vendor == "ups":
            world.carriers.alerts = url
        elif vendor == "generic":
            world.marketplaces.own.hook = url
        elif vendor == "seventeen_track":
            world.aggregator.push_address = url
        else:
            raise ValueError(f"nobody types an address at {vendor!r}")
        return web.json_response({"url": url})

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
