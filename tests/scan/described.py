"""schemathesis over the API as its description tells of it: every operation, and the links from one to the next."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

SCHEMATHESIS: Final = Path(sys.executable).parent / "schemathesis"
# What these checks say has not been looked into: docs/reference/scan.md.
LEFT_OUT: Final = "unsupported_method,positive_data_acceptance,missing_required_header"
MOST_S: Final = 2700  # it ends by itself long before, on a machine that has nothing else to do


def described(base: str, key: str, phases: str, *more: str) -> tuple[int, str]:
    """(exit code, everything it said): 0 where every answer was as described, and none the server's fault."""
    words: Sequence[str | Path] = [
        *(SCHEMATHESIS, "run", f"{base}/api/v1/openapi.json", "--url", f"{base}/api/v1"),
        *("-H", f"Authorization: Bearer {key}", "--phases", phases, *more),
        *("--checks", "all", "--exclude-checks", LEFT_OUT, "--continue-on-failure", "--request-timeout", "60"),
        "--no-color",
    ]
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=MOST_S)
    except subprocess.TimeoutExpired:
        return 1, f"schemathesis did not come to its end in {MOST_S} s\n"
    return done.returncode, done.stdout + done.stderr
