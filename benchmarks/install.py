"""From the wheel to the first tracked parcel: ``python -m benchmarks.install [--write]``.

Builds the wheel, installs it with all that it needs into a fresh environment, and follows a number with
``doorstep track`` against the sandbox's aggregator on the loopback. Then the time that ``import doorstep`` takes there,
beside ``import json`` and an interpreter that imports nothing. Medians of interleaved rounds; the installation is done
once, with the wheels that pip fetches or has kept. ``--write`` writes the reference page.
"""

import io
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.report import report
from sandbox import aggregator

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "footprint.md"
ROUNDS: Final = 9
# Days pass in seconds: 17TRACK first asks the carrier, and how long that takes is nothing of ours.
CLOCK: Final = {"DOORSTEP_DEMO": "1", "DOORSTEP_CLOCK": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}@7200"}
PORTS: Final = (20_700, 20_701, 20_702, 20_703)
IMPORTS: Final = {
    "nothing": "pass",
    "json": "import json",
    "doorstep": "import doorstep",
    "recognize": "from doorstep import recognize; recognize('1Z999AA10123456784')",
    "read_mail": "from doorstep import read_mail",
    "normalize": "from doorstep import normalize",
}
HEAD: Final = """# What it takes

How long `import doorstep` takes, what an installation is made of, and how long it is from `pip install` to the first
tracked parcel. Measured by `python -m benchmarks.install --write`, which writes this page; do not edit it. The figures
are those of one machine on one day; with `make bench` you get yours.
"""


def main() -> None:
    """Measure, print, and with ``--write`` keep it as a page."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        wheel = build(place)
        size = wheel.stat().st_size / 1e6
        took, python = install(place, wheel)
        took["track"] = first_parcel(python, place)
        parts = packages(python)
        loads = import_times(python)
    for name, seconds in took.items():
        report(f"install: {name}", seconds, "s")
    report("install: wheel", size, "MB")
    for name, ms in loads.items():
        report(f"import: {name}", ms, "ms", ratio=ms / loads["nothing"], against="an interpreter that imports nothing")
    if "--write" in sys.argv:
        PAGE.write_text(page(took, loads, parts, wheel_size=size), encoding="utf-8")


def build(place: Path) -> Path:
    """The wheel, from what git keeps of this folder: nothing that lies about here gets into it."""
    source = place / "source"
    source.mkdir()
    git = shutil.which("git") or sys.exit("git is needed")
    kept = subprocess.run([git, "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(kept)) as files:
        files.extractall(source, filter="data")
    words = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        f"{place}",
        f"{source}",
    ]
    subprocess.run(words, check=True)
    [wheel] = place.glob("*.whl")
    return wheel


def install(place: Path, wheel: Path) -> tuple[dict[str, float], Path]:
    """Seconds of making the environment and of installing into it, and its Python."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", place / "venv"], check=True)
    made = time.perf_counter()
    python = place / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", wheel], check=True)
    return {"venv": made - began, "pip install": time.perf_counter() - made}, python


def first_parcel(python: Path, place: Path) -> float:
    """Seconds of `doorstep track` in the fresh environment: the number's scans are read from the sandbox."""
    with world() as (host, number):
        env = bare(place) | {
            **CLOCK,
            "DOORSTEP_HOST_MAP": f"api.17track.net={host}",
            "DOORSTEP_ALLOW_HOSTS": host,
            "SEVENTEEN_TRACK_API_KEY": aggregator.KEY,
        }
        began = time.perf_counter()
        words = [str(python.parent / "doorstep"), "track", number]
        done = subprocess.run(words, env=env, cwd=place, capture_output=True, text=True, check=False)
        took = time.perf_counter() - began
    if done.returncode or "Scans: nothing known" in done.stdout:
        sys.exit(f"The number could not be tracked: {done.stdout}{done.stderr}")
    print(done.stdout)
    return took


