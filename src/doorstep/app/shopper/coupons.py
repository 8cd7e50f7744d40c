"""Coupons for shoppers who had to wait: kinds of them with a budget, single codes, whom each was given to, which were
used. Doorstep creates nothing in a store: the codes come from the merchant's own list, or are made here for the
merchant to create there.
"""

import csv
import io
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.core.message import Message, Value
from doorstep.db.models import Connection, Coupon, Offer, Order

RULE: Final = "rule"  # in place of a person who gave it
MOST_CODES: Final = 5000  # of one offer
LONGEST_LABEL: Final = 80
MOST_DAYS: Final = 730
LIVE: Final = ("given", "redeemed")
_CODE: Final = re.compile(r"[^\s,;\"']{3,60}")
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that look like another
_MOST_MONEY: Final = Decimal(10_000_000)


class Refused(ValueError):
    """It is not done; ``message`` says why."""

    def __init__(self, key: str, **values: Value) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An offer with what became of its codes. ``spent``: what was redeemed, by what the store said or the full worth;
    ``bound``: what the given ones may still cost.
    """

    offer: Offer
    store: str
    free: int
    given: int
    redeemed: int
    back: int
    spent: Decimal
    bound: Decimal

    @property
    def left(self) -> Decimal:
        """Of the budget."""
        return self.offer.budget - self.spent - self.bound

    @property
    def enough(self) -> bool:
        """Whether another one can be given."""
        return self.offer.ended_at is None and self.free > 0 and self.left >= self.offer.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A coupon with its offer."""

    coupon: Coupon
    offer: Offer

    @property
    def usable(self) -> bool:
        """Whether the shopper can still use it."""
        until = self.coupon.expires_at
        return self.coupon.state == "given" and until is not None and until > clock.now()


def accounts(ws: int, *, only: int = 0, store: int = 0) -> list[Account]:
    """The offers of a workspace (one of them, or of one store), those that go on first."""
    rows = Offer.objects.filter(ws=ws).order_by("-ended_at", "-created_at")
    rows = rows.filter(id=only) if only else rows
    rows = rows.filter(store_id=store) if store else rows
    offers = sorted(rows, key=lambda one: one.ended_at is not None)
    if not offers:
        return []
    count = {state: Count("id", filter=Q(state=state)) for state in ("free", "given", "redeemed", "back")}
    said = {"said": Sum("spent"), "unsaid": Count("id", filter=Q(state="redeemed", spent=None))}
    held = Coupon.objects.filter(ws=ws, offer_id__in=[one.id for one in offers])
    found = {one["offer_id"]: one for one in held.values("offer_id").annotate(**count, **said)}
    labels = dict(Connection.objects.filter(ws=ws, kind="store").values_list("id", "label"))
    return [_account(one, labels.get(one.store_id, ""), found.get(one.id, {})) for one in offers]


def of_order(ws: int, order_id: int) -> Given | None:
    """The coupon that the shopper of an order was given."""
    coupon = Coupon.objects.filter(ws=ws, order_id=order_id, state__in=LIVE).first()
    return Given(coupon=coupon, offer=Offer.objects.get(ws=ws, id=coupon.offer_id)) if coupon else None


def offer(ws: int, store_id: int, form: Mapping[str, str], actor: str) -> int:
    """Make a kind of coupon; its id. Raises Refused."""
    if not Connection.objects.filter(ws=ws, id=store_id, kind="store").exists():
        raise Refused("coupon.no_store")
    label = " ".join(form.get("label", "").split())[:LONGEST_LABEL]
    currency = form.get("currency", "").strip().upper()
    if not label:
        raise Refused("coupon.no_label")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Refused("coupon.no_currency")
    cost, budget = _money(form.get("cost", "")), _money(form.get("budget", ""))
    if budget < cost:
        raise Refused("coupon.small_budget")
    with transaction.atomic():
        row = Offer.objects.create(
            ws=ws,
            store_id=store_id,
            label=label,
            cost=cost,
            currency=currency,
            budget=budget,
            days=_whole(form.get("days", ""), MOST_DAYS),
            a_day=_whole(form.get("a_day", "") or "10", 1000),
            by_rule=bool(form.get("by_rule")),
            created_at=clock.now(),
        )
        record(ws, actor, "offer.make", f"offer:{row.id}", after={"label": label, "budget": str(budget)})
    return row.id


