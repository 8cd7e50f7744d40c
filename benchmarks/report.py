"""Where figures go: printed, and added to ``benchmarks/out/results.jsonl``; ``python -m benchmarks.report`` lists them.

One line a figure: when, the script, what was measured, value, unit, and where there is one the ratio to what it is
measured against.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("out") / "results.jsonl"


def report(name: str, value: float, unit: str, *, ratio: float | None = None, against: str = "") -> None:
    """Print one figure and keep it. ``ratio`` is our figure divided by that of ``against``, from the same run."""
    line = f"{name}: {_short(value)} {unit}" + (f"; {ratio:.2f} x {against}" if ratio is not None else "")
    print(line, flush=True)
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "script": Path(sys.argv[0]).stem,
        "name": name,
        "value": value,
        "unit": unit,
        "ratio": ratio,
        "against": against,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(json.dumps(row) + "\n")


def main() -> None:
    """Print the newest value of every figure."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    newest = {(row["script"], row["name"]): row for row in map(json.loads, lines)}
    for (script, name), row in sorted(newest.items()):
        compared = f"{row['ratio']:.2f} x {row['against']}" if row["ratio"] is not None else ""
        print(f"{row['at'][:16]}  {script:<12} {name:<44} {_short(row['value']):>12} {row['unit']:<12} {compared}")


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
