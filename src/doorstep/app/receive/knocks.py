"""A vendor says that there is news, and proves less than what it says: it is asked itself, at once."""

from doorstep.app import clock, loop
from doorstep.app.receive import feeds
from doorstep.connectors.contract import Answer, Trouble
from doorstep.connectors.registry import connector
from doorstep.core.number import normalize
from doorstep.db.models import Connection, Number, Schedule


def knock(ws: int, connection_id: int, answer: Answer | None) -> None:
    """Ask a store or supplier for what is new, a carrier for the numbers that ``answer`` names."""
    account = Connection.objects.get(ws=ws, id=connection_id)
    if account.kind != "carrier":
        feeds.hurry(ws, connection_id)
        return
    try:
        named = connector(account.kind, account.connector).read(answer).tracks if answer else ()
    except Trouble:  # nothing is believed of it anyway
        named = ()
    numbers = Number.objects.filter(ws=ws, norm__in={normalize(one.number) for one in named})
    mine = Schedule.objects.filter(ws=ws, connection_id=connection_id, number_id__in=numbers.values("id"))
    if mine.update(next_at=clock.now()):
        loop.wake("poll")
