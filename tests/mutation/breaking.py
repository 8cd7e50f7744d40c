"""Breaks each protection of ``protections.toml`` in a copy of the house, one at a time, and runs the tests that have to
notice. The table that it writes is the one of docs/reference/protections.md. ``python -m tests.mutation words`` tries
only what has the words in its name.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
LIST: Final = ROOT / "tests" / "mutation" / "protections.toml"
HOUSE: Final = ("src", "tests", "sandbox", "docs", "benchmarks", "pyproject.toml")  # what tests read
LONGEST_S: Final = 900.0


def main() -> int:
    """0 where every one was noticed."""
    words = " ".join(sys.argv[1:]).casefold()
    chosen = [one for one in broken() if words in one["what"].casefold()]
    with tempfile.TemporaryDirectory() as folder:
        house = Path(folder) / "house"
        copy(house)
        say("| protection | broken in | noticed by |\n| --- | --- | --- |")
        unseen = [one["what"] for one in chosen if not told(house, one)]
    say(f"\n{len(chosen) - len(unseen)} of {len(chosen)} noticed")
    return int(bool(unseen))


def say(line: str) -> None:
    """To whoever watches."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def broken() -> list[dict[str, Any]]:
    """The list."""
    return list(tomllib.loads(LIST.read_text(encoding="utf-8"))["broken"])


def copy(house: Path) -> None:
    """The files of this tree, without what is made of them."""
    for one in HOUSE:
        if (ROOT / one).is_dir():
            shutil.copytree(ROOT / one, house / one, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(ROOT / one, house / one)


def told(house: Path, one: Mapping[str, Any]) -> bool:
    """Break it, run the tests, mend it; prints the row, and says whether one of the tests failed."""
    file = house / one["file"]
    whole = file.read_text(encoding="utf-8")
    assert whole.count(one["old"]) == 1, one["what"]
    file.write_text(whole.replace(one["old"], one["new"]), encoding="utf-8")
    try:
        names = list(failed(house, one["by"]))
    finally:
        file.write_text(whole, encoding="utf-8")
    say(f"| {one['what']} | `{one['file'].removeprefix('src/doorstep/')}` | {names[0] if names else '**nobody**'} |")
    return bool(names)


def failed(house: Path, by: list[str]) -> Iterator[str]:
    """The tests that failed. Raises ValueError where they could not even begin."""
    there = os.environ | {"PYTHONPATH": str(house / "src")}
    # A slow machine is no failure: there is one limit, and passing it ends everything.
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "--timeout", "0", "--tb=no", "-rf", *by]
    done = subprocess.run(command, cwd=house, env=there, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    if done.returncode not in {0, 1}:
        raise ValueError(done.stdout[-2000:] + done.stderr[-2000:])
    for line in done.stdout.splitlines():
        if line.startswith("FAILED "):
            yield f"`{line.split()[1].partition('[')[0]}`"
