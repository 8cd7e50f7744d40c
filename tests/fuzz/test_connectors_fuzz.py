"""Whatever a vendor, or somebody in a vendor's name, sends: what can be read is read, and the rest is trouble in words.

Each recording is spoiled in one place with one hostile value. `make test` tries some of all these, another choice for
each place; `make long` (DOORSTEP_LONG) tries many more.
"""

import hmac
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from doorstep.connectors.contract import Answer, Can, Challenged, Connector, Delivery, Facts, Received, Trouble
from tests.connectors.recordings import Recording, everyone, of
from tests.connectors.test_conformance import account
from tests.fuzz.hostile import BODIES, TEXTS, VALUES, places, spoiled

LONG = "DOORSTEP_LONG" in os.environ
STEP = 3 if LONG else 149  # one in so many pairs of place and value
IN_HEADERS = [one for one in TEXTS if max(one, default="") <= "\xff"]  # they come as Latin-1
MOST_S = 8.0  # of the processor, for megabytes that are nothing
every = pytest.mark.parametrize("connector", everyone(), ids=lambda one: one.meta.name)
hooked = pytest.mark.parametrize(
    "connector", [one for one in everyone() if Can.HOOKS in one.meta.can], ids=lambda one: one.meta.name
)


def calm(do: Callable[[Any], Any], given: object, about: object) -> None:
    """It is done, or it is trouble; nothing else."""
    try:
        found = do(given)
    except Trouble:
        return
    except Exception as problem:
        raise AssertionError(f"{about}: {problem!r}") from problem
    assert isinstance(found, Facts | Received | bytes)


def spoilt(recording: Recording, step: int) -> list[tuple[object, bytes]]:
    """Bodies with something hostile in one place, and what was done to each."""
    body = recording.content["body"]
    count = 60 if isinstance(body, str) else len(list(places(body)))
    pairs = [(place, value) for place in range(count) for value in range(len(VALUES))]
    chosen = pairs[len(recording.path.stem) % step :: step]
    return [((recording.path.stem, place, VALUES[at]), spoiled(body, place, VALUES[at])) for place, at in chosen]


@every
def test_one_hostile_value_spoils_no_reader(connector: Connector) -> None:
    if Can.PAY in connector.meta.can:
        pytest.skip("says nothing to read")
    for recording in of(connector):
        answer = recording.answer()
        for about, body in spoilt(recording, STEP):
            said = Answer(
                what=answer.what,
                status=answer.status,
                headers=answer.headers,
                context=answer.context,
                body=body,
                received_at=answer.received_at,
            )
            calm(connector.read, said, about)


@every
def test_hostile_bodies_are_trouble_in_bounded_time(connector: Connector) -> None:
    whats = sorted({one.content["what"] for one in of(connector)})[: None if LONG else 1]
    now = account(connector).now
    for what in whats:
        for name, body in BODIES.items():
            begun = time.process_time()
            calm(connector.read, Answer(what=what, status=200, body=body, received_at=now), name)
            assert time.process_time() - begun < MOST_S, name


class Every(dict[str, str]):
    """Headers or a query that have everything, and say the same of it."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.said = said

    def get(self, _: object, __: object = None) -> str:  # type: ignore[override]
        return self.said

    def __getitem__(self, _: object) -> str:
        return self.said

    def __contains__(self, _: object) -> bool:
        return True


@hooked
def test_no_delivery_is_believed_unsigned_or_breaks_the_door(connector: Any) -> None:
    """Strangers reach this without any secret."""
    ours = account(connector)
    for said in IN_HEADERS:
        delivery = Delivery(headers=Every(said), body=b'{"id":1}', received_at=ours.now)
        calm(partial(connector.receive, ours), delivery, said[:60])
    for name, body in BODIES.items():
        begun = time.process_time()
        delivery = Delivery(headers={}, body=body, received_at=ours.now)
        calm(partial(connector.receive, ours), delivery, name)
        assert time.process_time() - begun < MOST_S, name
    if isinstance(connector, Challenged):
        for said in TEXTS:
            calm(partial(connector.answer_challenge, ours, "https://x.example/hooks/a"), Every(said), said[:60])


@hooked
def test_what_a_signed_delivery_says_breaks_nothing(connector: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the signature too: whoever has the secret may still send nonsense."""
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: True)
    ours = account(connector)
    for recording in of(connector):
        for about, body in spoilt(recording, STEP):
            for headers in (Every("1"), Every("t=1772323200,v1=00,v1a=00")):
                delivery = Delivery(headers=headers, body=body, received_at=ours.now)
                calm(partial(connector.receive, ours), delivery, about)
