"""What can happen to a parcel, as data. Days count from the order; words are the carriers' own kind of English."""

from dataclasses import dataclass
from enum import StrEnum


class At(StrEnum):
    """Where a scan happens, made concrete for each parcel."""

    ORIGIN = "origin"
    AIRPORT = "airport"
    BORDER = "border"
    HUB = "hub"
    CITY = "city"


class Route(StrEnum):
    """How the tracking number becomes known."""

    API = "api"  # the supplier's API
    MAIL = "mail"  # a forwarded shipping mail
    STORE = "store"  # somebody typed it into the store
    MANUAL = "manual"  # nobody says it: it waits in the control door for a person to type


class Quirk(StrEnum):
    """What is special about the numbers of a journey."""

    NONE = ""
    SWAPPED = "swapped"  # the first number is replaced before the parcel leaves
    ORDER_NUMBER = "order_number"  # the supplier's order number is given where the tracking number belongs
    WRONG_CARRIER = "wrong_carrier"  # the number is right, the carrier named with it is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One scan. ``sub`` is 17TRACK's sub status."""

    day: float
    sub: str
    words: str
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A script. ``weight`` is how often it is picked; ``ends`` the main status of the last scan."""

    name: str
    steps: tuple[Step, ...]
    quirk: Quirk = Quirk.NONE
    routes: tuple[Route, ...] = tuple(Route)
    weight: int = 1
    small: bool = False  # only for items too small to be scanned

    @property
    def ends(self) -> str:
        """17TRACK's main status once everything has happened."""
        return self.steps[-1].sub.partition("_")[0] if self.steps else "NotFound"


def _step(day: float, sub: str, words: str, at: At) -> Step:
    return Step(day=day, sub=sub, words=words, at=at)


LEAVING = (
    _step(1.0, "InfoReceived", "Shipping label created, awaiting item", At.ORIGIN),
    _step(1.3, "InTransit_PickedUp", "Picked up by the carrier", At.ORIGIN),
    _step(1.8, "InTransit_Other", "Processed at sorting facility", At.ORIGIN),
    _step(2.4, "InTransit_Departure", "Departed from export airport", At.AIRPORT),
)
CLEARED = (
    _step(3.6, "InTransit_CustomsProcessing", "Arrived at customs", At.BORDER),
    _step(3.9, "InTransit_CustomsReleased", "Customs clearance completed", At.BORDER),
)
ARRIVING = (*LEAVING, *CLEARED, _step(4.5, "InTransit_Arrival", "Arrived at local delivery facility", At.HUB))
OUT = _step(5.2, "OutForDelivery_Other", "Out for delivery", At.CITY)
DOOR = _step(5.5, "Delivered_Other", "Delivered, front door", At.CITY)
SMOOTH = (*ARRIVING, OUT, DOOR)

JOURNEYS = (
    Journey(name="smooth", steps=SMOOTH, weight=14),
    Journey(
        name="customs",
        steps=(
            *LEAVING,
            _step(3.6, "InTransit_CustomsProcessing", "Arrived at customs", At.BORDER),
            _step(
                4.0,
                "InTransit_CustomsRequiringInformation",
                "Held by customs: the recipient has to provide an invoice",
                At.BORDER,
            ),
            _step(6.6, "InTransit_CustomsReleased", "Released by customs", At.BORDER),
            _step(7.2, "InTransit_Arrival", "Arrived at local delivery facility", At.HUB),
            _step(7.8, "OutForDelivery_Other", "Out for delivery", At.CITY),
            _step(8.1, "Delivered_Other", "Delivered, handed to resident", At.CITY),
        ),
        weight=3,
    ),
    Journey(
        name="failed_attempt",
        steps=(
            *ARRIVING,
            OUT,
            _step(5.5, "DeliveryFailure_NoBody", "Delivery attempted, no one available to receive", At.CITY),
            _step(6.3, "OutForDelivery_Other", "Out for delivery, second attempt", At.CITY),
            _step(6.6, "Delivered_Other", "Delivered, signed for by the recipient", At.CITY),
        ),
        weight=3,
    ),
    Journey(
        name="pickup_point",
        steps=(
            *ARRIVING,
            OUT,
            _step(5.5, "AvailableForPickup_Other", "Ready for collection at the pickup point", At.CITY),
            _step(7.4, "Delivered_Other", "Collected by the recipient", At.CITY),
        ),
        weight=3,
    ),
    Journey(
        name="returned",
        steps=(
            *ARRIVING,
            OUT,
            _step(5.6, "DeliveryFailure_InvalidAddress", "Undeliverable: address incomplete", At.CITY),
            _step(6.4, "Exception_Returning", "Being returned to the sender", At.HUB),
            _step(8.6, "Exception_Returned", "Returned to the sender", At.ORIGIN),
        ),
    ),
    Journey(
        name="lost",
        steps=(*LEAVING, _step(8.8, "Exception_Lost", "Item declared lost after an investigation", At.AIRPORT)),
    ),
    Journey(
        name="delivered_not_received",
        steps=(*ARRIVING, OUT, _step(5.4, "Delivered_Other", "Delivered, left in a safe place", At.CITY)),
    ),
    Journey(name="never_scanned", steps=(), routes=(Route.API, Route.MAIL, Route.STORE), weight=2, small=True),
    Journey(name="number_swapped", steps=SMOOTH, quirk=Quirk.SWAPPED, routes=(Route.API,)),
    Journey(name="order_number_given", steps=SMOOTH, quirk=Quirk.ORDER_NUMBER, routes=(Route.MAIL, Route.STORE)),
    Journey(name="carrier_wrong", steps=SMOOTH, quirk=Quirk.WRONG_CARRIER, routes=(Route.MAIL, Route.STORE)),
)
BY_NAME = {journey.name: journey for journey in JOURNEYS}
