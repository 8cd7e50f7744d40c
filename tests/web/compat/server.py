"""The product's WSGI application on a port of the loopback, for clients that only know addresses."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.core.wsgi import get_wsgi_application
from django.db import connections

from tests.house import free_port


class Quiet(WSGIRequestHandler):
    """Writes no lines."""

    def log_message(self, *_: Any) -> None: ...


def application(environ: dict[str, Any], start: Any) -> Any:
    answer = get_wsgi_application()(environ, start)
    try:
        yield from answer
    finally:
        answer.close()
        connections.close_all()


@contextmanager
def serving() -> Iterator[str]:
    """The address."""
    with make_server("127.0.0.1", free_port(), application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)
