"""Mails to a household. What it waits for is known from such mails only, so one with a number makes its order; and
nothing is kept of a mail that is about no shipping.
"""

from dataclasses import asdict
from typing import Any, Final

from doorstep.app.ledger import retention
from doorstep.app.merge.claims import Scope, Word, claim, readable
from doorstep.app.merge.orders import merge_order
from doorstep.app.merge.source import Source, Touched, order_ref
from doorstep.connectors.registry import connector
from doorstep.core.mailmatch import NeedsLook, Nothing, Proof, doubt_of
from doorstep.core.order import Line, Mail, MailKind, Order, SaidNumber
from doorstep.db.models import Connection, Kept, Workspace

TAKEN: Final = "taken"  # in a mail's context: a person says that it is theirs


def is_home(ws: int) -> bool:
    """Whether a workspace is a household."""
    return Workspace.objects.filter(id=ws, kind="household").exists()


def take_in(
    source: Source, said: Mail, proof: Proof, verdict: NeedsLook | Nothing, touched: Touched
) -> dict[str, Any] | None:
    """A mail of a household that belongs to nothing it waits for yet; returns why a person must look, or None."""
    if isinstance(verdict, Nothing):
        if said.kind is not MailKind.SHIPPED:
            retention.empty(source.ws, [source.inbox_id])
        return None
    if said.kind is MailKind.FORWARD_CONFIRMATION:
        return asdict(verdict.reason)
    taken = TAKEN in source.context
    numbers = said.numbers or (said.unsure if taken else ())
    doubt = None if taken else doubt_of(said, proof)
    if not numbers or doubt:
        return asdict(doubt or verdict.reason)
    _wait_for(source, said, numbers, touched)
    return None


def _wait_for(source: Source, said: Mail, numbers: tuple[SaidNumber, ...], touched: Touched) -> None:
    """The order that the mail is about, with its numbers. Another mail about the same order finds it again."""
    ref = f"{order_ref(said.orders[0])}@{said.sender}" if said.orders else readable(numbers[0].text)
    if not ref:
        return
    at = said.sent_at or source.received_at
    store = Source(_by_hand(source), source.inbox_id, source.received_at, source.context)
    order = merge_order(
        store,
        Order(
            ref=f"mail:{ref}",
            number=said.orders[0] if said.orders else numbers[0].text,
            placed_at=min(at, source.received_at),
            paid_at=min(at, source.received_at),
            lines=(Line(ref="1", qty=1),),
        ),
        touched,
    )
    for number in numbers:
        claim(source, Scope(order_id=order.id), Word(said=number, at=source.received_at), touched)
    Kept.objects.get_or_create(
        ws=source.ws, grant_id=0, order_id=order.id, defaults={"seller": {"name": said.sender} if said.sender else {}}
    )


def _by_hand(source: Source) -> Connection:
    """The built-in store that a household's own orders lie in."""
    label = connector("store", "by_hand").meta.label
    connection, _ = Connection.objects.get_or_create(
        ws=source.ws,
        kind="store",
        connector="by_hand",
        external_id="by_hand",
        defaults={"label": label, "connected_at": source.received_at},
    )
    return connection
