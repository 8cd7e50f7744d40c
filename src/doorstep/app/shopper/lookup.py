"""A shopper finds an order by its number and one thing that only they know.

A wrong and an unknown pair do the same work and get the same answer. Tries are counted (``app.tries``) by address, by
store and by order number.
"""

import hmac
from typing import Final

from doorstep.app import tries
from doorstep.app.tries import TooMany
from doorstep.db.models import Order, Person

_PHONE_DIGITS: Final = 4
_CANDIDATES: Final = 3  # orders that one number may name in a store: compared always, so that time tells nothing


def find(ws: int, store_id: int, number: str, secret: str, address: str) -> int | None:
    """The id of the store's order of that number whose buyer has that e-mail address, postcode, or last four digits of
    the phone; None for wrong and unknown alike. Raises TooMany.
    """
    bare = number.strip().lstrip("#").strip()
    keys = {"address": address, "store": str(store_id), "order": f"{store_id}:{bare.casefold()}"}
    if not tries.allow(keys):
        raise TooMany
    orders = list(
        Order.objects.filter(ws=ws, store_id=store_id, number__in=_written(bare)).order_by("-id")[:_CANDIDATES]
    )
    people = {one.id: one for one in Person.objects.filter(ws=ws, id__in=[0, *(one.person_id or 0 for one in orders)])}
    typed = _spellings(secret)
    found = None
    for at in range(_CANDIDATES):
        order = orders[at] if at < len(orders) else None
        person = people.get(order.person_id or 0) if order else None
        if _fits(person, typed) and order and found is None:
            found = order.id
    return found


def _written(bare: str) -> set[str]:
    """How shops and people write an order number."""
    return {f"{sign}{form}" for sign in ("", "#") for form in (bare, bare.upper(), bare.lower())}


def _fits(person: Person | None, typed: tuple[str, str, str]) -> bool:
    """Compares all three always; what is not known fits nothing."""
    email = person.email.strip().casefold() if person else ""
    postcode = _letters(person.postcode) if person else ""
    phone = _letters(person.phone)[-_PHONE_DIGITS:] if person else ""
    pairs = list(zip((email, postcode, phone), typed, strict=True))
    same = [hmac.compare_digest(kept.encode(), one.encode()) for kept, one in pairs]
    return any(fits and bool(kept) for fits, (kept, _) in zip(same, pairs, strict=True))


def _spellings(secret: str) -> tuple[str, str, str]:
    """What was typed, read as an e-mail address, a postcode, and the end of a phone number."""
    bare = _letters(secret)
    return secret.strip().casefold(), bare, bare if bare.isdigit() and len(bare) == _PHONE_DIGITS else ""


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())
