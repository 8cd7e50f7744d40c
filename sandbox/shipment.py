"""One parcel's whole future, fixed when its order is placed. What is true at an instant is a question of time only."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random

from sandbox.catalog import CHINA, COUNTRIES, Buyer
from sandbox.journeys import At, Journey, Quirk, Route, Step
from sandbox.numbers import (
    CJPACKET,
    DPD,
    HERMES,
    LOCAL,
    YUNEXPRESS,
    Carrier,
    cjp,
    digits,
    local_number,
    yt,
)

METHODS = ("CJPacket Ordinary", "CJPacket Sensitive", "YunExpress Sensitive")
NUMBER_DAY, DISPATCH_DAY, REPLACED_DAY, LOCAL_DAY = 0.5, 1.0, 0.85, 3.2
AT_COURIER = {At.HUB, At.CITY}  # from here on the destination's own carrier has the parcel
CORRECTED_DAY = 2.0  # when the real number follows an order number that was given in its place


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One event. ``zone`` is where it happened; ``leg`` 0 = origin carrier, 1 = local carrier."""

    at: datetime
    zone: timezone
    sub: str
    words: str
    city: str
    country: str
    leg: int

    @property
    def place(self) -> str:
        """As carriers print it."""
        return f"{self.city}, {self.country}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """``number`` is what moves first (platform number, or the only one); ``local`` the courier's, '' if the same.

    ``first_number`` is what was said before: a replaced number, or an order number in its place. ``named`` is the
    carrier that goes with the number when a person or a mail names it; ``carrier`` is the true one.
    """

    journey: Journey
    route: Route
    method: str
    purchase: str
    number: str
    carrier: Carrier
    named: Carrier
    local: str
    local_carrier: Carrier
    first_number: str
    number_at: datetime
    corrected_at: datetime
    dispatched_at: datetime
    local_at: datetime
    scans: tuple[Scan, ...]

    def said(self, now: datetime) -> str:
        """The number that whoever gives numbers would give at ``now``; '' while there is none."""
        if now < self.number_at:
            return ""
        return self.first_number if self.first_number and now < self.corrected_at else self.number

    def seen(self, now: datetime, number: str) -> tuple[Scan, ...]:
        """What the carriers know of ``number`` at ``now``, oldest first. The local courier knows its own leg only."""
        if number not in {self.number, self.local}:
            return ()
        local_only = number != self.number
        return tuple(scan for scan in self.scans if scan.at <= now and (scan.leg == 1 or not local_only))

    def delivered_at(self) -> datetime | None:
        """When the parcel reaches its end, if it is delivered at all."""
        ended = [scan.at for scan in self.scans if scan.sub.startswith("Delivered")]
        return ended[-1] if ended else None

    def moments(self) -> list[datetime]:
        """Every instant at which something about this parcel changes."""
        known = {
            self.number_at,
            self.corrected_at,
            self.dispatched_at,
            self.local_at,
            *(scan.at for scan in self.scans),
        }
        return sorted(known)


def plan(
    *,
    buyer: Buyer,
    journey: Journey,
    route: Route,
    placed_at: datetime,
    random: Random,
    courier: Carrier | None = None,
    id_digits: int = 19,
) -> Shipment:
    """Draws numbers and times. The same generator state gives the same parcel. ``courier`` moves it from end to end,
    None = as the buyer's country has it. ``id_digits``: how long the purchase's id is at its supplier.
    """
    stretch = random.uniform(0.94, 1.06)
    day = timedelta(days=1) * stretch
    method = random.choice(METHODS)
    carrier, local_carrier, number, local = _numbers(buyer, journey, route, method, random)
    if courier:
        carrier, local_carrier, number, local = courier, courier, local_number(random, courier), ""
        method = courier.name
    purchase = digits(random, id_digits) if route is Route.API else digits(random, 14)
    first = {
        Quirk.SWAPPED: _number_of(method, buyer, random),
        Quirk.ORDER_NUMBER: purchase,
    }.get(journey.quirk, "")
    late = REPLACED_DAY if journey.quirk is Quirk.SWAPPED else CORRECTED_DAY if first else NUMBER_DAY
    # A shop or a mail names a number when the goods leave; a supplier's API a little earlier.
    given = NUMBER_DAY if route is Route.API else DISPATCH_DAY
    return Shipment(
        journey=journey,
        route=route,
        method=method,
        purchase=purchase,
        number=number,
        carrier=carrier,
        named=HERMES if journey.quirk is Quirk.WRONG_CARRIER else carrier,
        local=local,
        local_carrier=local_carrier,
        first_number=first,
        number_at=placed_at + given * day,
        corrected_at=placed_at + max(late, given) * day,
        dispatched_at=placed_at + DISPATCH_DAY * day,
        local_at=placed_at + LOCAL_DAY * day,
        scans=tuple(_scan(step, placed_at + step.day * day, buyer) for step in journey.steps),
    )


def _number_of(method: str, buyer: Buyer, random: Random) -> str:
    return cjp(random, buyer.country) if method.startswith("CJPacket") else yt(random)


def _numbers(
    buyer: Buyer, journey: Journey, route: Route, method: str, random: Random
) -> tuple[Carrier, Carrier, str, str]:
    """Carrier, local carrier, number and local number. Only a supplier's API has two numbers for a parcel."""
    if journey.quirk is Quirk.WRONG_CARRIER:
        return DPD, DPD, local_number(random, DPD), ""
    courier = LOCAL[buyer.country]
    if route is Route.API:
        first = CJPACKET if method.startswith("CJPacket") else YUNEXPRESS
        arrives = any(step.at in AT_COURIER for step in journey.steps)
        second = local_number(random, courier)
        return first, courier, _number_of(method, buyer, random), second if arrives else ""
    if random.random() < 0.3:
        return YUNEXPRESS, courier, yt(random), ""
    return courier, courier, local_number(random, courier), ""


def _scan(step: Step, at: datetime, buyer: Buyer) -> Scan:
    country = COUNTRIES[buyer.country]
    abroad = step.at not in {At.ORIGIN, At.AIRPORT}
    city = {
        At.ORIGIN: "Yiwu",
        At.AIRPORT: "Shenzhen",
        At.BORDER: country.border,
        At.HUB: country.hub,
        At.CITY: buyer.city,
    }[step.at]
    return Scan(
        at=at.replace(microsecond=0),
        zone=country.offset if abroad else CHINA,
        sub=step.sub,
        words=step.words,
        city=city,
        country=buyer.country if abroad else "CN",
        leg=1 if step.at in AT_COURIER else 0,
    )
