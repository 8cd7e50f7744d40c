"""A vendor's own description of its API, where it is at hand beside the repository."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SPECS = Path(__file__).parents[3] / "shared/specs"


def described(file: str, *, strict: bool = False) -> Any:
    """The description in ``file``, to hold requests (``strict``: nothing that it does not name) and answers to."""
    path = SPECS / "derived/contract.py"
    if not path.exists():
        pytest.skip(f"../shared is absent: no {file}")
    spec = importlib.util.spec_from_file_location("contract", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Spec(file, strict=strict)
