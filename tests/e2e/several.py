"""Several commands in one process, as a script that keeps Python warm: loading is most of what a single one takes.

``python -m tests.e2e.several '[["user", "add", ...], ["connect", ...]]'``; what each of them prints is its answer.
"""

import json
import os
import sys

import typer

from doorstep.cli import app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")
os.umask(0o077)
for words in json.loads(sys.argv[1]):
    try:
        app([*words, "--json"], prog_name="doorstep", standalone_mode=False)
    except typer.Exit as end:
        if end.exit_code:
            sys.exit(f"doorstep {' '.join(words)} ended with {end.exit_code}")