def end(ws: int, offer_id: int, actor: str) -> None:
    """Give no more of it. What was given stays good. Raises Offer.DoesNotExist."""
    with transaction.atomic():
        row = Offer.objects.select_for_update().get(ws=ws, id=offer_id)
        row.ended_at = row.ended_at or clock.now()
        row.save(update_fields=["ended_at"])
        record(ws, actor, "offer.end", f"offer:{offer_id}")


def add(ws: int, offer_id: int, text: str, actor: str) -> int:
    """Take codes that exist in the store, the first of each line; how many are new. Raises Refused: none is taken."""
    codes = [row[0] for row in _rows(text)]
    if wrong := next((one for one in codes if not _CODE.fullmatch(one)), ""):
        raise Refused("coupon.no_code", code=wrong[:60])
    return _keep(ws, offer_id, codes, actor, made=False)


def make(ws: int, offer_id: int, count: int, actor: str) -> int:
    """Make so many codes, for a person to create them in the store. Raises Refused."""
    drawn = ("".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(min(count, MOST_CODES)))
    return _keep(ws, offer_id, [f"{one[:5]}-{one[5:]}" for one in drawn], actor, made=True)


def export(ws: int, offer_id: int) -> str:
    """The codes that nobody has yet as CSV, for the store's own import."""
    row = Offer.objects.get(ws=ws, id=offer_id)
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(("code", "worth", "currency", "uses"))
    free = Coupon.objects.filter(ws=ws, offer_id=offer_id, state="free").order_by("id")
    write.writerows((code, row.cost, row.currency, 1) for code in free.values_list("code", flat=True))
    return out.getvalue()


def give(ws: int, offer_id: int, order_id: int, actor: str, cause: str = "") -> Coupon:
    """Give the shopper of an order the next code, one for good. Raises Refused."""
    with transaction.atomic():
        row = Offer.objects.select_for_update().get(ws=ws, id=offer_id)
        order = Order.objects.select_for_update().get(ws=ws, id=order_id)
        (account,) = accounts(ws, only=offer_id)
        if row.store_id != order.store_id or row.ended_at:
            raise Refused("coupon.other_store")
        if Coupon.objects.filter(ws=ws, order_id=order_id, state__in=LIVE).exists():
            raise Refused("coupon.has_one")
        if account.left < row.cost:
            raise Refused("coupon.budget_spent")
        coupon = (
            Coupon.objects.select_for_update().filter(ws=ws, offer_id=offer_id, state="free").order_by("id").first()
        )
        if coupon is None:
            raise Refused("coupon.none_left")
        coupon.state, coupon.order_id, coupon.given_by, coupon.cause = "given", order_id, actor, cause
        coupon.given_at = clock.now()
        coupon.expires_at = coupon.given_at + timedelta(days=row.days)
        coupon.save()
        record(ws, actor, "coupon.give", f"order:{order_id}", after={"coupon": coupon.id})
    return coupon


def take_back(ws: int, order_id: int, actor: str) -> None:
    """Take an unused one back; the code is given to nobody else, since somebody has seen it. Raises Refused."""
    with transaction.atomic():
        mine = Coupon.objects.filter(ws=ws, order_id=order_id, state="given")
        if not mine.update(state="back"):
            raise Refused("coupon.nothing_to_take")
        record(ws, actor, "coupon.take_back", f"order:{order_id}")


def redeemed(ws: int, store_id: int, order: str, codes: Sequence[str]) -> None:
    """The store says that these codes were used in an order of it. Codes that are not ours are nobody's business."""
    wanted = Q()
    for one in codes:
        wanted |= Q(code__iexact=one)
    mine = Coupon.objects.filter(wanted, ws=ws, store_id=store_id).exclude(state="redeemed")
    mine.update(state="redeemed", redeemed_at=clock.now(), redeemed_in=order)


