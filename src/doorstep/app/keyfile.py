"""The key file beside the data: the one secret a self-hosted Doorstep cannot do without."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def read_or_create(path: Path) -> str:
    """The key in ``path``; made on first use with mode 0600. Two processes starting at once get the same key."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    with contextlib.suppress(FileExistsError):
        Path(path).hardlink_to(draft)  # appears whole or not at all
    Path(draft).unlink()
    return path.read_text(encoding="ascii").strip()
