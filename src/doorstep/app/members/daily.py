"""What needs somebody, mailed once a day to whoever chose an hour for it; nothing where nothing does."""

from django.conf import settings
from django.utils import timezone

from doorstep.app import clock, say
from doorstep.app.outbox import Leased
from doorstep.app.overview.today import Group, today
from doorstep.app.push import given_up
from doorstep.app.telling import alerts
from doorstep.app.telling.notify import Letter, mark
from doorstep.core.roles import Member
from doorstep.db.models import Membership, User, Workspace


def write(leased: Leased) -> Letter | None:
    """The mail; None when it is not wanted at this hour any more, or nothing needs anybody. Plans the next one."""
    row, now = leased.row, clock.now()
    member = Membership.objects.filter(ws=row.ws, user_id=row.target_id).first()
    user = User.objects.filter(id=row.target_id, is_active=True).first()
    hour = alerts.choice(row.ws, row.target_id, Member(member.role)).daily_at if member else None
    if user is None or hour is None or row.intent_key.rpartition(":")[2] != str(hour):
        return None
    alerts.plan_day(row.ws, row.target_id, hour)
    home = Workspace.objects.get(id=row.ws)
    with timezone.override(home.tz):
        needs = [_line(one) for one in today(row.ws, now).urgent.groups]
    if lost := given_up.count(row.ws):
        needs.append(say.text("letter.daily.lost", count=lost))
    if not needs or not settings.EMAIL_HOST:
        return None
    values = {"workspace": home.name, "needs": "\n".join(f"- {one}" for one in needs)}
    url = f"{settings.PUBLIC_URL}/today"
    return Letter(
        to=(user.email,),
        subject=say.text("letter.daily.subject", **values),
        body=say.text("letter.daily.body", url=url, alerts=f"{settings.PUBLIC_URL}/alerts", **values),
        mark=mark(leased),
    )


def _line(group: Group) -> str:
    """A cause, and which orders: the first few by their numbers."""
    orders = list(dict.fromkeys(one.order for one in group.needs))
    more = ", …" if len(orders) > 5 else ""
    return f"{say.say(group.needs[0].said.finding.message)} ({', '.join(orders[:5])}{more})"
