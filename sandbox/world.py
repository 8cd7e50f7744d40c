"""Makes things happen: buyers buy, suppliers pack, parcels move, mails are written. Deterministic by seed."""

import asyncio
import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from sandbox import paypal
from sandbox.aggregator import Aggregator
from sandbox.callbacks import Callbacks
from sandbox.carriers import Carriers
from sandbox.case import Case
from sandbox.catalog import Buyer
from sandbox.chance import SHOP, Chance
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.journeys import BY_NAME, Route
from sandbox.letters import Layout, News, compose
from sandbox.mailer import Mailer, Post
from sandbox.marketplaces import Marketplaces
from sandbox.numbers import CARRIERS
from sandbox.purchases import CJ, ID_DIGITS, Purchases
from sandbox.road import CLIENT, SECRET
from sandbox.shipment import Shipment, plan
from sandbox.store import Store
from sandbox.supplier import Supplier
from sandbox.vendor import Vendor

PLEASANT_SEED = 3471  # its first minutes show every journey, and a smooth one first
HISTORY = 12
HISTORY_DAYS = 10.0
BUSY_ORDERS = 24  # placed quickly once the shop is connected
BUSY_EVERY, CALM_EVERY = timedelta(hours=5), timedelta(hours=12)
KEPT = 1000  # orders that the world placed itself; older ones are forgotten by everybody
LONGEST_NAP = 0.25  # real seconds: how late news can be
LANGUAGE = {"DE": "de", "FR": "fr", "ES": "es"}
COURIERS = {one.name: one for one in CARRIERS}


