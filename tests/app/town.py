"""The sandbox world on the test's own loop, and a workspace connected to it as a merchant would do it."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from doorstep.app import clock, loop, outbox, pace
from doorstep.app.connections import connect
from doorstep.app.loop import in_db
from doorstep.app.members import workspaces
from doorstep.app.push import deliver
from doorstep.app.reading.understand import understand
from doorstep.app.receive import feeds, manual
from doorstep.app.track import poll
from doorstep.db.models import Budget, Connection, Feed, Order, Outbox, Push, Schedule
from sandbox import aggregator, store, supplier
from sandbox.case import Case
from sandbox.clock import Clock
from sandbox.faults import Fault, Planned
from sandbox.serve import HOST, Ports, serve
from sandbox.world import World

TRACKINGS = "/wp-json/wc-ast/v3/orders"
NUMBER, OTHER = "9261290100130739674442", "LX123456785CN"
SHOP_KEYS = {"consumer_key": store.KEY, "consumer_secret": store.SECRET}
FORMS = {
    "woocommerce": ("store", SHOP_KEYS),
    "cjdropshipping": ("supplier", {"api_key": supplier.API_KEY}),
    "seventeen_track": ("carrier", {"api_key": aggregator.KEY}),
}


@dataclass(slots=True, kw_only=True)
class Later(Planned):
    """Trouble that begins when something has happened."""

    after: Callable[[], object] = field(default=bool)

    def fits(self, request: web.Request) -> bool:
        return bool(self.after()) and Planned.fits(self, request)


class Town:
    """A world, and the workspace ``ws`` of a merchant in it. Time passes when a test says so (``wait``)."""

    def __init__(self, world: World, ports: Ports) -> None:
        self.world, self.ports, self.ws = world, ports, 0

    @property
    def shop(self) -> str:
        return f"http://{HOST}:{self.ports.store}"

    async def connect(self, name: str, **changed: str) -> Connection:
        """Test and save a connection, as the console does; where a person is asked on the vendor's own page, they have
        agreed. Raises Trouble.
        """
        vendor = self.world.vendors.get(name)
        kind, keys = (vendor.kind, vendor.keys) if vendor else FORMS[name]
        form = {**keys, **({"base_url": self.shop} if name == "woocommerce" else {}), **changed}
        agreed = vendor.agreed() if vendor and vendor.agreed else None
        checked = await connect.check(kind, name, form, agreed)
        return await in_db(connect.save, self.ws, "user:1", kind, name, form, checked)

    def place(self, **wanted: Any) -> Case:
        """A buyer orders. Shops tell whole seconds: one more, so that it is not before the connection."""
        return self.world.place(at=datetime.now(UTC) + timedelta(seconds=1), **wanted)

    def trouble(self, vendor: str, fault: Fault, **how: Any) -> None:
        """The next calls fail: ``calls`` (1), ``method``, ``path``, ``seconds``, ``after``."""
        self.world.faults.plan(vendor, Later(fault=fault, **{"calls": 1, "after": lambda: True, **how}))

    async def wait(self) -> None:
        """So much time passes that everything is due and every lease is over."""
        await in_db(_everything_is_due)

    async def read(self) -> None:
        """Ask every store and supplier once, and every carrier; understand what they say."""
        await self.wait()
        while turn := await in_db(feeds.claim):
            await feeds.ask(turn)
        while await in_db(understand):
            pass
        while batch := await in_db(poll.claim):
            await poll.ask(batch)
        while await in_db(understand):
            pass

    async def deliver(self) -> Push:
        """Carry out the one intent there is, when its time has come; returns what became of its push."""
        await self.wait()
        leased = await in_db(outbox.claim)
        assert leased is not None, "nothing is due"
        await deliver.deliver(leased)
        return await in_db(lambda: Push.objects.get(id=leased.row.payload_ref))

    async def order(self, case: Case) -> Order:
        return await in_db(lambda: Order.objects.get(ws=self.ws, number=case.order.number))

    async def typed(self, number: str = NUMBER) -> Order:
        """An order of the shop that waits to be given ``number``."""
        case = self.place(journey="smooth", route="manual")
        await self.read()
        order = await self.order(case)
        await in_db(lambda: manual.type_number(self.ws, order.id, number, actor="user:1"))
        return order

    async def state(self) -> tuple[str, str]:
        """(state of the only push, state of its newest outbox row)."""
        return await in_db(_state, self.ws)

    def given(self) -> dict[str, int]:
        """The numbers the shop has been given, and how often."""
        return {number: posts for (_, number), posts in self.world.store.posts.items()}


def _state(ws: int) -> tuple[str, str]:
    row = Outbox.objects.filter(ws=ws).order_by("-id")[0]
    return Push.objects.get(ws=ws).state, row.state


def _everything_is_due() -> None:
    now = clock.now()
    Feed.objects.update(next_at=now, lease_until=0.0)
    Schedule.objects.update(next_at=now, lease_until=0.0)
    Outbox.objects.update(due_at=now, lease_until=0.0)
    Budget.objects.update(ready_at=0.0, filled_at=0.0)


@contextlib.asynccontextmanager
async def living(settings: Any, monkeypatch: Any) -> AsyncIterator[Town]:
    """A town in which the merchant has registered and connected nothing yet."""
    world = World(clock=Clock(datetime.now(UTC), 1), seed=7, post=None)
    async with serve(world, Ports(control=0, store=0, supplier=0, aggregator=0), idle=True) as ports:
        open_ = (ports.store, ports.supplier, ports.aggregator, ports.vendors)
        settings.ALLOW_HOSTS = ",".join(f"{HOST}:{port}" for port in open_)
        vendors = {"developers.cjdropshipping.com": ports.supplier, "api.17track.net": ports.aggregator}
        vendors |= {host: ports.vendors for one in world.vendors.values() for host in one.hosts}
        settings.HOST_MAP = ",".join(f"{name}={HOST}:{port}" for name, port in vendors.items())
        settings.HTTP_TIMEOUT_S = 2.0
        paced = pace.reserve
        # How fast we may ask has tests of its own; CJ means it.
        monkeypatch.setattr(
            pace, "reserve", lambda key, *rest: paced(key, *rest) if key[0] == "cjdropshipping" else 0.0
        )
        town = Town(world, ports)
        town.ws = (await in_db(workspaces.create, "Shop", "alice@shop.example", None)).id
        yield town
        await loop.end()
