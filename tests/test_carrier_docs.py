"""The reference page of the carriers says what the tables say."""

import importlib.util
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[1] / "docs"


def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("carrier_pages", DOCS / "carrier_pages.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_carriers_is_current() -> None:
    made = pages()
    assert made.CARRIERS_PAGE.read_text(encoding="utf-8") == made.page(), "run `make docs` and commit what it wrote"


def test_no_cell_breaks_its_row() -> None:
    widths = {7: 0, 6: 0}
    for line in (DOCS / "reference" / "carriers.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and (bars := line.replace("\\|", "").count("|") - 1) in widths:
            widths[bars] += 1
    assert widths[7] > 400 and widths[6] > 250
