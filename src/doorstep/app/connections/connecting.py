"""Connecting from the command line: the console's steps in one."""

from collections.abc import Mapping

from doorstep.app import doors, loop
from doorstep.app.connections import connect
from doorstep.app.receive import mailbox
from doorstep.connectors.contract import Meta
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.db.models import Workspace

ACTOR = "cli"


class NotPossible(ValueError):
    """The words of the command do not fit; ``message`` says why."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


def connect_from_words(workspace: str, kind: str, name: str, form: Mapping[str, str]) -> dict[str, str]:
    """Test and save a connection; returns what the person needs to know. Raises NotPossible and Trouble."""
    ws = workspace_named(workspace)
    if (kind, name) == ("supplier", "mail"):
        return {"connected": "mail", "address": mailbox.address(ws)}
    form_fits(kind, name, form)
    checked = loop.call(connect.check(kind, name, form))
    saved = connect.save(ws, ACTOR, kind, name, form, checked)
    note = loop.call(connect.subscribe(saved))
    made = {"connected": saved.label, "id": str(saved.id), "hook": doors.hook_url(saved)}
    return made | ({"note": note.id} if note else {})


def form_fits(kind: str, name: str, form: Mapping[str, str]) -> Meta:
    """What these inputs are for. Raises NotPossible for a connector or a field that there is not."""
    try:
        meta = connector(kind, name).meta
    except KeyError as problem:
        raise NotPossible("connect.unknown", said=str(problem.args[0])) from None
    unknown = set(form) - {field.name for field in meta.fields}
    if unknown:
        known = ", ".join(field.name for field in meta.fields)
        raise NotPossible("connect.unknown_field", fields=", ".join(sorted(unknown)), known=known)
    return meta


def workspace_named(name: str) -> int:
    """The workspace of this name; the only one where none is named. Raises NotPossible."""
    found = list(Workspace.objects.filter(**({"name": name} if name else {}))[:2])
    if not found:
        raise NotPossible("connect.no_workspace", name=name) if name else NotPossible("connect.no_workspace_yet")
    if len(found) > 1:
        raise NotPossible("connect.which_workspace", names=", ".join(Workspace.objects.values_list("name", flat=True)))
    return found[0].id
