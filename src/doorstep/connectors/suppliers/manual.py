"""What people say of numbers and purchases. No network: it comes as JSON and is read like any supplier's answer.

The shape is ours (``Typed``), so it is strict: an unknown or wrong field is refused by its name.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta as Limits

from doorstep.connectors.contract import Account, Answer, Broken, Can, Checked, Connectable, Facts, Flow, Meta
from doorstep.core.message import Message
from doorstep.core.order import Content, MatchedPurchase, Role, SaidMark, SaidNumber, TypedNumber
from doorstep.core.status import Status

Said = Annotated[str, Limits(max_length=200)]
Id = Annotated[str, Limits(pattern="^[0-9]{1,19}$")]
T = TypeVar("T")


class Piece(msgspec.Struct, forbid_unknown_fields=True):
    """Some of one order line. ``line`` is the store's line ref."""

    line: Said
    qty: Annotated[int, Limits(ge=1)]


class Typed(msgspec.Struct, forbid_unknown_fields=True):
    """One number on one order. ``order`` is the store's order ref; empty ``contents`` = all lines not yet allotted;
    ``removed`` takes the number back; ``carrier_only`` says who carries it, and nothing else.
    """

    order: Said
    number: Said
    carrier: Said = ""
    role: Literal["platform", "local", "piece", "return"] = "local"
    contents: list[Piece] = []
    url: Annotated[str, Limits(max_length=2000)] = ""
    removed: bool = False
    carrier_only: bool = False

    def __post_init__(self) -> None:
        for name, value in (("order", self.order), ("number", self.number)):
            if not value.strip():
                raise ValueError(f"`{name}` is empty")
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError("`url` does not begin with https:// or http://")


class Matched(msgspec.Struct, forbid_unknown_fields=True):
    """Which order a purchase is for; see ``core.order.MatchedPurchase``."""

    supplier: Id
    purchase: Annotated[str, Limits(min_length=1, max_length=200)]
    store: Id | Literal[""] = ""
    order: Said = ""

    def __post_init__(self) -> None:
        if bool(self.store) != bool(self.order):
            raise ValueError("`order` and `store` go together")


class Marked(msgspec.Struct, forbid_unknown_fields=True):
    """The recipient's word about the parcel that has this number; '' takes it back."""

    number: Annotated[str, Limits(min_length=1, max_length=200)]
    mark: Literal["", "received", "missing", "damaged"]


class Manual:
    """The supplier that is a person."""

    meta = Meta(name="manual", label="By hand", hosts=frozenset(), can=frozenset({Can.MANUAL}), basis="our own shape")
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Nothing to test: there is one such supplier in a workspace."""
        yield from ()
        return Checked(external_id="manual", label="By hand")

    def read(self, answer: Answer) -> Facts:
        """One typed number, one purchase matched, or one parcel marked. Raises Broken naming the field."""
        if answer.what == "mark":
            marked = _decoded(answer.body, Marked)
            return Facts(marks=(SaidMark(number=marked.number, mark=marked.mark),))
        if answer.what == "match":
            said = _decoded(answer.body, Matched)
            one = MatchedPurchase(supplier=said.supplier, purchase=said.purchase, store=said.store, order=said.order)
            return Facts(matches=(one,))
        typed = _decoded(answer.body, Typed)
        contents = tuple(Content(line=one.line, qty=one.qty) for one in typed.contents)
        number = SaidNumber(text=typed.number, role=Role(typed.role), carrier=typed.carrier, url=typed.url)
        given = TypedNumber(
            order=typed.order,
            number=number,
            contents=contents,
            removed=typed.removed,
            carrier_only=typed.carrier_only,
        )
        return Facts(typed=(given,))


def _decoded(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = str(error).replace("`$.", "`")  # the field without msgspec's root sign
        raise Broken(why, message=Message(id="manual.not_understood", values={"why": why})) from error


CONNECTOR: Connectable = Manual()
