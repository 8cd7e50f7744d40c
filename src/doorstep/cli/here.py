"""Where commands ask the API: a server that is named, or this machine's own data."""

import io
import logging
import os
import urllib.request
from http.client import HTTPMessage
from typing import Annotated, Any, Final
from urllib.response import addinfourl

import typer

from doorstep.cli.screen import chore, fail, load_ready
from doorstep.client import Client
from doorstep.core.message import Message

Server = Annotated[str, typer.Option(help="Ask this Doorstep instead of this machine's; or DOORSTEP_SERVER.")]
Key = Annotated[str, typer.Option("--key", help="The key of the API for it; or DOORSTEP_API_KEY.")]
Workspace = Annotated[str, typer.Option(help="Name of the workspace on this machine, where there is more than one.")]
_READING: Final = frozenset({"GET", "HEAD"})


def doorstep(server: str, key: str, workspace: str, as_json: bool) -> Client:
    """Whom to ask. Ends the command when that cannot be."""
    url = server or os.environ.get("DOORSTEP_SERVER", "")
    if not url:
        load_ready(as_json)
        return Here(workspace, as_json)
    secret = key or os.environ.get("DOORSTEP_API_KEY", "")
    if not secret:
        fail(Message(id="cli.no_key", values={"server": url}), as_json)
    try:
        return Client(url, secret)
    except ValueError:
        fail(Message(id="cli.no_address", values={"server": url}), as_json)


class Here(Client):
    """The API over this machine's data, without a socket. What changes something is done by a running ``up``."""

    def __init__(self, workspace: str, as_json: bool) -> None:
        super().__init__("http://localhost", "", tries=1)
        logging.getLogger("django.request").setLevel(logging.ERROR)  # what is declined is told, not logged
        self._opener = urllib.request.build_opener(_Inside(workspace, as_json))


class _Inside(urllib.request.HTTPHandler):
    """Answers requests in this process."""

    def __init__(self, workspace: str, as_json: bool) -> None:
        super().__init__()
        self._workspace, self._as_json = workspace, as_json

    def http_open(self, req: urllib.request.Request) -> Any:
        """The answer, as one that came over a line."""
        data = req.data if isinstance(req.data, bytes) else b""
        asked = {
            "workspace": self._workspace,
            "method": req.get_method(),
            "target": req.selector,
            "headers": {name: value for name, value in req.header_items() if name in {"Content-type", "If-none-match"}},
            "body": data.decode(),
        }
        said = self._read(asked) if asked["method"] in _READING else chore("api", self._as_json, **asked)
        headers = HTTPMessage()
        for name, value in said["headers"].items():
            headers[name] = value
        answer = addinfourl(io.BytesIO(said["body"].encode()), headers, req.full_url, said["status"])
        answer.msg = ""  # type: ignore[attr-defined]  # what urllib asks every answer for
        return answer

    def _read(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Reading waits for nobody, whoever holds the data."""
        from doorstep.app.api import inside
        from doorstep.app.connections import connecting

        try:
            return inside.ask(**asked)
        except connecting.NotPossible as problem:
            fail(problem.message, self._as_json)
