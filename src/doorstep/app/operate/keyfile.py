"""The key file beside the data: the one secret a self-hosted Doorstep cannot do without. One key a line; the first one
is used, those after it are former ones.
"""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def read(path: Path) -> tuple[str, ...]:
    """The keys in ``path``. Raises FileNotFoundError."""
    return tuple(path.read_text(encoding="ascii").split())


def read_or_create(path: Path) -> tuple[str, ...]:
    """The keys in ``path``; made on first use with mode 0600. Two processes starting at once get the same key."""
    with contextlib.suppress(FileNotFoundError):
        return read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, secrets.token_urlsafe(48))
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)  # appears whole or not at all
    draft.unlink()
    return read(path)


def put_before(path: Path) -> None:
    """A new key before those in ``path``; the file is the old or the new one, whenever the machine stops."""
    draft = _draft(path, "\n".join((secrets.token_urlsafe(48), *read(path))))
    draft.replace(path)


def _draft(path: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
