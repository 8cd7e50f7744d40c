"""The carriers of the world and AfterShip: each knows the parcels it moves, and tells them in its own words."""

from collections.abc import Mapping
from random import Random

from sandbox import aftership, dhl, fedex, ups, usps
from sandbox.callbacks import Callbacks, Message
from sandbox.clock import Clock
from sandbox.numbers import DHL_PAKET, FEDEX, UPS, USPS, Carrier
from sandbox.road import CLIENT, SECRET
from sandbox.shipment import Shipment
from sandbox.vendor import Vendor

RETRY_SECONDS = (1.0, 2.0)


class Carriers:
    """UPS, USPS, FedEx, DHL and AfterShip. ``known``: every number of the world. ``alerts`` is where UPS calls."""

    def __init__(self, *, clock: Clock, random: Random, callbacks: Callbacks, known: Mapping[str, Shipment]) -> None:
        self.alerts = ""
        self._own: dict[Carrier, dict[str, Shipment]] = {one: {} for one in (UPS, USPS, FEDEX, DHL_PAKET)}
        self._callbacks = callbacks
        self.ups = ups.Ups(clock=clock, random=random, known=self._own[UPS])
        self.usps = usps.Usps(clock=clock, random=random, known=self._own[USPS])
        self.fedex = fedex.FedEx(clock=clock, random=random, known=self._own[FEDEX])
        self.dhl = dhl.Dhl(clock=clock, known=self._own[DHL_PAKET])
        self.aftership = aftership.AfterShip(clock=clock, known=known, callbacks=callbacks)

    def vendors(self) -> dict[str, Vendor]:
        """Each with its hosts and keys, by its connector's name."""
        app = {"client_id": CLIENT, "client_secret": SECRET}
        account = {"api_key": aftership.KEY, "webhook_secret": aftership.WEBHOOK_SECRET}
        return {
            "ups": Vendor("carrier", ups.HOSTS, self.ups.app, {**app, "hook_credential": ups.CREDENTIAL}),
            "usps": Vendor("carrier", usps.HOSTS, self.usps.app, app),
            "fedex": Vendor("carrier", fedex.HOSTS, self.fedex.app, app),
            "dhl_unified": Vendor("carrier", dhl.HOSTS, self.dhl.app, {"api_key": dhl.KEY}),
            "aftership": Vendor("carrier", aftership.HOSTS, self.aftership.app, account),
        }

    def learn(self, shipment: Shipment) -> None:
        """A parcel that one of them will move."""
        for number, carrier in _legs(shipment):
            if carrier in self._own:
                self._own[carrier][number] = shipment

    def forget(self, shipment: Shipment) -> None:
        """It is too long ago."""
        for number, carrier in _legs(shipment):
            self._own.get(carrier, {}).pop(number, None)
            self.ups.alerts.pop(number, None)
        gone = {number for number, _ in _legs(shipment)}
        trackings = self.aftership.trackings
        for ref in [ref for ref, one in trackings.items() if one.number in gone]:
            del trackings[ref]

    def tell(self, shipment: Shipment) -> None:
        """Something happened to a parcel: those who call by themselves do."""
        self.aftership.tell(shipment)
        for number, _ in _legs(shipment):
            if self.alerts and number in self.ups.subscribed() and self.ups.road.scans(number):
                headers, body = self.ups.alert(number)
                called = Message(vendor="ups", url=self.alerts, body=body, headers=headers, waits=RETRY_SECONDS)
                self._callbacks.post(called)


def _legs(shipment: Shipment) -> list[tuple[str, Carrier]]:
    legs = ((shipment.number, shipment.carrier), (shipment.local, shipment.local_carrier))
    return [(number, carrier) for number, carrier in legs if number]
