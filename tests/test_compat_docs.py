"""The page of the APIs in the shapes of others says what the tables say."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_of_the_shapes_is_current() -> None:
    spec = importlib.util.spec_from_file_location("compat_pages", DOCS / "compat_pages.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), "run `make docs` and commit what it wrote"
