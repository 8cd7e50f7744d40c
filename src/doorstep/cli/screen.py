"""How commands load what they need, show what they found, and fail."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from doorstep.core.message import Message

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]


def load() -> None:
    """Load settings, logging and the tables, with a key: what needs these keeps data."""
    load_keyless()
    from django.conf import settings

    str(settings.SECRET_KEY)


def load_keyless() -> None:
    """Load settings, logging and the tables, and leave nothing behind. A program that has loaded Django keeps its own
    logging.
    """
    import django
    from django.apps import apps

    from doorstep.app import log

    if not apps.ready:
        log.configure()
        django.setup()


def load_ready(as_json: bool) -> None:
    """Load, with a database of this version: a fresh one is made, an older one is left to `up` and `migrate`."""
    load()
    from doorstep.app import upgrade

    now = upgrade.standing()
    if now.fresh:
        upgrade.upgrade()
    elif now.unknown:
        fail(upgrade.TooNew(list(now.unknown)).message, as_json)
    elif now.missing:
        fail(Message(id="doctor.not_migrated", values={"count": len(now.missing)}), as_json)


def chore(what: str, as_json: bool, /, **arguments: Any) -> dict[str, Any]:
    """Have something written, by the running ``up`` if there is one; ends the command when it cannot be."""
    from doorstep.app import handover, serve

    try:
        return serve.do(what, **arguments)
    except (serve.CannotStart, handover.Refused) as problem:
        fail(problem.message, as_json)


def show(data: Any, as_json: bool, render: Callable[[], object]) -> None:
    """Write the data as JSON, or render them for a person."""
    if as_json:
        print(json.dumps(data, default=str, ensure_ascii=False))
    else:
        render()


def fail(message: Message, as_json: bool) -> NoReturn:
    """Say what is wrong and end with exit code 1."""
    complain(message, as_json)
    raise typer.Exit(1)


def complain(message: Message, as_json: bool) -> None:
    """Say what is wrong: on standard error, or as JSON where JSON was asked for."""
    from doorstep.app.say import say

    if as_json:
        print(json.dumps({"error": message.id, "text": say(message)}, ensure_ascii=False))
    else:
        Console(stderr=True, soft_wrap=True).print(say(message), style="red", highlight=False, markup=False)


def table(rows: Sequence[Mapping[str, Any]], title: str = "") -> None:
    """Write rows under the names of the first one's columns."""
    if not rows:
        print(f"{title}: nothing known" if title else "nothing")
        return
    grid = Table(*rows[0], title=title or None, title_justify="left")
    for row in rows:
        grid.add_row(*(str(value) for value in row.values()))
    Console().print(grid)
