"""What a household sees of stores on this installation, and the only way to it.

A store is opened for the app by its merchant (``Brand.app``). Somebody in a household who has proven an e-mail address
is told which opened stores know orders of it, and accepts one by one. A grant shows the orders that were placed with
that address, for as long as it is not revoked, the store stays opened, and that person lives in the household. Each of
them is asked every time; every order that is read is written down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from doorstep.app import brands, clock
from doorstep.app.audit import record
from doorstep.app.household.household_entry import has_proven
from doorstep.app.household.households import Refused
from doorstep.db.models import (
    Brand,
    Grant,
    GrantRead,
    Membership,
    Order,
    Person,
    User,
)

MOST: Final = 300  # orders shown through one grant, the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A store that knows orders of a proven address and may be accepted."""

    store_ws: int
    store_id: int
    brand: brands.Look
    orders: int

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.store_ws}-{self.store_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A live grant. ``through``: the address it goes by; ``brand`` None = the merchant has closed the store since."""

    grant: Grant
    brand: brands.Look | None
    through: str
    mine: bool


def offers(ws: int, user: User) -> tuple[Offer, ...]:
    """The stores that this person may accept for the household. Nothing for an address that is not proven."""
    if not has_proven(user):
        return ()
    has = set(_live(ws).filter(user_id=user.pk).values_list("store_ws", "store_id"))
    found = (_offer(store_ws, store_id, user) for store_ws, store_id in _opened() if (store_ws, store_id) not in has)
    return tuple(one for one in found if one.orders)


def accept(ws: int, user: User, key: str) -> Grant:
    """Accept one store that is offered. Raises Refused when it is not, any more or at all."""
    offer = next((one for one in offers(ws, user) if one.key == key), None)
    if offer is None:
        raise Refused("my.stores.gone")
    actor = f"user:{user.pk}"
    with transaction.atomic():
        try:
            with transaction.atomic():
                grant = Grant.objects.create(
                    ws=ws,
                    user_id=user.pk,
                    store_ws=offer.store_ws,
                    store_id=offer.store_id,
                    granted_at=clock.now(),
                )
        except IntegrityError:  # pressed twice
            return _live(ws).get(user_id=user.pk, store_ws=offer.store_ws, store_id=offer.store_id)
        record(ws, actor, "grant.accept", f"grant:{grant.id}")
        record(offer.store_ws, "shopper", "grant.accept", f"connection:{offer.store_id}")
    return grant


def revoke(ws: int, grant_id: int, actor: str) -> None:
    """End a grant, at once and for good. Anybody of the household may."""
    with transaction.atomic():
        grant = _live(ws).select_for_update().filter(id=grant_id).first()
        if grant is not None:
            _end(grant, actor)


def end_of(ws: int, user_id: int, actor: str) -> None:
    """End what somebody accepted in a household: they leave it."""
    for grant in _live(ws).filter(user_id=user_id):
        _end(grant, actor)


def given(ws: int, user_id: int) -> tuple[Given, ...]:
    """The live grants of a household, as one of its people sees them."""
    rows = list(_live(ws).order_by("id"))
    emails = dict(User.objects.filter(id__in=[one.user_id for one in rows]).values_list("id", "email"))
    open_ = {(one.store_ws, one.store_id) for one in rows if brands.is_open(one.store_ws, one.store_id)}
    return tuple(
        Given(
            grant=one,
            brand=brands.look(one.store_ws, one.store_id) if (one.store_ws, one.store_id) in open_ else None,
            through=emails.get(one.user_id, ""),
            mine=one.user_id == user_id,
        )
        for one in rows
    )


def orders(ws: int) -> Iterator[tuple[Grant, Sequence[Order]]]:
    """Every order that the household may see, by grant; the newest first, at most ``MOST`` of each."""
    for grant in _live(ws).order_by("id"):
        if through := _through(grant):
            yield grant, list(_of(grant, through).order_by("-placed_at", "-id")[:MOST])


def open_order(ws: int, grant_id: int, order_id: int, user_id: int) -> Order | None:
    """The order of that grant, if the household may see it now; None for everything else alike. That it was read is
    kept.
    """
    order = sees(ws, grant_id, order_id)
    if order is not None:
        read = GrantRead(ws=ws, grant_id=grant_id, order_id=order_id, user_id=user_id, day=clock.now().date())
        GrantRead.objects.bulk_create([read], ignore_conflicts=True)
    return order


def sees(ws: int, grant_id: int, order_id: int) -> Order | None:
    """The order of that grant, if the household may see it now; nobody reads it by this."""
    grant = _live(ws).filter(id=grant_id).first()
    through = _through(grant) if grant else ""
    return _of(grant, through).filter(id=order_id).first() if grant and through else None


def of_order(order: Order) -> tuple[Grant, ...]:
    """The grants that show an order of a store now."""
    person = Person.objects.filter(ws=order.ws, id=order.person_id or 0).exclude(email_key="").first()
    if person is None:
        return ()
    live = Grant.objects.filter(store_ws=order.ws, store_id=order.store_id, revoked_at=None)
    theirs = User.objects.filter(id__in=live.values("user_id"), email__iexact=person.email_key).values("id")
    return tuple(one for one in live.filter(user_id__in=theirs).order_by("id") if _through(one) == person.email_key)


def shows(ws: int, store_ws: int, store_id: int, external_id: str) -> bool:
    """Whether a household sees an order of a store, by its id over there, through any grant."""
    for grant in _live(ws).filter(store_ws=store_ws, store_id=store_id):
        through = _through(grant)
        if through and _of(grant, through).filter(external_id=external_id).exists():
            return True
    return False


def reads(ws: int) -> Sequence[GrantRead]:
    """What was read through grants, the newest first."""
    return list(GrantRead.objects.filter(ws=ws).order_by("-id")[:MOST])


def followers(store_ws: int, store_id: int) -> int:
    """How many grants of a store are live: what its merchant is told."""
    return Grant.objects.filter(store_ws=store_ws, store_id=store_id, revoked_at=None).count()


def _through(grant: Grant) -> str:
    """The proven address that a grant goes by, '' where it shows nothing now."""
    lives = Membership.objects.filter(ws=grant.ws, user_id=grant.user_id).exists()
    user = User.objects.filter(id=grant.user_id, is_active=True).first() if lives else None
    if user is None or not has_proven(user) or not brands.is_open(grant.store_ws, grant.store_id):
        return ""
    return user.email.strip().casefold()


def _of(grant: Grant, email: str) -> "QuerySet[Order]":
    """The orders of a grant's store that were placed with an address."""
    people = Person.objects.filter(ws=grant.store_ws, email_key=email).values("id")
    return Order.objects.filter(ws=grant.store_ws, store_id=grant.store_id, person_id__in=people)


def _offer(store_ws: int, store_id: int, user: User) -> Offer:
    there = Grant(store_ws=store_ws, store_id=store_id)
    count = _of(there, user.email.strip().casefold()).count()
    return Offer(store_ws=store_ws, store_id=store_id, brand=brands.look(store_ws, store_id), orders=count)


def _opened() -> list[tuple[int, int]]:
    """The stores that their merchants have opened, of all of this installation."""
    rows = Brand.objects.filter(app=True).order_by("ws", "store_id").values_list("ws", "store_id")
    return [(ws, store) for ws, store in rows if brands.is_open(ws, store)]


def _live(ws: int) -> "QuerySet[Grant]":
    return Grant.objects.filter(ws=ws, revoked_at=None)


def _end(grant: Grant, actor: str) -> None:
    Grant.objects.filter(ws=grant.ws, id=grant.id).update(revoked_at=clock.now())
    record(grant.ws, actor, "grant.revoke", f"grant:{grant.id}")
    record(grant.store_ws, "shopper", "grant.revoke", f"connection:{grant.store_id}")
