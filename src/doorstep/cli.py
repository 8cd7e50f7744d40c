"""The command line. Commands are thin; what takes time to load is loaded by the command that needs it."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from doorstep.core.message import Message

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False, help=__doc__)
users = typer.Typer(no_args_is_help=True, help="People who may log in.")
app.add_typer(users, name="user")
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]
MARKS = {"good": "[green]ok  [/]", "note": "[yellow]note[/]", "bad": "[red]bad [/]"}


def main() -> None:
    """Entry point of the command ``doorstep``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")
    os.umask(0o077)  # what Doorstep writes holds people's addresses: for its own user only
    try:
        app()
    except Exception as problem:
        from django.db import DatabaseError

        if not isinstance(problem, DatabaseError):
            raise
        _complain(
            Message(id="doctor.database_unusable", values={"problem": str(problem).strip()}), "--json" in sys.argv
        )
        sys.exit(1)


@app.command()
def up(
    host: Annotated[str, typer.Option(help="Listen on this address instead of DOORSTEP_HOST.")] = "",
    port: Annotated[int, typer.Option(help="Listen on this port instead of DOORSTEP_PORT.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run everything: pages, webhooks, mail and the workers. Ctrl-C stops, a second one at once."""
    os.environ.update({k: v for k, v in (("DOORSTEP_HOST", host), ("DOORSTEP_PORT", str(port or ""))) if v})
    _load()
    from doorstep.app import serve, upgrade

    def ready(place: serve.Place) -> None:
        lines = [f"Doorstep is up: {place.url}", f"Mail is received on {place.smtp}. Ctrl-C stops."]
        if place.public_url != place.url:
            lines.insert(1, f"Seen from outside: {place.public_url}")
        if place.backup:
            lines.append(f"The database was upgraded; a copy from before is {place.backup}")
        _show(asdict(place), as_json, lambda: print("\n".join(lines)))
        sys.stdout.flush()

    try:
        code = serve.up(ready)
    except (serve.CannotStart, upgrade.TooNew) as problem:
        _fail(problem.message, as_json)
    serve.end(code)


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to this version (`up` does it by itself). SQLite is copied first."""
    _load()
    from django.conf import settings

    from doorstep.app import serve, upgrade

    try:
        with serve.alone(Path(settings.DATA_DIR)):
            count, copy = upgrade.upgrade()
    except (serve.CannotStart, upgrade.TooNew) as problem:
        _fail(problem.message, as_json)
    said = f"{count} migrations applied." + (f" A copy from before is {copy}." if copy else "")
    _show({"applied": count, "backup": str(copy or "")}, as_json, lambda: print(said))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is misconfigured and how to mend it. Exit code 1 when something has to be mended."""
    _load()
    from doorstep.app.doctor import examine
    from doorstep.app.say import say

    findings = examine()

    def render() -> None:
        for one in findings:
            Console(soft_wrap=True).print(MARKS[one.grade], say(one.message), highlight=False)

    _show([{"grade": one.grade, "id": one.message.id, "text": say(one.message)} for one in findings], as_json, render)
    raise typer.Exit(int(any(one.grade == "bad" for one in findings)))


@users.command("add")
def user_add(
    email: str,
    workspace: Annotated[str, typer.Option(help="Name of the workspace; made when there is none.")] = "My shops",
    role: Annotated[str, typer.Option(help="owner, manager, agent or viewer.")] = "owner",
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
    as_json: AsJson = False,
) -> None:
    """Add somebody who may log in. The first one is the owner of a new workspace."""
    _load_ready(as_json)
    from doorstep.app import workspaces
    from doorstep.core.roles import Member
    from doorstep.db.models import Membership, User, Workspace

    found = Workspace.objects.filter(name=workspace).first()
    if role not in set(Member):
        raise typer.BadParameter(f"{role} is none of {', '.join(Member)}", param_hint="--role")
    if found is None and role != Member.OWNER:
        _fail(Message(id="doctor.no_workspace", values={"name": workspace}), as_json)
    _check_email(email, as_json)
    user = User.objects.filter(email=email.lower()).first()
    if user and found and Membership.objects.filter(ws=found.id, user_id=user.pk).exists():
        _fail(Message(id="doctor.user_known", values={"email": email}), as_json)
    if user is None:
        _check_password(password, as_json)
    if found:
        workspaces.join(found.id, email, password, Member(role))
    else:
        workspaces.create(workspace, email, password)
    _show(
        {"email": email, "workspace": workspace, "role": role},
        as_json,
        lambda: print(f"{email} may now log in as {role} of “{workspace}”."),
    )


@users.command("list")
def user_list(as_json: AsJson = False) -> None:
    """Everybody who may log in, with their workspaces."""
    _load_ready(as_json)
    from doorstep.db.models import Membership, User, Workspace

    emails = dict(User.objects.values_list("id", "email"))
    names = dict(Workspace.objects.values_list("id", "name"))
    rows = [
        {"email": emails.get(one.user_id, "?"), "workspace": names.get(one.ws, "?"), "role": one.role}
        for one in Membership.objects.order_by("ws", "user_id")
    ]
    _show(rows, as_json, lambda: _table(rows))


@users.command("password")
def user_password(
    email: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
    as_json: AsJson = False,
) -> None:
    """Give somebody a new password."""
    _load_ready(as_json)
    from doorstep.db.models import User

    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        _fail(Message(id="doctor.user_unknown", values={"email": email}), as_json)
    _check_password(password, as_json)
    user.set_password(password)
    user.save(update_fields=["password"])
    _show({"email": email}, as_json, lambda: print(f"{email} has a new password."))


@app.command()
def connect(
    kind: Annotated[str, typer.Argument(help="store, supplier or carrier.")],
    name: Annotated[
        str, typer.Argument(help="Its connector, for example woocommerce; mail gives a forwarding address.")
    ],
    values: Annotated[list[str] | None, typer.Argument(help="field=value, as the console's form names them.")] = None,
    workspace: Annotated[str, typer.Option(help="Name of the workspace, where there is more than one.")] = "",
    as_json: AsJson = False,
) -> None:
    """Connect a store, a supplier or a carrier: tested first, then saved. `up` must not be running."""
    _load_ready(as_json)
    from django.conf import settings

    from doorstep.app import connecting, serve
    from doorstep.app.accounts import message_of
    from doorstep.connectors.contract import Trouble

    form = dict(one.partition("=")[::2] for one in values or ())
    try:
        with serve.alone(Path(settings.DATA_DIR)):
            made = connecting.connect_from_words(workspace, kind, name, form)
    except (serve.CannotStart, connecting.NotPossible) as problem:
        _fail(problem.message, as_json)
    except Trouble as trouble:
        _fail(message_of(trouble), as_json)
    _show(made, as_json, lambda: _table([made]))


@app.command()
def recognize(
    text: Annotated[list[str], typer.Argument(help="Numbers, or links that hold one.")],
    near: Annotated[str, typer.Option(help="Words beside it, for example the carrier's name.")] = "",
    destination: Annotated[str, typer.Option(help="Country it goes to (DE).")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what a tracking number is: carrier, how sure, why. Needs no database. Exit code 1 when one is unknown."""
    from doorstep.app.describe import described
    from doorstep.core.number import Hints
    from doorstep.core.number import recognize as read

    found = [described(read(one, Hints(near=near, destination=destination))) for one in text]

    def render() -> None:
        for one in found:
            _tell(one)

    _show(found, as_json, render)
    raise typer.Exit(int(not all(one["candidates"] for one in found)))


@app.command("read-mail")
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
        _table(
            [{"number": one.text, "carrier": one.carrier, "role": one.role, "link": one.url} for one in mail.numbers]
        )

    _show(asdict(mail), as_json, render)


@app.command()
def track(
    number: str,
    key: Annotated[str, typer.Option(help="A 17TRACK API key; - asks for it. Uses one unit of its quota.")] = "",
    carrier: Annotated[str, typer.Option(help="Carrier, if you know it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Follow one number: its events with a 17TRACK key; without one, what it is and the carrier's own page."""
    from doorstep.app.describe import described
    from doorstep.core.number import Hints, TrackingNumber, carrier_named
    from doorstep.core.number import recognize as read

    recognition = read(number, Hints(carrier_text=carrier))
    found = described(recognition)
    if key:
        _load()
        from doorstep.app import loop
        from doorstep.app.accounts import message_of
        from doorstep.app.ask import ask
        from doorstep.connectors.contract import Trouble

        secret = typer.prompt("17TRACK key", hide_input=True) if key == "-" else key
        best = carrier_named(carrier) or (recognition.best.carrier if recognition.best else "")
        try:
            answer = loop.call(ask(TrackingNumber(text=recognition.number, carrier=best), secret), timeout=180)
        except Trouble as trouble:
            _fail(message_of(trouble), as_json)
        found["track"] = asdict(answer) if answer else None

    def render() -> None:
        _tell(found)
        if key:
            _table([_event(one) for one in (found["track"] or {}).get("events", ())], "Events")
        else:
            print("With --key and a 17TRACK key you see its events here.")

    _show(found, as_json, render)


def _tell(found: Mapping[str, Any]) -> None:
    """What a number is, in lines that fit any terminal."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(found["number"], style="bold", markup=False)
    for one in found["candidates"]:
        console.print(
            f"  {one['name'] or 'a carrier we do not know'} ({one['confidence']}): {one['why']}", markup=False
        )
        if one["link"]:
            console.print(f"  {one['link']}", markup=False)
    other = found["not_a"] or ("" if found["candidates"] else "Nothing known.")
    for line in filter(None, (other, found["meant"])):
        console.print(f"  {line}", markup=False)


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "local time": str(event["local"] or event["instant"] or ""),
        "status": str(event["status"]),
        "place": event["place"],
        "text": event["raw_text"],
    }


def _load() -> None:
    """Load settings, logging and the tables."""
    import django

    from doorstep.app import log

    log.configure()
    django.setup()


def _load_ready(as_json: bool) -> None:
    """Load, with a database of this version: a fresh one is made, an older one is left to `up` and `migrate`."""
    _load()
    from doorstep.app import upgrade

    now = upgrade.standing()
    if now.fresh:
        upgrade.upgrade()
    elif now.unknown:
        _fail(upgrade.TooNew(list(now.unknown)).message, as_json)
    elif now.missing:
        _fail(Message(id="doctor.not_migrated", values={"count": len(now.missing)}), as_json)


def _check_email(email: str, as_json: bool) -> None:
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    try:
        validate_email(email)
    except ValidationError:
        _fail(Message(id="doctor.no_email", values={"email": email}), as_json)


def _check_password(password: str, as_json: bool) -> None:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    try:
        validate_password(password)
    except ValidationError as problem:
        _fail(Message(id="doctor.password_weak", values={"problem": " ".join(problem.messages)}), as_json)


def _show(data: Any, as_json: bool, render: Callable[[], object]) -> None:
    if as_json:
        print(json.dumps(data, default=str, ensure_ascii=False))
    else:
        render()


def _fail(message: Message, as_json: bool) -> NoReturn:
    _complain(message, as_json)
    raise typer.Exit(1)


def _complain(message: Message, as_json: bool) -> None:
    from doorstep.app.say import say

    if as_json:
        print(json.dumps({"error": message.id, "text": say(message)}, ensure_ascii=False))
    else:
        Console(stderr=True, soft_wrap=True).print(say(message), style="red", highlight=False, markup=False)


def _table(rows: Sequence[Mapping[str, Any]], title: str = "") -> None:
    if not rows:
        print(f"{title}: nothing known" if title else "nothing")
        return
    table = Table(*rows[0], title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
