"""Commands that run Doorstep, keep it in order and connect it."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from doorstep.cli.screen import AsJson, chore, fail, load, load_ready, show, table

commands = typer.Typer()
MARKS = {"good": "[green]ok  [/]", "note": "[yellow]note[/]", "bad": "[red]bad [/]"}


@commands.command()
def up(
    host: Annotated[str, typer.Option(help="Listen on this address instead of DOORSTEP_HOST.")] = "",
    port: Annotated[int, typer.Option(help="Listen on this port instead of DOORSTEP_PORT.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run everything: pages, webhooks, mail and the workers. Ctrl-C stops, a second one at once."""
    os.environ.update({k: v for k, v in (("DOORSTEP_HOST", host), ("DOORSTEP_PORT", str(port or ""))) if v})
    load()
    from doorstep.app.operate import upgrade
    from doorstep.app.process import serve
    from doorstep.app.say import say

    def ready(place: serve.Place) -> None:
        lines = [f"Doorstep is up: {place.url}", f"Mail is received on {place.smtp}. Ctrl-C stops."]
        if place.public_url != place.url:
            lines.insert(1, f"Seen from outside: {place.public_url}")
        if said := upgrade.told(place.migrated, place.backup):
            lines.append(say(said))
        show(asdict(place), as_json, lambda: print("\n".join(lines)))
        sys.stdout.flush()

    try:
        code = serve.up(ready)
    except (serve.CannotStart, upgrade.CannotUpgrade) as problem:
        fail(problem.message, as_json)
    serve.end(code)


@commands.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to this version (`up` does it by itself). A copy of it is made first."""
    load()
    from django.conf import settings

    from doorstep.app.operate import upgrade
    from doorstep.app.process import serve
    from doorstep.app.say import say

    Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
    try:
        with serve.alone(Path(settings.DATA_DIR)):
            count, copy = upgrade.upgrade()
    except (serve.CannotStart, upgrade.CannotUpgrade) as problem:
        fail(problem.message, as_json)
    said = upgrade.told(count, str(copy or ""))
    lines = [f"{count} migrations applied.", *([say(said)] if said else [])]
    show({"applied": count, "backup": str(copy or "")}, as_json, lambda: print("\n".join(lines)))


@commands.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is misconfigured and how to mend it. Exit code 1 when something has to be mended."""
    load()
    from doorstep.app.operate.doctor import examine
    from doorstep.app.say import say

    findings = examine()

    def render() -> None:
        for one in findings:
            Console(soft_wrap=True).print(MARKS[one.grade], say(one.message), highlight=False)

    show([{"grade": one.grade, "id": one.message.id, "text": say(one.message)} for one in findings], as_json, render)
    raise typer.Exit(int(any(one.grade == "bad" for one in findings)))


@commands.command()
def connect(
    kind: Annotated[str, typer.Argument(help="store, supplier or carrier.")],
    name: Annotated[
        str, typer.Argument(help="Its connector, for example woocommerce; mail gives a forwarding address.")
    ],
    values: Annotated[list[str] | None, typer.Argument(help="field=value, as the console's form names them.")] = None,
    workspace: Annotated[str, typer.Option(help="Name of the workspace, where there is more than one.")] = "",
    as_json: AsJson = False,
) -> None:
    """Connect a store, a supplier or a carrier: tested first, then saved. On SQLite a running `up` does it."""
    load_ready(as_json)
    form = dict(one.partition("=")[::2] for one in values or ())
    made = chore("connect", as_json, workspace=workspace, kind=kind, name=name, form=form)
    show(made, as_json, lambda: table([made]))
