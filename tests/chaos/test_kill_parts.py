"""Web, hooks, workers and PostgreSQL itself, each a process of its own, are killed at random moments (``kill -9``)
while everything flows; the server is restarted under load, and the machine's clock jumps by an hour: nothing
acknowledged is lost, no store is told twice, and all leases come home.
"""

import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chaos import records
from tests.chaos.server import Server
from tests.chaos.storm import HOUR_S, KILLS, SEED, Storm, examine, on_a_wrong_machine, say
from tests.e2e.parts import Parts
from tests.e2e.product import Console, Program, town, wait_until

MINE = KILLS - KILLS // 2
TARGETS = ("worker", "postgres", "hooks", "web", "worker", "restart", "all", "worker", "postgres", "hooks")
pytestmark = [pytest.mark.chaos, pytest.mark.postgres, pytest.mark.timeout(600 + 40 * KILLS)]


@dataclass
class Fleet:
    """All processes of one Doorstep, its database and the storm around them. ``pages``: links that were given out."""

    storm: Storm
    parts: Parts
    server: Server
    pages: list[str] = field(default_factory=list)

    def strike(self, target: str) -> None:
        """Kill one kind of process, and start it again; what starts then may be struck again before it has."""
        parts, dice = self.parts, self.storm.dice
        some = {"worker": [dice.choice(parts.workers)], "hooks": [parts.hooks], "web": [parts.web]}
        victims = some.get(target, [parts.web, parts.hooks, *parts.workers] if target == "all" else [])
        for one in victims:
            one.kill()
        if target in {"postgres", "all"}:
            self.server.kill()
        elif target == "restart":
            self.server.stop()
        if target in {"postgres", "all", "restart"}:
            self.server.start()
        for one in victims:
            one.launch()

    def wait(self, enough: Callable[[Iterable[bool]], bool] = any) -> None:
        """Until one worker at least is at work (or nothing would ever be done), or ``all`` parts are. Who found no
        database has ended and is started again, as a supervisor does.
        """
        some = self.everybody if enough is all else self.parts.workers

        def up() -> bool:
            for one in self.everybody:
                if not one.alive:
                    one.launch()
            return enough(one.ready for one in some)

        wait_until("the parts", up, seconds=90)

    @property
    def everybody(self) -> list[Program]:
        return [self.parts.web, self.parts.hooks, *self.parts.workers]

    def make_page(self) -> None:
        """The owner gives a shopper a link; what the answer names is a promise."""
        for case in self.storm.cases[-4:]:
            with suppress(OSError, AssertionError):  # away, or the order is not known yet
                console = Console(self.storm.here.product)
                if order := console.order(case["order"]):
                    self.pages.append(console.page(order))
                    return


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    server = Server(tmp_path)
    try:
        with town(tmp_path / "town", seed=SEED + 1, database=server.url) as here:
            here.product.env["DOORSTEP_HTTP_TIMEOUT"] = "2"
            parts, skew = Parts(here, tmp_path, server.url, 2), tmp_path / "skew"
            here.connect_shop()
            for one in (parts.web, parts.hooks, *parts.workers):
                one.words = on_a_wrong_machine(skew, *map(str, one.words[1:]))
            try:
                parts.start()
                yield Fleet(Storm(here, records.Shared(server.url), skew), parts, server)
            finally:
                parts.close()
    finally:
        server.close()


def test_nothing_is_lost_whichever_part_is_killed(fleet: Fleet):
    say(f"DOORSTEP_SEED={SEED} DOORSTEP_KILLS={KILLS}: {MINE} of the parts on PostgreSQL")
    storm, struck = fleet.storm, Counter[str]()
    before = examine(storm.here)
    sender = storm.send(before["hook"], before["secret"])
    try:
        for number in range(MINE):
            storm.trouble()
            if number % 3 == 2:
                storm.set_clock(storm.dice.choice((HOUR_S, -HOUR_S, 0.0)))
            fleet.wait()
            how, target = storm.wait_for_a_push(), TARGETS[number % len(TARGETS)]
            fleet.strike(target)
            fleet.make_page()
            storm.look(number + 1)
            struck[target] += 1
            say(f"{target} struck, {how}; {len(sender.webhooks)} webhooks, {len(sender.mails)} mails so far")
        storm.set_clock(2 * HOUR_S)  # what the dead held is over at once, and what the living hold too
        fleet.wait(all)
        storm.end()
    finally:
        sender.stop()
    assert [one.stop() for one in (fleet.parts.web, fleet.parts.hooks, *fleet.parts.workers)] == [0] * 4
    storm.check()
    fleet.parts.web.start()
    for page in fleet.pages:
        with urllib.request.urlopen(storm.here.product.url + page, timeout=20) as answer:  # noqa: S310 - loopback
            assert answer.status == 200
    say(f"struck: {dict(struck)}; {len(storm.cases)} orders, {len(fleet.pages)} page links")
