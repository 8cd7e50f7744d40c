"""What a person confirmed of a table, in a shape of our own: the numbers of one store's orders. It is strict: an
unknown or wrong field is refused by its name.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta as Limits

from doorstep.connectors.contract import Answer, Broken, Facts
from doorstep.connectors.suppliers.sheets.rows import understood
from doorstep.connectors.suppliers.sheets.table import read_rows
from doorstep.core.message import Message
from doorstep.core.order import Content, Role, SaidNumber, TypedNumber

Text = Annotated[str, Limits(min_length=1, max_length=400)]


class Piece(msgspec.Struct, forbid_unknown_fields=True):
    """Some of one order line. ``line`` is the store's line ref."""

    line: Text
    qty: Annotated[int, Limits(ge=1)]


class Given(msgspec.Struct, forbid_unknown_fields=True):
    """One number for one order. ``order`` is the store's order ref; empty ``contents`` = all lines not yet allotted."""

    order: Text
    number: Text
    carrier: Annotated[str, Limits(max_length=400)] = ""
    role: Literal["platform", "local"] = "local"
    contents: list[Piece] = []
    removed: bool = False


def written(given: Sequence[Given]) -> bytes:
    """What was confirmed, as bytes."""
    return msgspec.json.encode(given)


def read(answer: Answer) -> Facts:
    """The numbers of ``rows`` (confirmed), or what a ``file`` says by itself: orders by whatever the file calls them,
    one fact a row; nothing where a person has to say first which column is which. Raises Broken and Refused.
    """
    if answer.what == "rows":
        return Facts(typed=tuple(_typed(one) for one in confirmed(answer.body)))
    table = understood(read_rows(answer.body))
    if table.missing:
        return Facts(bad=(f"no column for {', '.join(table.missing)}",))
    typed = (
        TypedNumber(
            order=one.order,
            number=SaidNumber(text=one.number, role=Role.LOCAL, carrier=one.carrier),
            contents=(Content(line=one.sku, qty=one.quantity or 1),) if one.sku else (),
        )
        for one in table.rows
    )
    return Facts(
        typed=tuple(typed), bad=tuple(f"row {one.place}, {one.field}: {one.message.id}" for one in table.problems)
    )


def confirmed(body: bytes) -> list[Given]:
    """The rows of ``written``. Raises Broken naming the field."""
    try:
        return msgspec.json.decode(body, type=list[Given])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = str(error)
        raise Broken(why, message=Message(id="manual.not_understood", values={"why": why})) from error


def _typed(one: Given) -> TypedNumber:
    return TypedNumber(
        order=one.order,
        number=SaidNumber(text=one.number, role=Role(one.role), carrier=one.carrier),
        contents=tuple(Content(line=piece.line, qty=piece.qty) for piece in one.contents),
        removed=one.removed,
    )
