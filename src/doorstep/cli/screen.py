"""How commands load what they need, show what they found, and fail."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from doorstep.core.message import Message

WIDEST: Final = 1000  # letters of a line that a program reads
FOLDED: Final = 24  # letters of a column that has to be readable without folding it
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
    from doorstep.app.operate import upgrade

    now = upgrade.standing()
    if now.fresh:
        upgrade.upgrade()
    elif now.unknown:
        fail(upgrade.TooNew(list(now.unknown)).message, as_json)
    elif now.missing:
        fail(Message(id="doctor.not_migrated", values={"count": len(now.missing)}), as_json)


def chore(what: str, as_json: bool, /, **arguments: Any) -> dict[str, Any]:
    """Have something written, by the running ``up`` if there is one; ends the command when it cannot be."""
    from doorstep.app.process import handover, serve

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


def fail(message: Message, as_json: bool, code: int = 1) -> NoReturn:
    """Say what is wrong and end with this exit code."""
    complain(message, as_json)
    raise typer.Exit(code)


def complain(message: Message, as_json: bool) -> None:
    """Say what is wrong: on standard error, or as JSON where JSON was asked for."""
    from doorstep.app.say import say

    if as_json:
        print(json.dumps({"error": message.id, "text": say(message)}, ensure_ascii=False))
    else:
        red(say(message))


def red(text: str) -> None:
    """Write what is wrong on standard error; red where that is a terminal."""
    Console(stderr=True, soft_wrap=True).print(text, style="red", highlight=False, markup=False)


def table(rows: Sequence[Mapping[str, Any]], title: str = "") -> None:
    """Write rows under the names of the first one's columns: as wide as they are where nobody's eyes set a limit, and
    one below the other where a terminal is too narrow for columns.
    """
    if not rows:
        print(f"{title}: nothing known" if title else "nothing")
        return
    console = Console() if sys.stdout.isatty() else Console(width=WIDEST)
    widths = [max(len(name), *(len(str(row[name])) for row in rows)) for name in rows[0]]
    if console.width < sum(min(one, FOLDED) + 3 for one in widths):
        _cards(console, rows, title)
        return
    grid = Table(*rows[0], title=title or None, title_justify="left")
    for row in rows:
        grid.add_row(*(escape(str(row[name])) for name in rows[0]))
    console.print(grid)


def _cards(console: Console, rows: Sequence[Mapping[str, Any]], title: str) -> None:
    """Each row as lines of name and value; what is empty is left out."""
    if title:
        console.print(title, style="italic", markup=False)
    for row in rows:
        said = {name: str(value) for name, value in row.items() if str(value)}
        width = max(map(len, said), default=0)
        lines = (f"{name:<{width}}  {value}" for name, value in said.items())
        console.print("\n".join(lines), end="\n\n", markup=False, highlight=False, soft_wrap=True)
