"""Scans as sources tell them, and a hypothesis strategy for whole timelines."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from doorstep.core.event import InstantFrom, TrackingEvent
from doorstep.core.status import Reason, Status

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def scan(status, days=0.0, *, source="a", text="", code="", local=False, position=0, reason=None, place=""):
    """A scan so many days after NOW; ``local``: the source names no zone."""
    at = NOW + timedelta(days=days)
    return TrackingEvent(
        source=source,
        raw_text=text or status.value,
        raw_code=code,
        status=status,
        reason=reason,
        local=at.replace(tzinfo=None) if local else None,
        instant=None if local else at,
        instant_from=InstantFrom.NONE if local else InstantFrom.STATED,
        place=place,
        position=position,
    )


def printed(status, wall, zone=None, *, source="a", position=0, text=""):
    """A scan as a carrier prints it: the wall time of its place (ISO 8601), and hours east of UTC if it says so."""
    local = datetime.fromisoformat(wall)
    instant = local.replace(tzinfo=timezone(timedelta(hours=zone))).astimezone(UTC) if zone is not None else None
    return TrackingEvent(
        source=source,
        raw_text=text or status.value,
        status=status,
        local=local,
        offset=round(zone * 60) if zone is not None else None,
        instant=instant,
        instant_from=InstantFrom.STATED if instant else InstantFrom.NONE,
        position=position,
    )


def timeless(status, *, source="a", position=0, text=""):
    return TrackingEvent(source=source, raw_text=text or status.value, status=status, position=position)


times = st.integers(-200, 80).map(lambda hours: NOW + timedelta(hours=hours))
events = st.builds(
    lambda at, kind, **said: TrackingEvent(
        **said,
        local=at.replace(tzinfo=None) if kind == "local" else None,
        instant=at if kind == "instant" else None,
        instant_from=InstantFrom.STATED if kind == "instant" else InstantFrom.NONE,
    ),
    at=times,
    kind=st.sampled_from(["local", "instant", "none"]),
    source=st.sampled_from("ab"),
    raw_text=st.sampled_from(["x", "y", "x y"]),
    place=st.sampled_from(["", "Bonn"]),
    status=st.sampled_from(Status),
    reason=st.none() | st.sampled_from(Reason),
    position=st.integers(0, 3),
    told=st.sampled_from([None, NOW - timedelta(hours=1), NOW]),
)
told = st.lists(events, max_size=12)
