"""How fast numbers are recognized: ``python -m benchmarks.recognize``.

Texts: the 280 test numbers of tracking_number_data 2.0 (192 valid, 88 not; with the spaces they have there), from the
corpora beside the repository; without them the examples of our own formats, each also with a wrong last character.
Measured in rounds that interleave, in processor time: Doorstep's whole answer (candidates with carrier and confidence);
the PyPI package tracking-numbers; the npm package ts-tracking-number, in Node; and the 39 regular expressions of the
data tried one after the other, without their check digits. A peer that is not installed is named and left out.
"""

import json
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.report import report
from doorstep import recognize
from doorstep.core.number.format import formats

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "corpora" / "numbers"
ROUNDS, REPEATS = 9, 20
Reader = Callable[[str], object]
NEEDED = 'require.resolve("ts-tracking-number")'
NODE = """
const { getTracking } = require("ts-tracking-number");
const { texts, repeats } = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const text of texts) getTracking(text);
const started = process.cpuUsage();
for (let n = 0; n < repeats; n++) for (const text of texts) getTracking(text);
const { user, system } = process.cpuUsage(started);
console.log(repeats * texts.length / ((user + system) / 1e6));
"""


def main() -> None:
    """Print numbers per second of everybody, our ratio to each, and what an import costs."""
    texts = _texts()
    rates = _rates({"Doorstep": _doorstep, **_peers()}, texts)
    ours = rates.pop("Doorstep")
    report("numbers recognized", ours, "numbers/s")
    for name, theirs in rates.items():
        report(f"numbers recognized by {name}", theirs, "numbers/s", ratio=ours / theirs, against=name)
    _imports()


def _texts() -> list[str]:
    rows = DATA / "tracking_number_data_v2.0.0_test_numbers.json"
    if rows.exists():
        return [row["n"] for row in json.loads(rows.read_text(encoding="utf-8"))]
    print("the test numbers of tracking_number_data are not there: measured with our own examples")
    examples = [entry.example for entry in formats()]
    return [*examples, *(text[:-1] + ("1" if text[-1] != "1" else "2") for text in examples)]


def _doorstep(text: str) -> object:
    best = recognize(text).best
    return best and (best.carrier, best.confidence)


def _peers() -> dict[str, Reader]:
    peers: dict[str, Reader] = {}
    try:
        from tracking_numbers import get_tracking_number  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        print("left out: PyPI tracking-numbers (pip install tracking-numbers)")
    else:
        peers["PyPI tracking-numbers"] = get_tracking_number
    patterns = _patterns()
    if patterns:
        peers[f"{len(patterns)} regular expressions"] = lambda text: [one for one in patterns if one.fullmatch(text)]
    else:
        print("left out: the regular expressions of tracking_number_data (not beside the repository)")
    return peers


def _patterns() -> list[re.Pattern[str]]:
    found = []
    for path in sorted((DATA / "tracking_number_data_v2.0.0" / "couriers").glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8"))["tracking_numbers"]:
            text = row["regex"] if isinstance(row["regex"], str) else "".join(row["regex"])
            found.append(re.compile(text.replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!")))
    return found


def _rates(readers: dict[str, Reader], texts: Sequence[str]) -> dict[str, float]:
    """Numbers per second of one core, the median of interleaved rounds."""
    measured: dict[str, list[float]] = {name: [] for name in readers}
    node = shutil.which("node")
    if not node or subprocess.run([node, "-e", NEEDED], cwd=ROOT, capture_output=True, check=False).returncode:
        print("left out: npm ts-tracking-number (npm install ts-tracking-number, in the repository)")
        node = None
    for reader in readers.values():
        _rate(reader, texts)
    for _ in range(ROUNDS):
        for name, reader in readers.items():
            measured[name].append(_rate(reader, texts))
        if node:
            measured.setdefault("ts-tracking-number", []).append(_in_node(node, texts))
    return {name: statistics.median(found) for name, found in measured.items()}


def _rate(reader: Reader, texts: Sequence[str]) -> float:
    started = time.process_time()
    for _ in range(REPEATS):
        for text in texts:
            reader(text)
    return REPEATS * len(texts) / (time.process_time() - started)


def _in_node(node: str, texts: Sequence[str]) -> float:
    given = json.dumps({"texts": texts, "repeats": REPEATS})
    done = subprocess.run([node, "-e", NODE], input=given, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _imports() -> None:
    """What the library costs to import, above a Python that imports nothing, in processor time."""
    bare, ours, first = [], [], []
    library = "from doorstep import recognize, extract"
    for _ in range(ROUNDS):
        bare.append(_cost("pass"))
        ours.append(_cost(library))
        first.append(_cost(f"{library}\nrecognize('1Z5R89390357567127')"))
    floor = statistics.median(bare)
    report(
        "import of the library",
        (statistics.median(ours) - floor) * 1000,
        "ms",
        ratio=statistics.median(ours) / floor,
        against="a bare Python",
    )
    report("import and first number", (statistics.median(first) - floor) * 1000, "ms")


def _cost(code: str) -> float:
    """Seconds of processor time of a new interpreter that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
