"""The documentation says what the code does."""

import ast
import functools
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer.main

from doorstep.cli import app
from doorstep.core.order import OrderState
from doorstep.core.policy import MailBy, When, Which
from doorstep.core.status import Reason, Status

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "sandbox" / "README.md"])


def reference(name: str) -> str:
    return (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")


def generator(name: str = "generate") -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current() -> None:
    made = generator()
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), "run `make docs` and commit what it wrote"
    assert made.CHANNELS.read_text(encoding="utf-8") == made.channels_page(), "run `make docs`, commit what it wrote"


def test_every_connector_has_a_page_that_is_current() -> None:
    made = generator("connector_pages")
    pages = {path.name: text for path, text in made.pages().items()}
    written = {path.name: path.read_text(encoding="utf-8") for path in made.PAGES.glob("*.md")}
    assert sorted(pages) == sorted(written), "run `make docs` and commit what it wrote"
    assert [name for name, text in pages.items() if written[name] != text] == [], (
        "run `make docs`, commit what it wrote"
    )
    assert made.THROUGH.read_text(encoding="utf-8") == made.through(), "run `make docs` and commit what it wrote"


def test_page_of_suppliers_is_current() -> None:
    made = generator("supplier_pages")
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), "run `make docs` and commit what it wrote"


def test_page_of_the_apis_commands_is_current() -> None:
    made = generator("command_pages")
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), "run `make docs` and commit what it wrote"


def test_page_of_the_apis_operations_is_current() -> None:
    made = generator("api_pages")
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), "run `make docs` and commit what it wrote"


def test_the_clients_calls_are_those_of_the_api() -> None:
    made = generator("client_modules")
    old = [path.name for path, text in made.modules().items() if path.read_text(encoding="utf-8") != text]
    assert old == [], "run `make docs` and commit what it wrote"


def test_every_connector_is_among_the_lengths() -> None:
    """Which ones, not how long: that changes with every line somebody writes."""
    made = generator("connector_pages")
    listed = re.findall(r"connectors/([a-z0-9_-]+\.md)", reference("connector-lengths"))
    assert sorted(listed) == sorted(path.name for path in made.pages())


def test_every_package_of_the_product_has_its_licence_listed() -> None:
    """By name only: versions, and with them the wording of licences, move with the locks."""
    made = generator()
    listed = set(re.findall(r"(?m)^\| ([a-z0-9-]+) \|", reference("licences"))) - {"package", "---"}
    needed = {*made.closure(made.REQUIREMENTS / "base.in"), *made.closure(made.REQUIREMENTS / "postgres-extra.in")}
    assert needed == listed, "run `make docs`, read the licences, and commit what it wrote"


def test_what_an_installation_takes_names_every_package() -> None:
    """By name only: sizes and times are those of the day when somebody measured them."""
    made = generator()
    listed = set(re.findall(r"(?m)^\| ([a-z0-9-]+) \| [\d.]+ \| [\d.]+ \|", reference("footprint"))) - {"nothing"}
    assert listed == set(made.closure(made.REQUIREMENTS / "base.in"))


def test_licences_of_the_product_are_permissive() -> None:
    made = generator()
    strict = re.compile(r"\b[AL]?GPL|Affero|Elastic|SSPL|BUSL|Commons Clause|not said", re.IGNORECASE)
    needed = made.closure(made.REQUIREMENTS / "base.in")
    assert {name: made.licence(one) for name, one in needed.items() if strict.search(made.licence(one))} == {}


# --- settings, commands, closed lists ---


@functools.cache
def settings() -> frozenset[str]:
    """Names of all variables that the product reads from the environment."""
    return frozenset(read_settings())


def read_settings() -> Iterator[str]:
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called, said = ast.unparse(node.func), str(node.args[0].value)
                if called in {"_env", "_list"}:
                    yield f"DOORSTEP_{said}"
                elif called in {"os.environ.get", "os.getenv"}:
                    yield said


def test_every_setting_is_described_and_nothing_else() -> None:
    described = re.findall(r"(?m)^\| `([A-Z_]+)` \|", reference("settings"))
    assert sorted(described) == sorted(settings())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_name_only_settings_that_exist(page: Path) -> None:
    tests_own = {
        "DOORSTEP_TEST_DB",
        "DOORSTEP_KILLS",
        "DOORSTEP_SEED",
        "DOORSTEP_SOAK_MINUTES",
        "DOORSTEP_SCAN_SECONDS",
    }
    named = set(re.findall(r"\bDOORSTEP_[A-Z_]+\b", page.read_text(encoding="utf-8")))
    assert named - settings() - tests_own == set()


