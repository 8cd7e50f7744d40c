"""Makes things happen: buyers buy, the supplier packs, parcels move, mails are written. Deterministic by seed."""

import asyncio
import heapq
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from sandbox.aggregator import Aggregator
from sandbox.callbacks import Callbacks
from sandbox.catalog import BUYERS, PRODUCTS, SMALL_PRODUCTS, Buyer
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.journeys import BY_NAME, JOURNEYS, Journey, Quirk, Route
from sandbox.letters import Layout, News, compose
from sandbox.mailer import Mailer, Post
from sandbox.marketplaces import Marketplaces
from sandbox.shipment import Shipment, plan
from sandbox.store import Store
from sandbox.store_order import StoreLine, StoreOrder
from sandbox.supplier import Supplier
from sandbox.supplier_order import SupplierOrder

FIRST_ORDER = 1041
PLEASANT_SEED = 3471  # its first minutes show every journey, and a smooth one first
HISTORY = 12
HISTORY_DAYS = 10.0
BUSY_ORDERS = 24  # placed quickly once the shop is connected
BUSY_EVERY, CALM_EVERY = timedelta(hours=5), timedelta(hours=12)
ROUTE_WEIGHTS = {Route.API: 10, Route.MAIL: 5, Route.STORE: 3, Route.MANUAL: 1}
LONGEST_NAP = 0.25  # real seconds: how late news can be
UNPROVEN_SHARE = 0.1  # of letters that carry no proof of their sender
LANGUAGE = {"DE": "de", "FR": "fr", "ES": "es"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One order with its parcel, and the purchase if it was bought over the supplier's API."""

    order: StoreOrder
    shipment: Shipment
    bought: SupplierOrder | None
    authentic: bool
    layout: Layout

    def as_json(self) -> dict[str, Any]:
        """What the script will do: for people, and for tests to compare with."""
        shipment = self.shipment
        return {
            "order": self.order.number,
            "email": self.order.buyer.email,
            "postcode": self.order.buyer.postcode,
            "phone": self.order.buyer.phone,
            "route": shipment.route,
            "journey": shipment.journey.name,
            "ends": shipment.journey.ends,
            "method": shipment.method,
            "purchase": shipment.purchase,
            "number": shipment.number,
            "carrier": shipment.carrier.name,
            "named_carrier": shipment.named.name,
            "first_number": shipment.first_number,
            "local_number": shipment.local,
            "authentic": self.authentic,
            "placed_at": self.order.placed_at.isoformat(),
            "number_at": shipment.number_at.isoformat(),
            "dispatched_at": shipment.dispatched_at.isoformat(),
            "scans": [[scan.at.isoformat(), scan.sub, scan.words] for scan in shipment.scans],
        }


class World:
    """All vendors and the script. ``post`` None = no mails."""

    def __init__(self, *, clock: Clock, seed: int, post: Post | None) -> None:
        self.clock = clock
        self.faults = Faults()
        self.callbacks = Callbacks()
        self.mailer = Mailer(post)
        self.cases: list[Case] = []
        self._random = Random(seed)
        tokens = Random(seed + 1)
        self.store = Store(clock=clock, faults=self.faults, callbacks=self.callbacks, random=tokens)
        self.supplier = Supplier(clock=clock, faults=self.faults, callbacks=self.callbacks, random=tokens)
        self.aggregator = Aggregator(clock=clock, faults=self.faults, callbacks=self.callbacks)
        self.marketplaces = Marketplaces(clock=clock, random=Random(seed + 2), callbacks=self.callbacks)
        self._agenda: list[tuple[datetime, int, Case]] = []
        self._serial = count()
        self._deck: list[Journey] = []
        self._hurry = asyncio.Event()
        self._began = clock.now()

    def remember(self) -> None:
        """The orders from before anybody connected the shop, some of them delivered."""
        for place in range(HISTORY):
            ago = timedelta(days=HISTORY_DAYS * (HISTORY - place) / HISTORY)
            self.place(at=self._began - ago)
        self._deck.clear()
        self.happen()

    def place(
        self, *, at: datetime, journey: str = "", route: str = "", buyer: Buyer | None = None, **how: Any
    ) -> Case:
        """A new order. What is not given is drawn. Raises ValueError for a journey or route that does not exist.

        ``how``: ``authentic`` and ``layout`` of its letters.
        """
        chosen = self._draw_journey(journey, Route(route) if route else None)
        way = Route(route) if route else self._draw_route(chosen)
        who = buyer or self._draw_buyer(chosen)
        order = self._order(who, at, chosen)
        shipment = plan(buyer=who, journey=chosen, route=way, placed_at=at, random=self._random)
        drawn = self._random.random() >= UNPROVEN_SHARE, self._random.choice(list(Layout))
        self.store.place(order)
        case = Case(
            order=order,
            shipment=shipment,
            bought=self.supplier.buy(order, shipment) if way is Route.API else None,
            authentic=bool(how.get("authentic", drawn[0])),
            layout=Layout(how.get("layout") or drawn[1]),
        )
        self.cases.append(case)
        self.aggregator.learn(shipment)
        for moment in shipment.moments():
            heapq.heappush(self._agenda, (moment, next(self._serial), case))
        return case

    def release(self, number: str, journey: str) -> Shipment:
        """Makes a number from outside (a recorded mail, a person) travel as scripted, from now on."""
        buyer = self._draw_buyer(BY_NAME[journey])
        shipment = plan(
            buyer=buyer,
            journey=BY_NAME[journey],
            route=Route.MANUAL,
            placed_at=self.clock.now() - timedelta(days=1),
            random=self._random,
        )
        return self.aggregator.adopt(number, shipment)

    def happen(self) -> None:
        """Does everything that is due."""
        now = self.clock.now()
        while self._agenda and self._agenda[0][0] <= now:
            moment, _, case = heapq.heappop(self._agenda)
            self._act(case, moment)
        self.aggregator.look_around()

    def hurry(self) -> None:
        """Time jumped: look at the agenda at once."""
        self._hurry.set()

    async def run(self, *, idle: bool) -> None:
        """Lives until cancelled. ``idle``: no orders of its own, only those that are asked for."""
        sales = None if idle else asyncio.create_task(self._sell())
        try:
            while True:
                self.happen()
                await self._nap(self._until_next())
        finally:
            if sales:
                sales.cancel()

    async def close(self) -> None:
        """Stops sending."""
        await self.callbacks.close()
        await self.mailer.close()

    def _until_next(self) -> float:
        if not self._agenda:
            return LONGEST_NAP
        return min(LONGEST_NAP, max(0.01, self.clock.real_seconds(self._agenda[0][0] - self.clock.now())))

    async def _nap(self, seconds: float) -> None:
        self._hurry.clear()
        try:
            await asyncio.wait_for(self._hurry.wait(), seconds)
        except TimeoutError:
            return

    async def _sell(self) -> None:
        """The shop opens when somebody connects it: busy first, then calm."""
        await self.store.connected.wait()
        for sold in count():
            pause = BUSY_EVERY if sold < BUSY_ORDERS else CALM_EVERY
            await asyncio.sleep(self.clock.real_seconds(pause))
            self.place(at=self.clock.now())

    def _act(self, case: Case, moment: datetime) -> None:
        """One moment of one parcel. Nobody was listening before the world began, so old letters stay unsent."""
        shipment = case.shipment
        if shipment.route in {Route.MAIL, Route.STORE} and moment in {shipment.number_at, shipment.corrected_at}:
            self._say_number(case, moment)
        if case.bought:
            self.supplier.tell_order(case.bought)
        if any(scan.at == moment for scan in shipment.scans):
            self.aggregator.tell(shipment)
            if case.bought:
                self.supplier.tell_logistics(case.bought)

    def _say_number(self, case: Case, moment: datetime) -> None:
        shipment = case.shipment
        number = shipment.said(moment)
        if shipment.route is Route.STORE:
            self.store.type_in(case.order, number, shipment.named.slug, moment)
        elif moment >= self._began and self.mailer.post:
            news = News(
                order=case.order,
                purchase=shipment.purchase,
                number=number,
                carrier=shipment.named,
                at=moment,
                serial=1 if moment == shipment.number_at else 2,
            )
            language = LANGUAGE.get(case.order.buyer.country, "en")
            post = self.mailer.post
            letter = compose(news, language=language, layout=case.layout, to=post.to, member=post.member)
            self.mailer.send(letter, authentic=case.authentic)

    def _draw_journey(self, name: str, route: Route | None) -> Journey:
        if name:
            if name not in BY_NAME:
                raise ValueError(f"no journey {name!r}; there are {', '.join(BY_NAME)}")
            return BY_NAME[name]
        if route:
            fitting = [journey for journey in JOURNEYS if route in journey.routes]
            return self._random.choices(fitting, [journey.weight for journey in fitting])[0]
        return self._deal()

    def _deal(self) -> Journey:
        """From a shuffled deck, so that every journey is seen before any repeats too often."""
        if not self._deck:
            self._deck = [journey for journey in JOURNEYS for _ in range(journey.weight)]
            self._random.shuffle(self._deck)
        return self._deck.pop()

    def _draw_route(self, journey: Journey) -> Route:
        weights = [ROUTE_WEIGHTS[route] for route in journey.routes]
        return self._random.choices(journey.routes, weights)[0]

    def _draw_buyer(self, journey: Journey) -> Buyer:
        # Two carriers whose numbers look alike: Hermes and DPD, both German.
        german = journey.quirk is Quirk.WRONG_CARRIER
        return self._random.choice([buyer for buyer in BUYERS if not german or buyer.country == "DE"])

    def _order(self, buyer: Buyer, at: datetime, journey: Journey) -> StoreOrder:
        number = FIRST_ORDER + len(self.store.orders)
        products = self._random.sample(SMALL_PRODUCTS if journey.small else PRODUCTS, self._random.choice((1, 1, 2)))
        lines = tuple(
            StoreLine(id=number * 10 + place, product=product, quantity=self._random.choice((1, 1, 1, 2)))
            for place, product in enumerate(products, start=1)
        )
        return StoreOrder(id=number, buyer=buyer, lines=lines, placed_at=at, modified_at=at)
