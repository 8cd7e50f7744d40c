"""Photos of damages: taken from shoppers, shown to the merchant, erased with the shopper."""

from collections import Counter
from typing import Final

from django.db import transaction

from doorstep.app import clock
from doorstep.app.pictures import NotAPicture, clean
from doorstep.core.message import Message
from doorstep.db.models import Order, Photo

MOST_MB: Final = 8
MOST: Final = 3  # of one number
OF_A_MAIL: Final = 0  # in place of a number, of a picture that came by mail


class Unwanted(ValueError):
    """It is not taken; ``message`` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


def keep(ws: int, order_id: int, number_id: int, raw: bytes) -> None:
    """Keep the bare picture. The same one is kept once. Raises Unwanted."""
    if not raw:
        raise Unwanted(Message(id="page.photo.none"))
    if len(raw) > MOST_MB << 20:
        raise Unwanted(Message(id="page.photo.too_big", values={"most": MOST_MB}))
    try:
        kind, body = clean(raw)
    except NotAPicture:
        raise Unwanted(Message(id="page.photo.not_one")) from None
    with transaction.atomic():
        Order.objects.select_for_update().get(ws=ws, id=order_id)  # one after the other: they are counted
        known = Photo.objects.filter(ws=ws, order_id=order_id, number_id=number_id)
        if any(bytes(one) == body for one in known.values_list("body", flat=True)):
            return
        if known.count() >= MOST:
            raise Unwanted(Message(id="page.photo.too_many", values={"most": MOST}))
        Photo.objects.create(ws=ws, order_id=order_id, number_id=number_id, kind=kind, body=body, at=clock.now())


def counts(ws: int, order_id: int) -> Counter[int]:
    """How many photos of an order there are, by the number of their parcel."""
    return Counter(Photo.objects.filter(ws=ws, order_id=order_id).values_list("number_id", flat=True))


def of_order(ws: int, order_id: int) -> list[Photo]:
    """Its photos without their bytes, oldest first."""
    return list(Photo.objects.filter(ws=ws, order_id=order_id).defer("body").order_by("id"))


def one(ws: int, order_id: int, photo_id: int) -> Photo | None:
    """A photo of this order."""
    return Photo.objects.filter(ws=ws, order_id=order_id, id=photo_id).first()
