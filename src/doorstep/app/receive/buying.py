"""What a merchant bought with an account at a shop: its mails match the order numbers that a person enters."""

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from typing import Final

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.app.inbox import Arrival
from doorstep.app.merge.purchases import find_order
from doorstep.app.merge.source import order_ref
from doorstep.app.reading.understand import read_now
from doorstep.app.receive import matching
from doorstep.connectors.suppliers.buy_account import pattern
from doorstep.core.message import Message
from doorstep.db.models import Connection, Order, Purchase

MOST: Final = 500  # lines at once
LONGEST: Final = 120
_BETWEEN: Final = re.compile(r"[\t,;|]")
Problem = tuple[int, Message]  # (line, why it was left out)


def accounts(ws: int) -> list[Connection]:
    """The buy accounts that are in use, the oldest first."""
    rows = Connection.objects.filter(ws=ws, kind="supplier", connector="buy_account", state="active")
    return list(rows.order_by("id"))


def bought(account: Connection, order: Order, text: str, actor: str) -> Message | None:
    """This order was bought there under that order number. Returns what is odd about the number, None = nothing. Raises
    ValueError with a Message for what cannot be one.
    """
    ref = text.strip().lstrip("#").strip()
    if not any(map(str.isalnum, ref)) or len(ref) > LONGEST:
        raise ValueError(Message(id="buying.empty"))
    if order_ref(ref) in {order_ref(order.number), order_ref(order.external_id)}:
        raise ValueError(Message(id="buying.own_number", values={"number": ref}))
    purchase = _purchase(account, ref, actor)
    if purchase.matched_order_id != order.id:
        if purchase.matched_order_id:
            other = Order.objects.get(ws=account.ws, id=purchase.matched_order_id).number
            raise ValueError(Message(id="buying.taken", values={"number": ref, "order": other}))
        matching.match(account.ws, purchase.id, order.id, actor)
    form = pattern(str(account.settings.get("merchant", "")))
    odd = form is not None and not form.fullmatch(ref)
    shop = str(account.settings.get("shop", account.label))
    return Message(id="buying.odd", values={"number": ref, "shop": shop}) if odd else None


def bought_many(account: Connection, text: str, actor: str) -> tuple[int, list[Problem]]:
    """Lines of "order, order number there", in either order where the number can be told by its form. Returns how many
    are known now, and the lines that were left out. Raises ValueError with a Message for too many.
    """
    rows = [(place, line) for place, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(rows) > MOST:
        raise ValueError(Message(id="buying.too_many", values={"most": MOST}))
    problems = list(_tried(account, rows, actor))
    return len(rows) - len(problems), problems


def _tried(account: Connection, rows: Sequence[tuple[int, str]], actor: str) -> Iterator[Problem]:
    form = pattern(str(account.settings.get("merchant", "")))
    for place, line in rows:
        said = [one.strip() for one in _BETWEEN.split(line) if one.strip()]
        if len(said) != 2:
            yield place, Message(id="buying.two")
            continue
        mine, theirs = said[::-1] if form and form.fullmatch(said[0]) else said
        order = find_order(account.ws, mine)
        if order is None:
            yield place, Message(id="import.no_order", values={"order": mine[:60]})
            continue
        try:
            bought(account, order, theirs, actor)
        except ValueError as refused:
            yield place, refused.args[0]


def _purchase(account: Connection, ref: str, actor: str) -> Purchase:
    """The purchase of that number, said through the inbox when it is new."""
    mine = Purchase.objects.filter(ws=account.ws, supplier_id=account.id, external_id=ref)
    if not mine.exists():
        record(account.ws, actor, "purchase.enter", f"connection:{account.id}", after={"purchase": ref})
        said = {"purchase": ref, "account": str(account.settings.get("account", ""))}
        read_now(
            Arrival(
                ws=account.ws,
                connection_id=account.id,
                dedup_key=f"bought:{secrets.token_hex(16)}",
                received_at=clock.now(),
                what="bought",
                context={"by": actor},
                body=json.dumps(said).encode(),
            )
        )
    return mine.get()
