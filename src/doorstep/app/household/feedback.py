"""What shoppers write to who runs this installation (S20): kept, and mailed on where an address is named for it."""

from typing import Final

from django.conf import settings

from doorstep.app import clock, tries
from doorstep.app.household.households import Refused, mark_of
from doorstep.app.log import logger
from doorstep.app.pictures import NotAPicture, clean
from doorstep.app.say import ENGLISH, say
from doorstep.app.telling import notify
from doorstep.core.message import Message
from doorstep.db.models import Feedback

LONGEST: Final = 4000  # characters
MOST_MB: Final = 4
log = logger(__name__)


def give(ws: int, user_id: int, email: str, body: str, path: str, picture: bytes) -> None:
    """Keep what somebody wrote, with a picture if they sent one. Raises Refused."""
    text, kind = body.replace("\r\n", "\n").strip()[:LONGEST], ""
    if not text:
        raise Refused("page.contact.empty")
    if picture:
        if len(picture) > MOST_MB << 20:
            raise Refused("my.feedback.too_big", most=MOST_MB)
        try:
            kind, picture = clean(picture)
        except NotAPicture:
            raise Refused("my.feedback.no_picture") from None
    if not tries.allow({"mail": f"feedback:{user_id}"}):
        raise Refused("my.enter.too_many")
    row = Feedback.objects.create(
        ws=ws, user_id=user_id, at=clock.now(), body=text, path=path[:200], picture_kind=kind, picture=picture
    )
    if settings.FEEDBACK_TO:
        _pass_on(row, email)


def _pass_on(row: Feedback, email: str) -> None:
    """By mail, where it can be sent; it is kept already."""
    subject = say(Message(id="letter.feedback.subject", values={"by": email}), ENGLISH)
    values = {"by": email, "path": row.path, "text": row.body, "pictures": 1 if row.picture_kind else 0}
    body = say(Message(id="letter.feedback.body", values=values), ENGLISH)
    try:
        notify.send(notify.Letter(to=(settings.FEEDBACK_TO,), subject=subject, body=body, mark=mark_of(row.id)))
    except (OSError, ValueError) as problem:
        log.warning("mail.failed", problem=type(problem).__name__)
