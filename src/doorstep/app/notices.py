"""Mails to a workspace's owners: that a connection's credentials are refused. Once; what is mended is not told."""

from django.conf import settings

from doorstep.app.notify import Letter, mark, post
from doorstep.app.outbox import Leased
from doorstep.app.say import say
from doorstep.core.message import Message
from doorstep.core.roles import Member
from doorstep.db.models import Connection, Membership, User


async def tell(leased: Leased) -> None:
    """Carry out one intent of the notice lane."""
    await post(leased, write)


def write(leased: Leased) -> Letter | None:
    """The mail, or None when the connection works again, was removed, or nobody owns the workspace."""
    row = leased.row
    connection = Connection.objects.filter(ws=row.ws, id=row.target_id, state="denied").first()
    owners = Membership.objects.filter(ws=row.ws, role=Member.OWNER.value).values("user_id")
    to = tuple(User.objects.filter(id__in=owners, is_active=True).order_by("id").values_list("email", flat=True))
    if connection is None or not to:
        return None
    url = f"{settings.PUBLIC_URL}/connections/{connection.id}"
    values = {"label": connection.label, "said": say(connection.state_reason), "url": url}
    return Letter(
        to=to,
        subject=say(Message(id="letter.denied.subject", values=values)),
        body=say(Message(id="letter.denied.body", values=values)),
        mark=mark(leased),
    )
