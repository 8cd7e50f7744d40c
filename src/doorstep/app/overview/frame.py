"""What every screen of the console shows around its own contents, asked for at once."""

from dataclasses import dataclass

from django.db import connection

from doorstep.app.push import given_up
from doorstep.db.load import fetch
from doorstep.db.models import Connection

# Words instead of values: both conditions are those of an index.
_WAITING = """
    SELECT (SELECT count(*) FROM doorstep_inbox WHERE ws = %s AND state = 'needs_look'),
        EXISTS (SELECT 1 FROM doorstep_outbox WHERE ws = %s AND state = 'dead'),
        EXISTS (SELECT 1 FROM doorstep_connection WHERE ws = %s AND state = 'denied')"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """``looks``: mails that wait for a decision; ``lost``: what was given up; ``denied``: connections whose credentials
    are refused.
    """

    looks: int
    lost: int
    denied: tuple[Connection, ...]


def waiting(ws: int) -> Waiting:
    """What waits for a person anywhere in the workspace."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [ws, ws, ws])
        looks, dead, refused = cursor.fetchone()
    denied = fetch(Connection, ws, "state = 'denied' ORDER BY id") if refused else ()
    return Waiting(looks=looks, lost=given_up.count(ws) if dead else 0, denied=tuple(denied))
