"""Orders that people write down themselves, for parcels of no connected shop. No network; the shape is ours."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta as Limits

from doorstep.connectors.contract import Account, Answer, Broken, Can, Checked, Connectable, Facts, Flow, Meta
from doorstep.core.message import Message
from doorstep.core.order import Line, Order
from doorstep.core.status import Status

Text = Annotated[str, Limits(max_length=200)]


class Written(msgspec.Struct, forbid_unknown_fields=True):
    """An order of one line. ``placed_at`` with an offset."""

    ref: Text
    number: Text
    placed_at: datetime
    title: Text = ""


class ByHand:
    """The shop that is a person's notes."""

    meta = Meta(name="by_hand", label="By hand", hosts=frozenset(), can=frozenset({Can.MANUAL}), basis="our own shape")
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Nothing to test: there is one in a workspace."""
        yield from ()
        return Checked(external_id="by_hand", label="By hand")

    def read(self, answer: Answer) -> Facts:
        """One written order, or a list of them. Raises Broken naming the field that is wrong."""
        try:
            said = msgspec.json.decode(answer.body, type=Written | list[Written])
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise Broken(
                str(wrong), message=Message(id="store.by_hand_unreadable", values={"said": str(wrong)})
            ) from None
        every = said if isinstance(said, list) else [said]
        if any(one.placed_at.tzinfo is None for one in every):
            reason = Message(id="store.by_hand_unreadable", values={"said": "`placed_at` has no offset"})
            raise Broken("`placed_at` has no offset", message=reason)
        return Facts(orders=tuple(map(_order, every)))


def _order(said: Written) -> Order:
    line = Line(ref=f"{said.ref}-1", qty=1, title=said.title)
    return Order(ref=said.ref, number=said.number, placed_at=said.placed_at, paid_at=said.placed_at, lines=(line,))


CONNECTOR: Connectable = ByHand()
