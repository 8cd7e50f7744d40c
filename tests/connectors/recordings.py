"""Recorded answers and their goldens.

A recording is ``<kind>/<connector>/<case>.json``: one answer and where it comes from. What the connector reads in it is
``<case>.out.json`` beside it, written when missing; then the test fails once, so that a person reads it.
"""

import dataclasses
import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from doorstep.connectors.contract import Account, Answer, Can, Connector, Payment, Trouble
from doorstep.connectors.registry import PACKAGES, Kind, connectors
from tests.connectors.flow import drive

HERE = Path(__file__).parent
_IN_XML = re.compile(r'>\s*([^<>]*[^<>\s])\s*<|="([^"]*)"')
KEYS = {"origin", "what", "status", "headers", "context", "received_at", "body"}


@dataclass(frozen=True)
class Recording:
    connector: Connector
    path: Path
    content: Mapping[str, Any]

    def answer(self) -> Answer:
        body = self.content["body"]
        return Answer(
            what=self.content["what"],
            status=self.content["status"],
            headers=self.content["headers"],
            context=self.content["context"],
            body=(body if isinstance(body, str) else json.dumps(body)).encode(),
            received_at=datetime.fromisoformat(self.content["received_at"]),
        )

    @property
    def golden(self) -> Path:
        return self.path.with_suffix(".out.json")


def everyone() -> list[Connector]:
    return [one for kind in get_args(Kind) for one in connectors(kind).values()]


def folder(connector: Connector) -> Path:
    kind = next(kind for kind in get_args(Kind) if connectors(kind).get(connector.meta.name) is connector)
    return HERE / PACKAGES[kind] / connector.meta.name


@functools.cache
def recordings() -> tuple[Recording, ...]:
    return tuple(recorded for connector in everyone() for recorded in of(connector))


def of(connector: Connector) -> Iterator[Recording]:
    for path in sorted(folder(connector).glob("*.json")):
        if not path.name.endswith(".out.json"):
            yield Recording(connector, path, json.loads(path.read_text()))


def outcome(recording: Recording) -> Any:
    """What reading gives, as plain JSON: Facts without what is as by default, or the Trouble. A payment provider says
    nothing to read: there it is what became of the payments named in the context.
    """
    try:
        if Can.PAY in recording.connector.meta.can:
            return {"synced": plain(_given(recording))}
        return plain(recording.connector.read(recording.answer()))
    except Trouble as trouble:
        return {"trouble": type(trouble).__name__, **{name: plain(value) for name, value in vars(trouble).items()}}


def _given(recording: Recording) -> Any:
    """What ``give`` makes of this answer. ``payments`` in the context: "transaction number carrier", with ; between."""
    named = [one.split() for one in recording.content["context"]["payments"].split(";")]
    payments = [
        Payment(transaction=transaction, number=number, carrier_name=name, key=str(place))
        for place, (transaction, number, name) in enumerate(named)
    ]
    provider: Any = recording.connector
    ours = Account(now=recording.answer().received_at)
    return drive(provider, ours, provider.give(ours, payments), recording.answer()).result


def plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value) if _told(value, one)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, tuple | list) else value


def _told(value: Any, field: dataclasses.Field[Any]) -> bool:
    """Whether a field says more than its default."""
    default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    return bool(getattr(value, field.name) != default)


def scalars(value: Any) -> Iterator[str]:
    """Every text and number in a JSON value, as text; of a text that is XML every text and attribute in it, and of one
    that is JSON again what is in that.
    """
    if isinstance(value, str) and value.lstrip().startswith("<"):
        yield from (found[1] or found[2] or "" for found in _IN_XML.finditer(value))
    elif isinstance(value, str) and value.startswith('{"'):
        yield from scalars(json.loads(value))
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from scalars(one)
    elif value is not None:
        yield str(value)
