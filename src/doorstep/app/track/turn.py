"""What one carrier account is asked in one go: places in the schedule, leased to us, in batches of one call each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from doorstep.app.inbox import Arrival
from doorstep.app.vendors.health import Pulse
from doorstep.connectors.contract import Trouble
from doorstep.core.number import TrackingNumber
from doorstep.db.models import Connection


class Said(NamedTuple):
    """What was answered about one number. ``track_hash`` is of what it says, ``body_hash`` of its bytes, b'' where
    others were answered with it.
    """

    answer: str
    track_hash: bytes
    body_hash: bytes


@dataclass(slots=True)
class Held:
    """The parcel that has a number, as far as the next question depends on it; ``since`` when it has it."""

    ws: int
    since: datetime
    status: str
    status_since: datetime | None
    last_event_at: datetime | None
    handed_at: datetime | None
    carrier: str
    origin: str
    destination: str


@dataclass(slots=True, eq=False)
class Place:
    """A number's place in the schedule, and what its account knew of it when it was leased; kept up to date."""

    number_id: int
    norm: str
    carrier: str  # our code, '' = unknown
    remote: str
    remote_ref: str
    follow_at: datetime | None  # the vendor ends following it by itself: not later than then it is told again
    answer: str
    said: str
    failures: int
    track_hash: bytes
    body_hash: bytes
    held: Held | None
    keys: Mapping[str, str]  # what the carrier wants to know with it
    asked_at: datetime | None = None

    @property
    def known(self) -> Said:
        """What was answered last."""
        return Said(self.answer, self.track_hash, self.body_hash)

    def number(self) -> TrackingNumber:
        """As a carrier is asked about it."""
        return TrackingNumber(text=self.norm, carrier=self.carrier, keys=self.keys)

    def is_unfollowed(self, now: datetime) -> bool:
        """Whether the vendor does not follow it, or will soon cease to."""
        ends = self.remote in {"registered", "asked"} and self.follow_at is not None and self.follow_at <= now
        return ends or self.remote in {"none", "rejected", "stopped"}


@dataclass(slots=True, eq=False)
class Batch:
    """Numbers of one account that fit into one call. ``older``: places of the same numbers when they were other
    parcels'. ``payer``: the operator's account that is asked, where the connection is lent. ``twins``: the same
    question of other workspaces, answered with this one; ``beside``: it is such a one itself. ``failed`` is what went
    wrong with all of its numbers, ``news`` the answers that say something new.
    """

    connection: Connection
    places: dict[str, Place]  # by normalized number
    older: list[Place] = field(default_factory=list)
    waits: dict[str, float] = field(default_factory=dict)  # seconds until the vendor takes these, quota used up
    said: dict[str, Said] = field(default_factory=dict)
    news: list[Arrival] = field(default_factory=list)
    failed: Trouble | None = None
    ended: bool = False
    pulse: Pulse = field(default_factory=Pulse)
    payer: Connection | None = None
    twins: "list[Batch]" = field(default_factory=list)
    beside: bool = False

    @property
    def account(self) -> Connection:
        """Who is asked, and with whose credentials."""
        return self.payer or self.connection

    def served(self) -> "list[Batch]":
        """All that one call answers."""
        return [self, *self.twins]

    def asked(self, *remotes: str) -> list[TrackingNumber]:
        """The numbers whose remote state is one of these."""
        return [place.number() for place in self.places.values() if place.remote in remotes]

    def unfollowed(self, now: datetime) -> list[TrackingNumber]:
        """The numbers that the vendor does not follow, or will soon cease to."""
        return [place.number() for place in self.places.values() if place.is_unfollowed(now)]

    def numbers(self) -> Iterator[Place]:
        """All its places."""
        yield from self.places.values()
        yield from self.older


@dataclass(slots=True)
class Turn:
    """One account's turn. ``others``: the turns of other workspaces on the same lent account (``payer``), which are
    asked together with it.
    """

    connection: Connection
    token: int
    at: datetime  # when they were claimed
    batches: list[Batch]
    others: "list[Turn]" = field(default_factory=list)
    payer: Connection | None = None
    unwritten: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.unwritten = list(self.batches)

    def together(self) -> "list[Turn]":
        """This turn and those of the other workspaces."""
        return [self, *self.others]

    def calls(self) -> list[Batch]:
        """What is asked, equal questions once."""
        return [batch for turn in self.together() for batch in turn.batches if not batch.beside]

    def take_ended(self) -> list[Batch]:
        """The batches that were asked about since the last call."""
        ended = [batch for batch in self.unwritten if batch.ended]
        self.unwritten = [batch for batch in self.unwritten if not batch.ended]
        return ended

    def leave_out(self, batches: Sequence[Batch]) -> None:
        """These were not asked about at all."""
        self.batches = [batch for batch in self.batches if batch not in batches]
        self.unwritten = [batch for batch in self.unwritten if batch not in batches]

    @property
    def answered(self) -> bool:
        """Whether the vendor said anything at all."""
        return any(batch.said or batch.failed is None for batch in self.batches)
