"""Whether a process can do its part now: the database answers, has this version's tables, and nothing is stuck."""

from typing import Final

from django.db import DatabaseError, connection

from doorstep.app.operate import backlogs, upgrade
from doorstep.app.operate.doctor import Finding
from doorstep.core.message import Message

STUCK_S: Final = 900.0  # real seconds that something may wait although its time has come
_migrated = False  # it stays so: migrations are never taken back


def examine(works: bool) -> list[Finding]:
    """What is wrong (``bad``: not ready) or should be known (``note``). That nothing moves is bad for a process that
    ``works``; pages and webhooks go on, and taking them away too would help nobody.
    """
    try:
        count = _missing()
        if count:
            return [Finding(grade="bad", message=Message(id="doctor.not_migrated", values={"count": count}))]
        return _stuck(works)
    except DatabaseError as problem:
        return [
            Finding(
                grade="bad", message=Message(id="doctor.database_unreachable", values={"problem": str(problem).strip()})
            )
        ]


def _missing() -> int:
    global _migrated  # noqa: PLW0603 - see there
    if _migrated:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return 0
    count = len(upgrade.standing().missing)
    _migrated = not count
    return count


def _stuck(works: bool) -> list[Finding]:
    count, age = backlogs.unread()
    late = max((backlogs.real_age(due_at) for _, _, _, due_at in backlogs.undone()), default=0.0)
    found = []
    if age > STUCK_S:
        found.append(Message(id="serve.inbox_stuck", values={"count": count, "minutes": int(age / 60)}))
    if late > STUCK_S:
        found.append(Message(id="serve.outbox_stuck", values={"minutes": int(late / 60)}))
    return [Finding(grade="bad" if works else "note", message=one) for one in found]
