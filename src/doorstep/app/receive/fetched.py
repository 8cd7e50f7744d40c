"""Tables that are fetched from an address: what is new in the newest one is given to its orders, without a press.

A row is given once: what a person took back stays taken back, although the table says it again. Rows that cannot be
given now (their order is not known yet) are tried again with every fetch.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from doorstep.app.inbox import answer_of
from doorstep.app.ledger.retention import full
from doorstep.app.merge.claims import readable
from doorstep.app.receive import imports
from doorstep.app.receive.import_rows import Due
from doorstep.core.parcels import PERSON
from doorstep.db.models import Claim, Connection, Inbox, Number

FILE: Final = "file:"


def take(account: Connection) -> int:
    """Give what is new in the newest table to its orders; returns how many numbers. 0 where nothing is, or where the
    table cannot be read: that is said on its screen.
    """
    row = full().filter(ws=account.ws, connection_id=account.id, dedup_key__startswith=FILE).order_by("-id").first()
    if row is None:
        return 0
    new = list(_untouched(account.ws, imports.look(account, row.id, {}).new))
    if not new:
        return 0
    actor = f"connection:{account.id}"
    file_id = _again(account, row, actor) if _taken(row) else row.id
    return imports.give_rows(account, file_id, new, actor)


def _taken(row: Inbox) -> bool:
    """Whether something of this table was given already: then what is new now is a table of its own, to be undone for
    itself.
    """
    parts = Inbox.objects.filter(ws=row.ws, connection_id=row.connection_id, dedup_key__startswith=f"rows:{row.id}:")
    return parts.exists()


def _again(account: Connection, row: Inbox, actor: str) -> int:
    answer = answer_of(row)
    return imports.bring(account, answer.body, answer.context.get("name", ""), actor)


def _untouched(ws: int, new: Sequence[Due]) -> Iterator[Due]:
    """The rows that no person has taken back."""
    orders = {due.order.id for due in new}
    gone = Claim.objects.filter(ws=ws, order_id__in=orders, source=PERSON, gone=True)
    back = list(gone.values_list("order_id", "number_id"))
    norms = dict(Number.objects.filter(ws=ws, id__in={number for _, number in back}).values_list("id", "norm"))
    taken = {(order, norms[number]) for order, number in back}
    yield from (due for due in new if (due.order.id, readable(due.number)) not in taken)
