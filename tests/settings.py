"""The product's settings for tests: data in a directory of this run; SQLite, or PostgreSQL if DOORSTEP_TEST_DB says so.

Worker processes of pytest-xdist inherit what the first process has set up here.
"""

import os
import tempfile
from pathlib import Path

from tests import postgres

# How much is tested.
OURS = {"DOORSTEP_TEST_DB", "DOORSTEP_LONG", "DOORSTEP_KILLS", "DOORSTEP_SEED", "DOORSTEP_SOAK_MINUTES"}

if "PYTEST_XDIST_WORKER" not in os.environ:
    for name in [name for name in os.environ if name.startswith("DOORSTEP_") and name not in OURS]:
        del os.environ[name]  # a developer's own installation must not leak into the tests, nor they into it
    if os.environ.get("DOORSTEP_TEST_DB") != "postgres":
        os.environ.pop("DATABASE_URL", None)
    elif "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = postgres.start()
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")  # for commands that tests start

_data = tempfile.TemporaryDirectory(prefix="doorstep-test-")  # of this process; removed when it ends
os.environ["DOORSTEP_DATA"] = _data.name

from doorstep.settings import *  # noqa: E402, F403 - reads the environment when imported

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # hashing is slow, and not what is tested