def commands() -> Iterator[str]:
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = command.list_commands(None) if hasattr(command, "list_commands") else ()
        yield from (f"{name} {one}" for one in inner) if inner else (name,)


def test_every_command_is_described_and_nothing_else() -> None:
    pages = reference("cli") + reference("api-commands")
    described = re.findall(r"(?m)^\| `doorstep ([a-z-]+(?: [a-z-]+)?)[` ]", pages)
    assert sorted(described) == sorted(commands())


@pytest.mark.parametrize(
    ("page", "members"),
    [
        ("statuses", [*Status, *Reason, *OrderState]),
        ("push-rules", [*When, *Which, *MailBy]),
    ],
)
def test_every_member_of_a_closed_list_is_described(page: str, members: list[str]) -> None:
    assert [one for one in members if f"| `{one}`" not in reference(page)] == []


# --- links, examples, commands ---


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_rows_stand_in_a_table_with_a_head(page: Path) -> None:
    """An empty line in a table makes text of the rows below it."""
    text = re.sub(r"(?s)```.*?```", "", page.read_text(encoding="utf-8"))
    tables = [table.splitlines() for table in re.findall(r"(?m)(?:^\|.*\n)+", text)]
    assert [rows[0] for rows in tables if not re.fullmatch(r"[|:\- ]+", "".join(rows[1:2]))] == []


def targets(page: Path) -> Iterator[str]:
    """Where the links and pictures of a page lead, those outside and in code left out."""
    text = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"))
    yield from (one for one in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in one)


def anchors(page: Path) -> set[str]:
    """The names by which the headings of a page can be reached."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in targets(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_architecture_names_only_files_that_exist() -> None:
    page = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:app|core|connectors|web|db|src|tests)/[\w./]*)`", page)
    assert len(named) > 30
    assert [one for one in named if not ((ROOT / "src" / "doorstep" / one).exists() or (ROOT / one).exists())] == []


def test_pages_name_only_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"(?m)^([a-z-]+):", makefile))
    lines = (line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines())
    named = {one for line in lines for one in re.findall(r"(?:^    |`)(?:PORT=\d+ )?make ([a-z-]+)", line)}
    assert named - known == set()
    assert {"demo", "test", "setup"} <= named


def test_pages_name_only_commands_that_exist() -> None:
    known = set(commands()) | {one.partition(" ")[0] for one in commands()}
    lines = (line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines())
    named = {one for line in lines for one in re.findall(r"(?:^    |`|bin/)doorstep ([a-z][a-z-]*)", line)}
    assert named - known == set()


# --- what a release tells of its parts ---

# Families that a product may be built of; a package is under one of them, or offers a choice of them.
ALLOWED = re.compile(
    r"MIT(-0|-CMU| License)?|(0?BSD|Apache)([ -].+)?|\d-Clause|ISC.*|PSF-2\.0|Python Software Foundation License"
)
LENT = {"psycopg", "psycopg-binary"}  # LGPL: optional, unchanged, named on the page
DATA = {"fido2": "Mozilla Public License 2.0 (MPL 2.0)"}  # of the list of public suffixes in it, which is data


def test_every_licence_is_on_the_list_of_those_that_are_allowed() -> None:
    made = generator()
    needed = {**made.closure(made.REQUIREMENTS / "base.in"), **made.closure(made.REQUIREMENTS / "postgres-extra.in")}
    said = {name: re.split(r" AND | OR |, ", made.licence(one)) for name, one in needed.items() if name not in LENT}
    strange = {name: [one for one in parts if not ALLOWED.fullmatch(one)] for name, parts in said.items()}
    assert {name: parts for name, parts in strange.items() if parts and parts != [DATA.get(name)]} == {}
    assert all(made.licence(needed[name]) == "LGPL-3.0-only" for name in LENT)


def test_the_bill_of_materials_names_every_package_with_its_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    found = generator("sbom").document()
    names = {one["name"]: one for one in found["components"]}
    made = generator()
    needed = {**made.closure(made.REQUIREMENTS / "base.in"), **made.closure(made.REQUIREMENTS / "postgres-extra.in")}
    assert found["bomFormat"] == "CycloneDX" and names.keys() == needed.keys()
    assert [name for name, one in names.items() if not one["hashes"] or not one["licenses"]] == []
