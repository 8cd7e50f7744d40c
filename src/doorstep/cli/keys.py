"""Commands about keys of the API."""

from typing import Annotated

import typer

from doorstep.cli.screen import AsJson, chore, fail, load_ready, show, table

commands = typer.Typer(no_args_is_help=True, help="Keys of the API.")
Workspace = Annotated[str, typer.Option(help="Name of the workspace, where there is more than one.")]


@commands.command("make")
def key_make(
    label: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option(help="What it may do, for example orders:read. May be given repeatedly.")],
    days: Annotated[int, typer.Option(help="Good for 30, 90 or 365 days; 0 = until it is revoked.")] = 90,
    workspace: Workspace = "",
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, once. On SQLite a running `up` makes it."""
    load_ready(as_json)
    made = chore("key make", as_json, workspace=workspace, label=label, scopes=scope, days=days)
    show(made, as_json, lambda: print("{key}\nKeep it now: it is not shown again.".format(**made)))


@commands.command("list")
def key_list(workspace: Workspace = "", as_json: AsJson = False) -> None:
    """The keys that are not revoked."""
    load_ready(as_json)
    from doorstep.app.api import api_keys
    from doorstep.app.connections import connecting

    try:
        ws = connecting.workspace_named(workspace)
    except connecting.NotPossible as problem:
        fail(problem.message, as_json)
    rows = [
        {
            "id": str(one.id),
            "label": one.label,
            "ends with": one.hint,
            "scopes": " ".join(one.scopes),
            "until": one.until or "",
            "last used": one.used_at or "",
        }
        for one in api_keys.keys(ws)
    ]
    show(rows, as_json, lambda: table(rows))


@commands.command("revoke")
def key_revoke(
    key: Annotated[int, typer.Argument(help="Its id, as `doorstep key list` shows it.")],
    workspace: Workspace = "",
    as_json: AsJson = False,
) -> None:
    """Revoke a key: it is refused from now on. On SQLite a running `up` does it."""
    load_ready(as_json)
    done = chore("key revoke", as_json, workspace=workspace, key_id=key)
    show(done, as_json, lambda: print("The key was revoked."))
