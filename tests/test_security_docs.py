"""The page about security names tests, and the list of what is broken on purpose fits the code; each of them exists."""

import re
from pathlib import Path

from tests.mutation.breaking import broken

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


def test_whatever_is_broken_on_purpose_is_there_to_be_broken() -> None:
    """A list that does not fit the code any more would prove nothing, and nobody would see it."""
    listed = broken()
    odd = [one["what"] for one in listed if (ROOT / one["file"]).read_text(encoding="utf-8").count(one["old"]) != 1]
    assert len(listed) > 60 and odd == []
    assert {one["part"] for one in listed} <= {part.splitlines()[0] for part in PAGE.split("\n## ")[1:]}
    named = [test.partition("::")[::2] for one in listed for test in one["by"]]
    assert [test for file, test in named if f"def {test}" not in (ROOT / file).read_text(encoding="utf-8")] == []
    table = (ROOT / "docs" / "reference" / "protections.md").read_text(encoding="utf-8")
    assert [one["what"] for one in listed if f"| {one['what']} |" not in table] == []
