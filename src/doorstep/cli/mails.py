"""Commands about shipping mails."""

from dataclasses import asdict
from typing import Annotated

import typer

from doorstep.cli.screen import AsJson, show, table

commands = typer.Typer()


@commands.command("read-mail")
def read_mail(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="An .eml file, or - for standard input.")],
    as_json: AsJson = False,
) -> None:
    """Say what a shipping mail says: orders and tracking numbers. Needs no database."""
    from doorstep.connectors.mail.read import read

    mail = read(file.read())

    def render() -> None:
        print(f"{mail.kind}: {mail.subject}\nFrom {mail.sender or 'nobody'}")
        print(f"Orders: {', '.join(mail.orders) or 'none'}")
        table([{"number": one.text, "carrier": one.carrier, "role": one.role, "link": one.url} for one in mail.numbers])

    show(asdict(mail), as_json, render)