def bring_redeemed(ws: int, offer_id: int, text: str, actor: str) -> int:
    """Lines ``code, order, amount`` of the codes that were used, the last two if known; how many were news. Raises
    Refused, and takes nothing; Offer.DoesNotExist.
    """
    rows, news = list(_rows(text)), []
    with transaction.atomic():
        Offer.objects.select_for_update().get(ws=ws, id=offer_id)  # or one that is given meanwhile would be free again
        mine = Coupon.objects.select_for_update().filter(ws=ws, offer_id=offer_id).order_by("id")
        known = {one.code.casefold(): one for one in mine}
        for code, *rest in rows:
            coupon = known.get(code.casefold())
            if coupon is None:
                raise Refused("coupon.not_known", code=code[:60])
            amount = _money(rest[1], least=Decimal(0)) if len(rest) > 1 and rest[1] else None
            if coupon.state != "redeemed":
                coupon.state, coupon.redeemed_at = "redeemed", clock.now()
                news.append(coupon)
            coupon.redeemed_in = rest[0][:60] if rest else coupon.redeemed_in
            coupon.spent = coupon.spent if amount is None else amount
        Coupon.objects.bulk_update(known.values(), ["state", "redeemed_at", "redeemed_in", "spent"], batch_size=200)
        record(ws, actor, "coupon.redeemed", f"offer:{offer_id}", after={"count": len(news)})
    return len(news)


def _account(row: Offer, store: str, found: Mapping[str, Any]) -> Account:
    given, unsaid = found.get("given", 0), found.get("unsaid", 0)
    return Account(
        offer=row,
        store=store,
        free=found.get("free", 0),
        given=given,
        redeemed=found.get("redeemed", 0),
        back=found.get("back", 0),
        spent=(found.get("said") or Decimal(0)) + row.cost * unsaid,
        bound=row.cost * given,
    )


def _keep(ws: int, offer_id: int, codes: Iterable[str], actor: str, *, made: bool) -> int:
    row = Offer.objects.get(ws=ws, id=offer_id)
    taken = {
        one.casefold() for one in Coupon.objects.filter(ws=ws, store_id=row.store_id).values_list("code", flat=True)
    }
    new = [one for one in dict.fromkeys(codes) if one.casefold() not in taken]
    if not new:
        raise Refused("coupon.no_new")
    if Coupon.objects.filter(ws=ws, offer_id=offer_id).count() + len(new) > MOST_CODES:
        raise Refused("coupon.too_many", most=MOST_CODES)
    try:
        with transaction.atomic():
            rows = [Coupon(ws=ws, offer_id=offer_id, store_id=row.store_id, code=one) for one in new]
            Coupon.objects.bulk_create(rows)
            Offer.objects.filter(ws=ws, id=offer_id).update(made=row.made or made)
            record(ws, actor, "coupon.add", f"offer:{offer_id}", after={"count": len(new)})
    except IntegrityError:
        raise Refused("coupon.no_new") from None
    return len(new)


def _rows(text: str) -> Iterator[list[str]]:
    """The lines of a paste or a CSV file, without a heading. Raises Refused where there is none."""
    some = False
    try:
        for cells in csv.reader(re.split(r"\r?\n", text.replace("\0", "").replace(";", ",").replace("\t", ","))):
            row = [one.strip() for one in cells]
            if row and row[0] and row[0].casefold() != "code":
                some = True
                yield row
    except csv.Error:
        raise Refused("coupon.no_rows") from None
    if not some:
        raise Refused("coupon.no_rows")


def _money(text: str, least: Decimal = Decimal("0.01")) -> Decimal:
    try:
        value = Decimal(text.strip()).quantize(Decimal("0.01"))
        fits = least <= value <= _MOST_MONEY  # to compare what is not a number is invalid too
    except InvalidOperation:
        raise Refused("coupon.no_money", text=text[:20]) from None
    if not fits:
        raise Refused("coupon.no_money", text=text[:20])
    return value


def _whole(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= most):
        raise Refused("coupon.no_number", text=text[:20], most=most)
    return int(text)
