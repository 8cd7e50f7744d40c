"""How well and how fast mails are read: ``python -m benchmarks.read_mail``. Needs the corpus of labelled mails.

Floor: only parsing the same mails with the standard library (``email.message_from_bytes``), on the same core.
"""

import email
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from doorstep.connectors.mail.read import read

MAILS = Path(__file__).parents[2] / "shared" / "corpora" / "emails"
LABELS = ("expected.share.json", "expected_rekeyed.share.json")
ROUNDS = 5


def main() -> None:
    """Print recall, precision and mails per second, with the ratio to the floor."""
    if not MAILS.exists():
        print(f"skipped: the labelled mails are not there ({MAILS.name})")
        return
    labels = {name: label for file in LABELS for name, label in json.loads((MAILS / file).read_text()).items()}
    raws = {name: (MAILS / name).read_bytes() for name in labels}
    right = wrong = missed = 0
    for name, label in labels.items():
        expected = {one["number"] for one in label["tracking"]}
        found = {one.text for one in read(raws[name]).numbers}
        right, wrong, missed = (
            right + len(found & expected),
            wrong + len(found - expected),
            missed + len(expected - found),
        )
    print(f"{len(raws)} mails: {right} numbers right, {wrong} wrong, {missed} missed")
    print(f"recall {right / (right + missed):.3f}, precision {right / (right + wrong):.3f}")
    ours, floor = rate(read, list(raws.values())), rate(email.message_from_bytes, list(raws.values()))
    print(f"{ours:.0f} mails/s; only parsing: {floor:.0f} mails/s; ratio {ours / floor:.2f}")


def rate(reader: Callable[[bytes], object], raws: Sequence[bytes]) -> float:
    """Mails per second of one core, the best of some rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        started = time.process_time()
        for raw in raws:
            reader(raw)
        best = max(best, len(raws) / (time.process_time() - started))
    return best


if __name__ == "__main__":
    main()
