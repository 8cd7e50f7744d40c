"""The API asked from inside: a command on the machine that holds the data needs no socket and no key, and may do what
its operator may: everything. The request takes the road of all others, so that there is one API and not two.
"""

import functools
import io
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from django.core.wsgi import get_wsgi_application

from doorstep.app.api import api_keys
from doorstep.app.connections import connecting
from doorstep.db.models import Workspace

_UNNAMED: Final = {"Content-type": "CONTENT_TYPE", "Content-length": "CONTENT_LENGTH"}  # as urllib writes them


def ask(workspace: str, method: str, target: str, headers: Mapping[str, str], body: str) -> dict[str, Any]:
    """The answer to a request: ``status``, ``headers`` and ``body`` as text. ``target``: path and query as in a request
    line. Raises connecting.NotPossible where the workspace is not the only one of that name.
    """
    path, _, query = target.partition("?")
    sent = body.encode()
    every = {**headers, "Content-length": str(len(sent))}
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent),
        "wsgi.errors": sys.stderr,
        api_keys.INSIDE: _holder(connecting.workspace_named(workspace)),
        **{_UNNAMED.get(name, f"HTTP_{name.upper().replace('-', '_')}"): value for name, value in every.items()},
    }
    said: list[Any] = []
    answer = _application()(environ, lambda status, found, *_: said.extend((status, found)))
    try:
        return {"status": int(said[0][:3]), "headers": dict(said[1]), "body": b"".join(answer).decode()}
    finally:
        getattr(answer, "close", lambda: None)()


@functools.cache
def _application() -> Callable[..., Any]:
    return get_wsgi_application()


def _holder(ws: int) -> api_keys.Holder:
    return api_keys.Holder(0, ws, Workspace.objects.get(id=ws).tz, frozenset(api_keys.SCOPES))
