"""What a process that stops still holds: its leases go back at once, so that nobody waits until they expire.

Asking a carrier or a shop is harmless and may begin again at once. What may have left the house rests until its request
must have ended over there, and is then looked at by whoever takes it next.
"""

from typing import Final

from django.db import transaction
from django.db.models import Case, F, TextField, Value, When
from django.db.models.functions import Least

from doorstep.app import clock
from doorstep.app.outbox import Leased
from doorstep.app.push.deliver import ending_s
from doorstep.app.receive import feeds
from doorstep.app.track import poll
from doorstep.db.models import Feed, Outbox, Schedule

UNSURE: Final = Case(When(state="sending", then=Value("unsure")), default=F("state"), output_field=TextField())


def ended() -> float:
    """The machine second by which a request that leaves now has ended on both sides."""
    return clock.machine() + ending_s()


def hand_back_turn(turn: poll.Turn) -> int:
    """What was answered is kept; numbers that were not asked about to the end go back. Returns how many those are."""
    count = 0
    for one in turn.together():
        poll.write(one)
        account = one.connection
        held = Schedule.objects.filter(ws=account.ws, connection_id=account.id, lease_token=one.token)
        count += held.update(lease_token=0, lease_until=0.0)
    return count


def hand_back_feed(turn: feeds.Turn) -> int:
    """A feed that was not walked through to the end."""
    held = Feed.objects.filter(pk=turn.feed.pk, lease_token=turn.feed.lease_token)
    return held.update(lease_token=0, lease_until=0.0)


def hand_back_intent(leased: Leased) -> int:
    """An intent: at once if it is certain that nothing of it has left, else after its rest."""
    row = leased.row
    held = Outbox.objects.filter(ws=row.ws, id=row.id, lease_token=leased.token)
    with transaction.atomic():
        unbegun = held.filter(lane="push", state="due")  # a push says `sending` first; a mail does not
        return unbegun.update(lease_token=0, lease_until=0.0) or held.update(
            lease_token=0, lease_until=Least(F("lease_until"), ended()), state=UNSURE
        )
