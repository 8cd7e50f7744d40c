"""Commands that run parts of Doorstep as processes of their own, on one PostgreSQL."""

import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from doorstep.cli.screen import AsJson, fail, load, show

if TYPE_CHECKING:
    from doorstep.app.process.serve import Parts, Place

commands = typer.Typer()
Host = Annotated[str, typer.Option(help="Listen on this address instead of DOORSTEP_HOST.")]
Port = Annotated[int, typer.Option(help="Listen on this port instead of DOORSTEP_PORT.")]


@commands.command()
def web(host: Host = "", port: Port = 0, as_json: AsJson = False) -> None:
    """Run the pages only. Any number of these share one PostgreSQL."""
    _prepare(host, port)
    from django.conf import settings

    _serve(frozenset({"pages"}), settings.PORT, as_json)


@commands.command()
def hooks(
    host: Host = "",
    port: Port = 0,
    smtp: Annotated[bool, typer.Option("--smtp", help="Receive mail too, on DOORSTEP_SMTP_PORT.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run what vendors call: webhooks, and mail if asked to. Any number of these share one PostgreSQL."""
    _prepare(host, port)
    from django.conf import settings

    _serve(frozenset({"hooks", "mail"} if smtp else {"hooks"}), settings.PORT, as_json)


@commands.command()
def worker(
    host: Host = "",
    health_port: Annotated[
        int, typer.Option(help="Answer /healthz, /readyz and /metrics on this port; 0: listen nowhere.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Run the background work only: reading, asking, pushing, mailing. Any number of these share one PostgreSQL."""
    _prepare(host, 0)
    _serve(frozenset({"work"}), health_port, as_json)


def _prepare(host: str, port: int) -> None:
    os.environ.update({k: v for k, v in (("DOORSTEP_HOST", host), ("DOORSTEP_PORT", str(port or ""))) if v})
    load()


def _serve(parts: "Parts", port: int, as_json: bool) -> NoReturn:
    from doorstep.app.operate import upgrade
    from doorstep.app.process import serve

    def ready(place: "Place") -> None:
        said = f"Doorstep ({', '.join(sorted(parts))}) is up{f': {place.url}' if place.url else ''}."
        mail = f" Mail is received on {place.smtp}." if place.smtp else ""
        show(asdict(place), as_json, lambda: print(f"{said}{mail} Ctrl-C stops."))
        sys.stdout.flush()

    try:
        code = serve.part(parts, ready, port)
    except (serve.CannotStart, upgrade.TooNew) as problem:
        fail(problem.message, as_json)
    serve.end(code)
