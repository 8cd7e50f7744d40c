"""The vendors' own schemas, beside the repository: what we send is held to them strictly, what others say leniently.

A test that needs one is skipped where they are absent, and says so.
"""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from doorstep.connectors.contract import Request

SHARED = Path(__file__).parents[2].parent / "shared"
SPECS = SHARED / "specs"
ANSWERS = SHARED / "corpora/carrier_responses"


def spec(path: str, *, strict: bool = True) -> Any:
    """An OpenAPI file, with ``request``, ``response``, ``params`` and ``definition``."""
    return _contract().Spec(path, strict=strict)


def file(path: str) -> Path:
    """A file of the specs, or the test is skipped."""
    found = SPECS / path
    if not found.exists():
        pytest.skip(f"the vendors' schemas are not here: {found.name}")
    return found


def answers(folder: str, pattern: str = "*.json") -> list[Path]:
    """Files of published answers, or the test is skipped."""
    found = sorted((ANSWERS / folder).glob(pattern))
    if not found:
        pytest.skip(f"no published answers at {folder}")
    return found


def asked_as_documented(schema: Any, request: Request, path: str) -> None:
    """Only parameters that the operation has, every one that it requires, at its path."""
    known: dict[tuple[str, str], bool] = schema.params(request.method.lower(), path)
    headers = {name.lower() for name in request.headers}
    assert {name for name, _ in request.query} <= {name for where, name in known if where == "query"}
    for (where, name), required in known.items():
        if required and where == "query":
            assert name in dict(request.query), name
        if required and where == "header":
            assert name.lower() in headers, name
    ours, theirs = urlsplit(request.url).path.split("/"), path.split("/")
    pairs = zip(ours[-len(theirs) + 1 :], theirs[1:], strict=True)
    assert all(one == other or other.startswith("{") for one, other in pairs), request.url


@cache
def _contract() -> Any:
    path = file("derived/contract.py")
    loaded = importlib.util.spec_from_file_location("contract", path)
    assert loaded and loaded.loader
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    return module
