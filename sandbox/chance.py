"""What is drawn: who buys what, what happens to it, and how its number becomes known. Deterministic by seed."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from random import Random

from sandbox.catalog import BUYERS, PRODUCTS, SMALL_PRODUCTS, Buyer
from sandbox.journeys import BY_NAME, JOURNEYS, Journey, Quirk, Route
from sandbox.letters import Layout
from sandbox.marketplaces import NAMES
from sandbox.numbers import digits
from sandbox.store_order import StoreLine, StoreOrder

FIRST_ORDER = 1041
ROUTE_WEIGHTS = {Route.API: 10, Route.MAIL: 5, Route.STORE: 3, Route.MANUAL: 1}
UNPROVEN_SHARE = 0.1  # of letters that carry no proof of their sender
SHOP = "woocommerce"  # the world's own shop, the only channel in which somebody types numbers
WITH_PAYPAL = frozenset({SHOP, "generic"})  # channels that show the id of a payment


class Chance:
    """The world's dice. What the first worlds did not draw has dice of its own (``_more``): a seed keeps its story."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._more = Random(seed + 3)
        self._deck: list[Journey] = []
        self._serials = {SHOP: count(FIRST_ORDER), **{name: count(1) for name in NAMES}}

    def shuffle(self) -> None:
        """The journeys begin anew."""
        self._deck.clear()

    def channel(self, channels: Sequence[str]) -> str:
        """One of these: the first as often as all others together."""
        if len(channels) == 1:
            return channels[0]
        return channels[0] if self._more.random() < 0.5 else self._more.choice(channels[1:])

    def letter(self) -> tuple[bool, Layout]:
        """Whether a letter can prove its sender, and how it looks."""
        return self.random.random() >= UNPROVEN_SHARE, self.random.choice(list(Layout))

    def journey(self, name: str, route: Route | None) -> Journey:
        """Raises ValueError for a name that does not exist."""
        if name:
            if name not in BY_NAME:
                raise ValueError(f"no journey {name!r}; there are {', '.join(BY_NAME)}")
            return BY_NAME[name]
        if route:
            fitting = [journey for journey in JOURNEYS if route in journey.routes]
            return self.random.choices(fitting, [journey.weight for journey in fitting])[0]
        return self._deal()

    def _deal(self) -> Journey:
        """From a shuffled deck, so that every journey is seen before any repeats too often."""
        if not self._deck:
            self._deck = [journey for journey in JOURNEYS for _ in range(journey.weight)]
            self.random.shuffle(self._deck)
        return self._deck.pop()

    def route(self, journey: Journey, channel: str) -> Route:
        """Nobody types numbers into a channel that is not the world's own shop."""
        routes = [one for one in journey.routes if channel == SHOP or one is not Route.STORE]
        return self.random.choices(routes, [ROUTE_WEIGHTS[route] for route in routes])[0]

    def buyer(self, journey: Journey) -> Buyer:
        """Two carriers have numbers that look alike: Hermes and DPD, both German."""
        german = journey.quirk is Quirk.WRONG_CARRIER
        return self.random.choice([buyer for buyer in BUYERS if not german or buyer.country == "DE"])

    def order(
        self, buyer: Buyer, at: datetime, journey: Journey, channel: str, paypal: bool | None = None
    ) -> StoreOrder:
        """What is bought. ``paypal``: paid with it, None = some are. Raises ValueError for no channel."""
        if channel not in self._serials:
            raise ValueError(f"no channel {channel!r}; there are {', '.join(self._serials)}")
        serial = next(self._serials[channel])
        ref, name = (one.format(serial) for one in NAMES.get(channel, ("", "")))
        # Ids of lines are unique over all channels: a supplier knows a line by its id.
        first = (serial if channel == SHOP else [*NAMES].index(channel) * 10**6 + 10**7 + serial) * 10
        products = self.random.sample(SMALL_PRODUCTS if journey.small else PRODUCTS, self.random.choice((1, 1, 2)))
        lines = tuple(
            StoreLine(id=first + place, product=product, quantity=self.random.choice((1, 1, 1, 2)))
            for place, product in enumerate(products, start=1)
        )
        capture = self._capture(paypal) if channel in WITH_PAYPAL else ""
        return StoreOrder(
            id=serial,
            ref=ref,
            name=name or ref,
            buyer=buyer,
            lines=lines,
            placed_at=at,
            modified_at=at,
            capture=capture,
        )

    def _capture(self, paypal: bool | None) -> str:
        """Every third order is paid with PayPal."""
        if paypal is None:
            paypal = self._more.random() < 1 / 3
        return f"8MC{digits(self._more, 13)}H" if paypal else ""
