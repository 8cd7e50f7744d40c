"""How well and how fast mails are read: ``python -m benchmarks.read_mail``.

Three sets: the corpus of labelled mails (where it is there), mails of invented shops in eleven languages, and mails in
the manner of known senders or made to mislead (both from the tests). Floor of the speed: only parsing the same mails
with the standard library (``email.message_from_bytes``), on the same core, in turns.
"""

import email
import json
import statistics
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from doorstep.connectors.mail.read import read_mail
from tests.connectors.hard_mails import HARD
from tests.connectors.unseen_mails import unseen

MAILS = Path(__file__).parents[2] / "shared" / "corpora" / "emails"
LABELS = ("expected.share.json", "expected_rekeyed.share.json")
ROUNDS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A mail with its answer. ``never`` must not be reported."""

    raw: bytes
    numbers: Collection[str]
    never: Collection[str] = ()


def main() -> None:
    """Print recall, precision and mails per second of each set, with the ratio to the floor."""
    sets = {
        "labelled": corpus(),
        "invented shops": [
            Labelled(raw=one.raw, numbers=one.numbers, never=(*one.orders, *one.others)) for one in unseen()
        ],
        "known senders": [Labelled(raw=one.raw, numbers=tuple(one.numbers), never=one.orders) for one in HARD],
    }
    for name, mails in sets.items():
        if not mails:
            print(f"{name}: skipped, the mails are not there")
            continue
        print(f"{name}: {quality(mails)}")
        print(f"{name}: {speed([one.raw for one in mails])}")


def corpus() -> list[Labelled]:
    """The labelled mails; none where they are not there."""
    if not MAILS.exists():
        return []
    labels = {name: label for file in LABELS for name, label in json.loads((MAILS / file).read_text()).items()}
    return [
        Labelled(
            raw=(MAILS / name).read_bytes(),
            numbers=[one["number"] for one in label["tracking"]],
            never=(*label["must_not_report"], *label["order_ids"]),
        )
        for name, label in labels.items()
    ]


def quality(mails: Sequence[Labelled]) -> str:
    """Numbers right, wrong and missed."""
    right = wrong = missed = forbidden = 0
    for one in mails:
        found, expected = {number.number for number in read_mail(one.raw).tracking}, set(one.numbers)
        right, wrong, missed = (
            right + len(found & expected),
            wrong + len(found - expected),
            missed + len(expected - found),
        )
        forbidden += len(found & set(one.never))
    recall, precision = right / (right + missed), right / (right + wrong)
    return (
        f"{len(mails)} mails, {right} numbers right, {wrong} wrong, {missed} missed, {forbidden} that must not be "
        f"reported; recall {recall:.3f}, precision {precision:.3f}"
    )


def speed(raws: Sequence[bytes]) -> str:
    """Mails per second of one core: medians of rounds taken in turns."""
    rounds = [(rate(read_mail, raws), rate(email.message_from_bytes, raws)) for _ in range(ROUNDS)]
    ours, floor = (statistics.median(one) for one in zip(*rounds, strict=True))
    ratio = statistics.median(mine / theirs for mine, theirs in rounds)
    return f"{ours:.0f} mails/s; only parsing: {floor:.0f} mails/s; ratio {ratio:.2f}"


def rate(reader: Callable[[bytes], object], raws: Sequence[bytes]) -> float:
    """Mails per second of processor time."""
    started = time.process_time()
    for raw in raws:
        reader(raw)
    return len(raws) / (time.process_time() - started)


if __name__ == "__main__":
    main()
