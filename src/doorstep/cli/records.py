"""What the API answers, for people: rows as a table, one thing as its fields, trouble as what to do about it."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn

import typer

from doorstep.cli.screen import fail, red, show, table
from doorstep.client import Problem, Unreachable
from doorstep.core.message import Message

# What a person sees of a row; `--fields` shows others, `--json` all.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "connections": ("id", "kind", "connector", "label", "state", "answered_at"),
    "events": ("local", "status", "place", "text", "number_id"),
    "findings": ("order_id", "cause", "confidence", "next_at", "text"),
    "imports": ("id", "name", "state", "brought_at", "numbers"),
    "numbers": ("id", "text", "carrier", "parcels"),
    "orders": ("id", "number", "state", "placed_at", "parcels"),
    "parcels": ("id", "status", "carrier", "last_event_at", "eta_to", "numbers"),
    "purchases": ("id", "external_id", "state", "ordered_at", "dispatched_at"),
    "pushes": ("id", "number", "state", "reason", "changed_at"),
    "resyncs": ("id", "scope", "asked_at", "running", "done", "total"),
}
INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[\d:.]*(Z?)$")
AGAIN: Final = 3  # exit code: nothing is wrong with the command; later it may go
_LATER: Final = frozenset({429, 502, 503, 504})


@contextlib.contextmanager
def telling(as_json: bool) -> Iterator[None]:
    """Say what the API says of trouble, and end with 1; with 3 where it may go later."""
    try:
        yield
    except Problem as problem:
        _decline(problem, as_json)
    except Unreachable as problem:
        fail(Message(id="cli.unreachable", values={"problem": str(problem)}), as_json, code=AGAIN)


def _decline(problem: Problem, as_json: bool) -> NoReturn:
    faults = [f"{one.get('path', '')}: {one.get('text', '')}" for one in problem.errors]
    said = {"error": problem.code, "status": problem.status, "text": problem.detail, "errors": list(problem.errors)}
    show(said, as_json, lambda: red("\n".join((problem.detail, *faults))))
    raise typer.Exit(AGAIN if problem.status in _LATER else 1)


def tell_rows(rows: Sequence[Mapping[str, Any]], group: str, *, chosen: bool) -> None:
    """Rows under the names of what a line can hold, or of the fields that were chosen."""
    every = list(rows[0]) if rows else []
    names = every if chosen else [name for name in COLUMNS.get(group, every) if name in every]
    table([{name: _line(row.get(name)) for name in names} for row in rows])


def tell(found: Any) -> None:
    """One thing: its fields, then its lists."""
    if found is None:
        print("done")
        return
    width = max(map(len, found), default=0)
    for name, value in found.items():
        if _line(value) and not _listed(value):
            print(f"{name:<{width}}  {_line(value)}")
    for name, value in found.items():
        if _listed(value):
            print()
            table([{inner: _line(one.get(inner)) for inner in value[0]} for one in value], name)


def _listed(value: Any) -> bool:
    """Whether a value is rows of its own."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _line(value: Any) -> str:
    """A value in one line; '' for one that has no room in it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return str(value.get("text") or "")
    if isinstance(value, list):
        return " ".join(map(_line, value))
    return "" if value is None else INSTANT.sub(r"\1 \2\3", str(value))
