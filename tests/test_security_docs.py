"""The page about security names tests; each of them exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[a-z_/]+\.py)::(test_[a-z_0-9]+)`", PAGE)
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(named) > 40 and missing == []


def test_every_threat_is_held_by_a_test() -> None:
    parts = PAGE.split("\n## ")[1:]
    bare = [part.splitlines()[0] for part in parts if part.startswith("Somebody") and "`tests/" not in part]
    assert bare == []
