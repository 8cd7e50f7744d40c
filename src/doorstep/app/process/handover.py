"""Commands that write while ``up`` holds the SQLite file: their work is handed to it over a local socket.

The socket lies in the data folder, for its owner only (mode 0600). One request a connection: a line of JSON naming a
chore of the fixed table ``CHORES`` and its arguments; the answer is ``{"done": ...}`` or ``{"refused": a Message}``.
"""

import asyncio
import base64
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.db import connections

from doorstep.app.api import api_keys, inside
from doorstep.app.connections import connecting, lending
from doorstep.app.ledger import archive
from doorstep.app.log import logger
from doorstep.app.members import team, workspaces
from doorstep.app.privacy import disclosure, erasure, traces
from doorstep.app.vendors.accounts import message_of
from doorstep.connectors.contract import Trouble
from doorstep.core.message import Message
from doorstep.core.roles import Member
from doorstep.db.models import Door, User

NAME: Final = "up.sock"
MOST: Final = 16 << 20  # bytes of a request: the longest that the API takes, twice quoted
PATIENCE_S: Final = 3600.0  # archiving years of scans takes its time
ACTOR: Final = "cli"
log = logger(__name__)


class Refused(Exception):
    """The chore was not done; ``message`` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


class Away(Exception):
    """Nobody takes chores there."""


def _erase(workspace: str, email: str) -> dict[str, Any]:
    return asdict(erasure.erase(connecting.workspace_named(workspace), email, ACTOR))


def _export_person(workspace: str, email: str) -> dict[str, Any]:
    packed = disclosure.disclose(connecting.workspace_named(workspace), email, ACTOR)
    return {"zip": base64.b64encode(packed).decode()}


def _archive(months: int) -> dict[str, Any]:
    return {"numbers": archive.pack_all(months)}


def _connect(workspace: str, kind: str, name: str, form: Mapping[str, str]) -> dict[str, Any]:
    return dict(connecting.connect_from_words(workspace, kind, name, form))


def _add_user(ws: int | None, workspace: str, email: str, password: str, role: str) -> dict[str, Any]:
    if ws is None:
        workspaces.create(workspace, email, password)
    else:
        workspaces.join(ws, email, password, Member(role))
    return {"email": email, "workspace": workspace, "role": role}


def _set_password(email: str, password: str) -> dict[str, Any]:
    user = User.objects.get(email=email)
    user.set_password(password)
    user.save(update_fields=["password"])
    return {"email": email}


def _forget_factors(email: str) -> dict[str, Any]:
    return {"email": email, "forgotten": team.forget_factors(User.objects.get(email=email).pk)}


def _make_key(workspace: str, label: str, scopes: Sequence[str], days: int) -> dict[str, Any]:
    ws = connecting.workspace_named(workspace)
    try:
        made, key = api_keys.make(ws, label, scopes, days, ACTOR)
    except ValueError as problem:
        raise Refused(problem.args[0]) from None
    return {"id": str(made), "key": key}


def _revoke_key(workspace: str, key_id: int) -> dict[str, Any]:
    try:
        api_keys.revoke(connecting.workspace_named(workspace), key_id, ACTOR)
    except Door.DoesNotExist:
        raise Refused(Message(id="api.key.unknown", values={"id": str(key_id)})) from None
    return {"revoked": str(key_id)}


CHORES: Final[Mapping[str, Callable[..., dict[str, Any]]]] = {
    "api": inside.ask,
    "archive": _archive,
    "connect": _connect,
    "erase": _erase,
    "export-person": _export_person,
    "key make": _make_key,
    "key revoke": _revoke_key,
    "operator lend": lending.lend,
    "operator take-back": lending.take_back,
    "user add": _add_user,
    "user forget-second-factor": _forget_factors,
    "user password": _set_password,
}


def do(chore: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Do it in this process. Raises Refused."""
    try:
        return CHORES[chore](**arguments)
    except (connecting.NotPossible, traces.NotPossible) as problem:
        raise Refused(problem.message) from None
    except Trouble as trouble:
        raise Refused(message_of(trouble)) from None


def give(folder: Path, chore: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Have it done by the ``up`` that holds this data folder. Raises Refused, and Away."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(PATIENCE_S)
        try:
            line.connect(str(folder / NAME))
        except OSError:
            raise Away from None
        try:
            line.sendall(json.dumps({"chore": chore, "arguments": arguments}).encode() + b"\n")
            with line.makefile("rb") as heard:
                answer = json.loads(heard.read())
        except (OSError, ValueError):
            raise Refused(Message(id="handover.lost")) from None
    if "refused" in answer:
        raise Refused(Message(**answer["refused"]))
    done: dict[str, Any] = answer["done"]
    return done


@contextlib.asynccontextmanager
async def taking(folder: Path) -> AsyncIterator[None]:
    """Take chores while the context lasts. Where no socket can be made (its path is too long), commands say that ``up``
    has to be stopped, as if there were none.
    """
    path = folder / NAME
    path.unlink(missing_ok=True)  # of one that was killed; we hold the folder
    try:
        server = await asyncio.start_unix_server(_take, path, limit=MOST)
    except OSError as problem:
        log.warning("handover.none", problem=str(problem))
        yield
        return
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def _take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ValueError):  # who asked has gone, or asks without end
        answer = await asyncio.to_thread(_answer, await reader.readline())
        writer.write(json.dumps(answer, default=str).encode())
        await writer.drain()
    writer.close()


def _answer(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
        log.info("handover.chore", chore=said["chore"])
        return {"done": do(said["chore"], said["arguments"])}
    except Refused as refused:
        return {"refused": asdict(refused.message)}
    except Exception as problem:  # up goes on whatever a command asked for
        log.exception("handover.failed")
        return {"refused": asdict(Message(id="handover.failed", values={"problem": repr(problem)}))}
    finally:
        connections.close_all()
