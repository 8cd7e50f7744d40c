"""What the rows of a table would do: whose order each names, whether its number is there already, who carries it."""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from django.db.models import Q

from doorstep.app.merge.claims import readable
from doorstep.app.merge.purchases import spellings
from doorstep.app.merge.source import order_ref
from doorstep.app.receive.manual import from_link, role_of
from doorstep.app.settle.pushes import suspect
from doorstep.connectors.suppliers.sheets.rows import Problem, Row
from doorstep.connectors.suppliers.sheets.said import Piece
from doorstep.core.message import Message, Value
from doorstep.core.number import Hints, carrier_named, normalize, recognize
from doorstep.db.models import Line, Number, Order, ParcelLine, ParcelNumber

T = TypeVar("T")
AT_ONCE: Final = 400  # order numbers looked up in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a good row does. ``pieces`` empty = all lines not yet allotted. ``carrier`` is our code, '' = not known;
    ``sure``: how surely, '' = said by the row itself. ``note`` is worth a look and stops nothing.
    """

    row: Row
    order: Order
    number: str
    role: str
    pieces: tuple[Piece, ...]
    carrier: str
    sure: str
    state: Literal["new", "known"]
    note: Message | None = None


class _Wrong(ValueError):
    def __init__(self, field: str, key: str, **values: Value) -> None:
        super().__init__(key)
        self.field, self.message = field, Message(id=key, values=values)


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What is known about the orders that a table names. ``given``: what may be given numbers, None = all."""

    orders: Mapping[str, Sequence[Order]]
    lines: Mapping[int, Sequence[Line]]
    held: Mapping[int, Collection[str]]
    given: Mapping[int, Sequence[Piece]] | None


def judge(
    ws: int, rows: Sequence[Row], given: Mapping[int, Sequence[Piece]] | None = None
) -> tuple[list[Due], list[Problem]]:
    """What each row does, and the rows that do nothing and why. ``given``: all that may be given numbers, by order id;
    of everything else this says that it does not exist.
    """
    ledger, good, bad = _ledger(ws, rows, given), list[Due](), list[Problem]()
    seen: set[tuple[int, str, str]] = set()
    for row in rows:
        try:
            due = _due(ledger, row)
            _first(seen, due)
        except _Wrong as wrong:
            bad.append(Problem(place=row.place, field=wrong.field, message=wrong.message))
        else:
            good.append(due)
    return good, bad


def _first(seen: set[tuple[int, str, str]], due: Due) -> None:
    key = (due.order.id, readable(due.number), due.row.sku)
    if key in seen:
        raise _Wrong("number", "import.twice")
    seen.add(key)


def _due(ledger: _Ledger, row: Row) -> Due:
    order = _order(ledger, row.order)
    number, carrier = from_link(row.number, row.carrier)
    doubt = suspect(number, {normalize(order.number), normalize(order.external_id)}, carrier)
    if doubt:
        raise _Wrong("number", doubt.id, **doubt.values)
    code, best = carrier_named(carrier) if carrier else "", recognize(number, Hints(carrier_text=carrier)).best
    unknown = Message(id="import.carrier_unknown", values={"name": carrier[:60]}) if carrier and not code else None
    return Due(
        row=row,
        order=order,
        number=number,
        role=role_of(number),
        pieces=_pieces(ledger, order.id, row),
        carrier=code or (best.carrier if best else ""),
        sure="" if code or not best else best.confidence.value,
        state="known" if readable(number) in ledger.held.get(order.id, ()) else "new",
        note=unknown,
    )


def _order(ledger: _Ledger, said: str) -> Order:
    found = [one for one in ledger.orders.get(said, ()) if ledger.given is None or one.id in ledger.given]
    exact = [one for one in found if one.external_id in {said, order_ref(said)}]
    named = exact or found
    if not named:
        raise _Wrong("order", "import.no_order", order=said[:60])
    if len(named) > 1:
        raise _Wrong("order", "import.many_orders", order=said[:60], count=len(named))
    if named[0].cancelled_at:
        raise _Wrong("order", "import.cancelled", order=said[:60])
    return named[0]


def _pieces(ledger: _Ledger, order_id: int, row: Row) -> tuple[Piece, ...]:
    """The quantity of the line that a row means; all that may be given where it names neither item nor quantity."""
    whole = tuple(ledger.given[order_id]) if ledger.given else ()
    if not row.sku and not row.quantity:
        return whole
    waiting = {one.line: one.qty for one in whole}
    lines = [one for one in ledger.lines.get(order_id, ()) if not waiting or one.external_id in waiting]
    meant = [one for one in lines if not row.sku or one.sku.casefold() == row.sku.casefold()]
    if not meant:
        raise _Wrong("sku", "import.no_sku", sku=row.sku[:60])
    if len(meant) > 1:
        raise _Wrong("sku", "import.which_line" if not row.sku else "import.many_lines", sku=row.sku[:60])
    ordered = waiting.get(meant[0].external_id, meant[0].qty - meant[0].qty_cancelled)
    if row.quantity > ordered:
        raise _Wrong("quantity", "import.too_many", quantity=row.quantity, ordered=ordered)
    return (Piece(line=meant[0].external_id, qty=row.quantity or ordered),)


def _ledger(ws: int, rows: Sequence[Row], given: Mapping[int, Sequence[Piece]] | None) -> _Ledger:
    named: dict[str, list[Order]] = defaultdict(list)
    for texts in _some({row.order for row in rows}):
        for text, order in _named(ws, texts):
            named[text].append(order)
    ids = {one.id for some in named.values() for one in some}
    lines, held = defaultdict(list), defaultdict(set)
    for some in _some(ids):
        for line in Line.objects.filter(ws=ws, order_id__in=some, needs_shipping=True).order_by("id"):
            if line.qty > line.qty_cancelled:
                lines[line.order_id].append(line)
        for order_id, norm in _held(ws, some):
            held[order_id].add(norm)
    return _Ledger(named, lines, held, given)


def _named(ws: int, texts: Collection[str]) -> Iterator[tuple[str, Order]]:
    """Each text with the orders that it may mean: by the store's id, or by the number."""
    refs = {text: {text, order_ref(text)} for text in texts}
    names = {text: {text, *spellings(text)} for text in texts}
    by_form = defaultdict(set)
    for text in texts:
        for form in refs[text] | names[text]:
            by_form[form].add(text)
    meant = Q(external_id__in={one for forms in refs.values() for one in forms})
    meant |= Q(number__in={one for forms in names.values() for one in forms})
    for order in Order.objects.filter(meant, ws=ws).order_by("id"):
        for text in sorted(by_form[order.external_id] | by_form[order.number]):
            if order.external_id in refs[text] or order.number in names[text]:
                yield text, order


def _held(ws: int, orders: Collection[int]) -> Iterator[tuple[int, str]]:
    """(order, normalized number) of the numbers that their parcels have now."""
    parcels = defaultdict(set)
    for order_id, parcel_id in ParcelLine.objects.filter(ws=ws, order_id__in=orders).values_list(
        "order_id", "parcel_id"
    ):
        parcels[parcel_id].add(order_id)
    rows = ParcelNumber.objects.filter(ws=ws, parcel_id__in=parcels, until=None).values_list("parcel_id", "number_id")
    held = list(rows)
    norms = dict(Number.objects.filter(ws=ws, id__in={one for _, one in held}).values_list("id", "norm"))
    yield from ((order_id, norms[number]) for parcel, number in held for order_id in parcels[parcel])


def _some(every: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(every)
    while some := list(itertools.islice(rest, AT_ONCE)):
        yield some
