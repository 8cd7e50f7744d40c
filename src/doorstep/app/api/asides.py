"""What programs that speak another system's API write beside a number: its title there, their own order id, fields of
their own. It is given back as it was said and read by nothing else; names and addresses of people are not kept here.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
from django.db import transaction

from doorstep.app.audit import record
from doorstep.core.message import Message
from doorstep.db.load import load
from doorstep.db.models import Aside, Number

MOST_BYTES: Final = 8 << 10  # of one number, as JSON


def write(ws: int, number_id: int, said: Mapping[str, Any], actor: str) -> None:
    """Put these fields in the place of those of the same name; None takes one away. Raises ValueError with a Message
    for what is too much, and Number.DoesNotExist.
    """
    if not said:
        return
    with transaction.atomic():
        Number.objects.select_for_update().get(ws=ws, id=number_id)
        row = Aside.objects.filter(ws=ws, number_id=number_id).first() or Aside(ws=ws, number_id=number_id)
        whole = {name: value for name, value in {**row.said, **said}.items() if value is not None}
        if whole == row.said:
            return
        if len(msgspec.json.encode(whole)) > MOST_BYTES:
            raise ValueError(Message(id="compat.too_much", values={"limit_kb": MOST_BYTES >> 10}))
        record(ws, actor, "number.aside", f"number:{number_id}", row.said, whole)
        row.said = whole
        row.save()


def read(ws: int, numbers: Collection[int]) -> dict[int, dict[str, Any]]:
    """What stands beside these numbers."""
    return {row.number_id: row.said for row in load(Aside, ws, "number_id", numbers)}