class World:
    """All vendors and the script. ``post`` None = no mails. ``channels``: where orders are placed unasked."""

    def __init__(self, *, clock: Clock, seed: int, post: Post | None, channels: Sequence[str] = (SHOP,)) -> None:
        self.clock = clock
        self.channels = channels
        self.faults = Faults()
        self.callbacks = Callbacks()
        self.mailer = Mailer(post)
        self.cases: list[Case] = []
        self._chance = Chance(seed)
        tokens, others = Random(seed + 1), Random(seed + 2)
        calls = self.callbacks
        self.store = Store(clock=clock, faults=self.faults, callbacks=calls, random=tokens)
        self.supplier = Supplier(clock=clock, faults=self.faults, callbacks=calls, random=tokens)
        self.aggregator = Aggregator(clock=clock, faults=self.faults, callbacks=calls)
        self.marketplaces = Marketplaces(clock=clock, random=others, callbacks=calls)
        self.purchases = Purchases(cj=self.supplier, clock=clock, random=others, callbacks=calls)
        self.carriers = Carriers(clock=clock, random=others, callbacks=calls, known=self.aggregator.known)
        self.paypal = paypal.PayPal(clock=clock, random=others, carriers=paypal.CARRIERS)
        self.vendors = self._vendors()
        self._agenda: list[tuple[datetime, int, Case]] = []
        self._serial = count()
        self._hurry = asyncio.Event()
        self._began = clock.now()

    def _vendors(self) -> dict[str, Vendor]:
        """Those that are known by their host names, under their connectors' names."""
        app = {"client_id": CLIENT, "client_secret": SECRET}
        bank = {"paypal": Vendor("payment", paypal.HOSTS, self.paypal.app, app)}
        return {**self.marketplaces.vendors(), **self.purchases.vendors(), **self.carriers.vendors(), **bank}

    def remember(self) -> None:
        """The orders from before anybody connected the shop, some of them delivered."""
        for place in range(HISTORY):
            ago = timedelta(days=HISTORY_DAYS * (HISTORY - place) / HISTORY)
            self.place(at=self._began - ago, channel=self._chance.channel(self.channels))
        self._chance.shuffle()
        self.happen()

    def place(
        self,
        *,
        at: datetime,
        journey: str = "",
        route: str = "",
        channel: str = SHOP,
        supplier: str = CJ,
        carrier: str = "",
        buyer: Buyer | None = None,
        **how: Any,
    ) -> Case:
        """A new order. What is not given is drawn. Raises ValueError for what does not exist.

        ``supplier`` ships what is bought over an API, ``carrier`` moves it from end to end ('' = as its country has
        it). ``how``: ``authentic`` and ``layout`` of its letters; ``paypal``: whether it is paid with that.
        """
        chance = self._chance
        chosen = chance.journey(journey, Route(route) if route else None)
        way = Route(route) if route else chance.route(chosen, channel)
        if supplier not in ID_DIGITS or carrier not in {"", *COURIERS} or (way is Route.STORE and channel != SHOP):
            raise ValueError(f"no such way: supplier {supplier!r}, carrier {carrier!r}, {way} at {channel!r}")
        who = buyer or chance.buyer(chosen)
        order = chance.order(who, at, chosen, channel, how.get("paypal"))
        shipment = plan(
            buyer=who,
            journey=chosen,
            route=way,
            placed_at=at,
            random=chance.random,
            courier=COURIERS.get(carrier),
            id_digits=ID_DIGITS[supplier],
        )
        authentic, layout = chance.letter()
        case = Case(
            order=order,
            shipment=shipment,
            channel=channel,
            supplier=supplier if way is Route.API else "",
            authentic=bool(how.get("authentic", authentic)),
            layout=Layout(how.get("layout") or layout),
        )
        self._begin(case)
        return case

    def _begin(self, case: Case) -> None:
        """Everybody concerned learns of an order."""
        order, shipment = case.order, case.shipment
        if order.capture:
            self.paypal.captured.add(order.capture)
        if case.channel == SHOP:
            self.store.place(order)
        else:
            self.marketplaces.place(case.channel, order)
        if case.supplier:
            self.purchases.buy(case.supplier, order, shipment)
        self.cases.append(case)
        self.aggregator.learn(shipment)
        self.carriers.learn(shipment)
        for moment in shipment.moments():
            heapq.heappush(self._agenda, (moment, next(self._serial), case))

    def release(self, number: str, journey: str) -> Shipment:
        """Makes a number from outside (a recorded mail, a person) travel as scripted, from now on."""
        shipment = plan(
            buyer=self._chance.buyer(BY_NAME[journey]),
            journey=BY_NAME[journey],
            route=Route.MANUAL,
            placed_at=self.clock.now() - timedelta(days=1),
            random=self._chance.random,
        )
        adopted = self.aggregator.adopt(number, shipment)
        self.carriers.learn(adopted)
        return adopted

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
            self.place(at=self.clock.now(), channel=self._chance.channel(self.channels))
            self.forget()

    def forget(self) -> None:
        """What is too long ago, so that a world that runs for weeks does not grow."""
        done = self._agenda[0][0] if self._agenda else self.clock.now()
        while len(self.cases) > KEPT and self.cases[0].shipment.moments()[-1] < done:
            case = self.cases.pop(0)
            self.aggregator.forget(case.shipment)
            self.carriers.forget(case.shipment)
            self.purchases.forget(case.supplier, case.shipment)
            self.paypal.forget(case.order.capture)
            if case.channel == SHOP:
                self.store.forget(case.order)
            else:
                self.marketplaces.forget(case.channel, case.order)

    def _act(self, case: Case, moment: datetime) -> None:
        """One moment of one parcel. Nobody was listening before the world began, so old letters stay unsent."""
        shipment = case.shipment
        if shipment.route in {Route.MAIL, Route.STORE} and moment in {shipment.number_at, shipment.corrected_at}:
            self._say_number(case, moment)
        if case.supplier:
            self.purchases.happened(case.supplier, shipment, moment)
        if any(scan.at == moment for scan in shipment.scans):
            self.aggregator.tell(shipment)
            self.carriers.tell(shipment)

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
