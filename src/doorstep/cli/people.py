"""Commands about people who may log in."""

from typing import Annotated

import typer

from doorstep.cli.screen import AsJson, chore, fail, load_ready, show, table
from doorstep.core.message import Message

commands = typer.Typer(no_args_is_help=True, help="People who may log in.")


@commands.command("add")
def user_add(
    email: Annotated[str, typer.Argument(help="Their e-mail address.")],
    workspace: Annotated[str, typer.Option(help="Name of the workspace; made when there is none.")] = "My shops",
    role: Annotated[str, typer.Option(help="owner, manager, agent or viewer.")] = "owner",
    password: Annotated[
        str,
        typer.Option(
            prompt=True, hide_input=True, confirmation_prompt=True, help="10 characters or more; asked for without it."
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Add somebody who may log in. The first one is the owner of a new workspace."""
    load_ready(as_json)
    from doorstep.core.roles import Member
    from doorstep.db.models import Membership, User, Workspace

    found = Workspace.objects.filter(name=workspace).first()
    if role not in set(Member):
        raise typer.BadParameter(f"{role} is none of {', '.join(Member)}", param_hint="--role")
    if found is None and role != Member.OWNER:
        fail(Message(id="doctor.no_workspace", values={"name": workspace}), as_json)
    _check_email(email, as_json)
    user = User.objects.filter(email=email.lower()).first()
    if user and found and Membership.objects.filter(ws=found.id, user_id=user.pk).exists():
        fail(Message(id="doctor.user_known", values={"email": email}), as_json)
    if user is None:
        _check_password(password, as_json)
    who = {"email": email, "password": password, "role": role}
    done = chore("user add", as_json, ws=found.id if found else None, workspace=workspace, **who)
    show(done, as_json, lambda: print(f"{email} may now log in as {role} of “{workspace}”."))


@commands.command("list")
def user_list(as_json: AsJson = False) -> None:
    """Everybody who may log in, with their workspaces."""
    load_ready(as_json)
    from doorstep.db.models import Membership, User, Workspace

    emails = dict(User.objects.values_list("id", "email"))
    names = dict(Workspace.objects.values_list("id", "name"))
    rows = [
        {"email": emails.get(one.user_id, "?"), "workspace": names.get(one.ws, "?"), "role": one.role}
        for one in Membership.objects.order_by("ws", "user_id")
    ]
    show(rows, as_json, lambda: table(rows))


@commands.command("password")
def user_password(
    email: Annotated[str, typer.Argument(help="Their e-mail address.")],
    password: Annotated[
        str,
        typer.Option(
            prompt=True, hide_input=True, confirmation_prompt=True, help="10 characters or more; asked for without it."
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Give somebody a new password."""
    load_ready(as_json)
    from doorstep.db.models import User

    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        fail(Message(id="doctor.user_unknown", values={"email": email}), as_json)
    _check_password(password, as_json)
    done = chore("user password", as_json, email=user.email, password=password)
    show(done, as_json, lambda: print(f"{email} has a new password."))


@commands.command("forget-second-factor")
def user_forget(email: Annotated[str, typer.Argument(help="Their e-mail address.")], as_json: AsJson = False) -> None:
    """Let somebody sign in with the password alone: their app, passkeys and recovery codes are forgotten."""
    load_ready(as_json)
    from doorstep.db.models import User

    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        fail(Message(id="doctor.user_unknown", values={"email": email}), as_json)
    done = chore("user forget-second-factor", as_json, email=user.email)
    show(done, as_json, lambda: print(f"{email} signs in with the password alone now."))


def _check_email(email: str, as_json: bool) -> None:
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    try:
        validate_email(email)
    except ValidationError:
        fail(Message(id="doctor.no_email", values={"email": email}), as_json)


def _check_password(password: str, as_json: bool) -> None:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    try:
        validate_password(password)
    except ValidationError as problem:
        fail(Message(id="doctor.password_weak", values={"problem": " ".join(problem.messages)}), as_json)