@contextmanager
def world() -> Iterator[tuple[str, str]]:
    """The sandbox: host and port of its aggregator, and the number of a parcel that was sent weeks ago."""
    words = [sys.executable, "-m", "sandbox", "--ports", ",".join(map(str, PORTS))]
    with subprocess.Popen(words, cwd=ROOT, env={**os.environ, **CLOCK}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        body = json.dumps({"journey": "smooth", "route": "api", "days_ago": 25}).encode()
        placed = f"http://127.0.0.1:{PORTS[0]}/control/orders"
        with urllib.request.urlopen(placed, data=body, timeout=10) as answer:
            number = json.load(answer)["number"]
        yield f"127.0.0.1:{PORTS[3]}", number
        process.terminate()


def bare(place: Path) -> dict[str, str]:
    """An environment of which nobody has set anything that Doorstep reads."""
    kept = {name: said for name, said in os.environ.items() if not name.startswith(("DOORSTEP_", "PYTHON"))}
    return {**kept, "DOORSTEP_DATA": str(place / "data"), "PATH": os.defpath}


def import_times(python: Path) -> dict[str, float]:
    """Median milliseconds of a whole interpreter that imports it, in interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(ROUNDS):
        for name, code in IMPORTS.items():
            began = time.perf_counter()
            subprocess.run([python, "-c", code], check=True)
            times[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def packages(python: Path) -> list[tuple[str, str, float]]:
    """Name, version and megabytes of everything in the environment but pip and setuptools, the largest first."""
    code = (
        "from importlib.metadata import distributions\n"
        "for d in distributions():\n"
        " size = sum(f.locate().stat().st_size for f in d.files or () if f.locate().is_file())\n"
        " print(d.name.lower().replace('_', '-'), d.version, size)"
    )
    said = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in said.splitlines()]
    found = [(name, version, int(size) / 1e6) for name, version, size in rows if name not in {"pip", "setuptools"}]
    return sorted(found, key=lambda one: -one[2])


def page(
    took: Mapping[str, float], loads: Mapping[str, float], parts: list[tuple[str, str, float]], wheel_size: float
) -> str:
    """The reference page, ending in one newline."""
    needed = {re.split(r"[<>=]", line)[0] for line in (ROOT / "requirements" / "base.in").read_text().split()}
    whole = took["venv"] + took["pip install"] + took["track"]
    rows = [f"| {n} | {v} | {mb:.1f} | {'yes' if n in needed else ''} |" for n, v, mb in parts if n != "doorstep"]
    [own] = [mb for name, _, mb in parts if name == "doorstep"]
    steps = [f"| `{name}` | {took[name]:.1f} |" for name in ("venv", "pip install", "track")]
    imports = [f"| {said(name)} | {ms:.0f} | {ms - loads['nothing']:.0f} |" for name, ms in loads.items()]
    lines = [
        *(HEAD, f"{where()}\n", "## From `pip install` to the first tracked parcel\n"),
        "`track` reads a parcel's scans with a 17TRACK key from the environment, here from the sandbox, in which",
        "17TRACK hears from the carrier at once. Three seconds of it are the pause before it is asked a second time.",
        "`pip install` fetches the wheels, or takes those that pip has kept, and unpacks them.\n",
        *("| step | seconds |", "| --- | --- |", *steps, f"| all | {whole:.1f} |", ""),
        *(
            "## Import\n",
            "A whole interpreter each, median of interleaved rounds; *more* is beyond one that imports nothing.\n",
        ),
        *("| imported | ms | more |", "| --- | --- | --- |", *imports, ""),
        "`recognize`, `extract`, `diagnose` and `estimate` need the standard library only; a test sees to it. They are",
        "loaded when they are first named; the first answer also reads the table of carriers and forms.\n",
        "## Packages\n",
        f"The wheel has {wheel_size:.1f} MB, unpacked {own:.1f} MB. It brings {len(rows)} packages of",
        f"{sum(mb for _, _, mb in parts) - own:.0f} MB; *named* are those that Doorstep itself asks for.",
        "Their [licences](licences.md).\n",
        *("| package | version | MB | named |", "| --- | --- | --- | --- |", *rows),
    ]
    return "\n".join(lines) + "\n"


def said(name: str) -> str:
    """How the table calls what was imported."""
    return "nothing" if name == "nothing" else f"`{IMPORTS[name]}`"


def where() -> str:
    """Date, machine and load, so that nobody takes the figures for more than they are."""
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}; load average {load:.1f} while it was measured."
    )


if __name__ == "__main__":
    main()
