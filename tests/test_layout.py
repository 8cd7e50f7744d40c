"""The rules of the house, checked by reading every file. What a rule permits is listed beside it, with the reason."""

import ast
import functools
import os
import re
import statistics
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorstep.connectors.registry import PACKAGES

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "doorstep"
PRODUCT = sorted(SRC.rglob("*.py"))
WORLD = sorted((ROOT / "sandbox").rglob("*.py"))
MIGRATIONS = SRC / "db" / "migrations"  # written by Django
SENTENCES = sorted((SRC / "locale" / "en").glob("*.toml"))
TEMPLATES = sorted((SRC / "web" / "templates").rglob("*.html"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
TEXT = {".py", ".toml", ".md", ".txt", ".in", ".html", ".css", ".js", ".json", ".csv", ".svg", ".yml", ".yaml", ""}
MADE = {"node_modules", "data", "build", "dist", "doorstep.egg-info"}  # and what begins with a dot


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Everything in a module: walked once, not once for each rule."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"), name(path))))


def hand_written(paths: list[Path]) -> list[Path]:
    return [path for path in paths if MIGRATIONS not in path.parents]


def house_files() -> Iterator[Path]:
    """Every text file of the repository, without what is made or installed in it."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [one for one in folders if one not in MADE and (one == ".ci" or not one.startswith("."))]
        yield from (Path(folder, one) for one in files if Path(one).suffix in TEXT and not one.startswith(".cov"))


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in hand_written(PRODUCT) + WORLD}
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}


def test_functions_are_short() -> None:
    functions = [
        node.end_lineno - node.lineno + 1
        for path in hand_written(PRODUCT)
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    assert statistics.median(functions) <= 8
    assert statistics.quantiles(functions, n=20)[-1] <= 40


def test_modules_are_named_by_the_domain() -> None:
    empty = {"manager", "managers", "service", "services", "helper", "helpers", "util", "utils", "common", "misc"}
    words = {name(path): set(path.stem.split("_")) | {path.parent.name} for path in PRODUCT + WORLD}
    assert {path for path, said in words.items() if said & empty} == set()


# app/clock.py is the source. An id's high bits are the machine's time: only their order matters, and app is above db.
# client/webhooks.py runs in the program of whoever receives a webhook, by that machine's clock.
MAY_READ_TIME = {"src/doorstep/app/clock.py", "src/doorstep/db/ids.py", "src/doorstep/client/webhooks.py"}
TIME = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"}


def test_only_the_clock_reads_the_time() -> None:
    found = {
        f"{name(path)}:{node.lineno}"
        for path in PRODUCT
        if name(path) not in MAY_READ_TIME
        for node in nodes(path)
        if isinstance(node, ast.Call) and reads_time(node.func)
    }
    assert found == set()


def reads_time(called: ast.expr) -> bool:
    """``datetime.now(...)``, ``dt.date.today()``, ``time.time()``, ``timezone.now()`` ...; not ``clock.now()``."""
    if not isinstance(called, ast.Attribute) or called.attr not in TIME:
        return False
    return ast.unparse(called.value).rpartition(".")[2] in {"datetime", "date", "time", "timezone"}


def imported(path: Path) -> set[str]:
    """Full names of all modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def roots(path: Path) -> set[str]:
    return {one.partition(".")[0] for one in imported(path)}


def test_the_product_knows_neither_its_tests_nor_the_sandbox() -> None:
    assert [name(path) for path in PRODUCT if roots(path) & {"tests", "sandbox", "pytest", "hypothesis"}] == []


def test_the_sandbox_shares_no_code_with_the_product() -> None:
    assert [name(path) for path in WORLD if "doorstep" in roots(path)] == []


def test_connectors_do_no_input_or_output() -> None:
    forbidden = {"django", "aiohttp", "requests", "urllib3", "httpx", "socket", "asyncio", "sqlite3", "subprocess"}
    found = [name(path) for path in (SRC / "connectors").rglob("*.py") if roots(path) & forbidden]
    assert [
        *found,
        *(name(path) for path in (SRC / "connectors").rglob("*.py") if "urllib.request" in imported(path)),
    ] == []


REGISTRIES = re.compile(
    r"pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|--(extra-)?index-url"
)
MACHINES = re.compile(r"(?<![\w.:/}])/(?:work|root|home/[a-z]+|Users/[A-Za-z]+|tmp/tmp\w+)/")


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINES], ids=["registry", "machine"])
def test_no_file_names_a_registry_or_a_machine(pattern: re.Pattern[str]) -> None:
    own = Path(__file__)
    found = {name(path) for path in house_files() if path != own and pattern.search(path.read_text(encoding="utf-8"))}
    assert found == set()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_a_hash(lock: Path) -> None:
    pins = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", lock.read_text(encoding="utf-8")).strip())
    assert [pin for pin in pins if not re.match(r"\S+==\S+", pin) or "--hash=sha256:" not in pin] == []


def test_the_package_takes_its_data_along() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = [pattern.removeprefix("**/") for pattern in settings["package-data"]["doorstep"]]
    files = (path for path in SRC.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})
    assert [name(path) for path in files if not any(path.match(pattern) for pattern in patterns)] == []


def test_every_connector_has_recordings() -> None:
    missing = []
    for kind, package in PACKAGES.items():
        for path in (SRC / "connectors" / package).glob("*.py"):
            if re.search(r"^CONNECTOR\b", path.read_text(encoding="utf-8"), re.MULTILINE):
                recorded = ROOT / "tests" / "connectors" / package / path.stem
                cases = [one for one in recorded.glob("*.json") if not one.name.endswith(".out.json")]
                if not cases:
                    missing.append(f"{kind} {path.stem}")
    assert missing == []


# --- sentences: every message has one, and every sentence is said somewhere ---


def keys() -> Counter[str]:
    """Every key with the number of files it is in; ``key#one`` and ``key#other`` are the plurals of one sentence."""
    files = (tomllib.loads(path.read_text(encoding="utf-8")) for path in SENTENCES)
    return Counter(key for file in files for key in {one.partition("#")[0] for one in file})


def test_every_sentence_has_one_home() -> None:
    assert [key for key, times in keys().items() if times > 1] == []


def test_every_message_has_a_sentence() -> None:
    whole = {shape for shape in tag_shapes() if "(.+)" not in shape}
    said = {key for path in PRODUCT for key in messages(path)} | {shape.replace("\\", "") for shape in whole}
    assert sorted(said - set(keys())) == []


def messages(path: Path) -> Iterator[str]:
    """Ids written out in ``Message(id="...")``."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Message":
            for word in node.keywords:
                if word.arg == "id" and isinstance(word.value, ast.Constant):
                    yield str(word.value.value)


# Closed lists whose sentences are complete although no page shows every one of them yet.
VOCABULARY = ("order.explained.", "order.how.", "order.shown_by.", "status.who.")


def test_every_sentence_is_said() -> None:
    words, shapes = written(), shapes_of_ids()
    assert sorted(one for one in keys() if not one.startswith(VOCABULARY) and not said(one, words, shapes)) == []


def said(key: str, words: set[str], shapes: list[re.Pattern[str]]) -> bool:
    """Whether the code names a key whole, or puts one of its shape together from words that it has."""
    if key in words:
        return True
    found = (shape.fullmatch(key) for shape in shapes)
    return any(all(said(part, words, shapes) for part in one.groups()) for one in found if one)


def written() -> set[str]:
    """Every text in the code, and every word in the templates."""
    code = (node.value for path in PRODUCT for node in nodes(path) if isinstance(node, ast.Constant))
    pages = (re.findall(r"[\w.]+", path.read_text(encoding="utf-8")) for path in TEMPLATES)
    return {text for text in code if isinstance(text, str)}.union(*pages)


def shapes_of_ids() -> list[re.Pattern[str]]:
    """The forms of ids that are put together: ``f"finding.{cause}"`` is ``finding\\.(.+)``. One without a fixed word
    before its first dot would fit everything.
    """
    strings = (node for path in PRODUCT for node in nodes(path) if isinstance(node, ast.JoinedStr))
    shapes = {"".join(re.escape(fixed(one)) or "(.+)" for one in node.values) for node in strings} | tag_shapes()
    return [re.compile(shape) for shape in shapes if re.match(r"[a-z_]+\\\.(?!$)|\(\.\+\)_[a-z]", shape)]


def fixed(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else ""


def tag_shapes() -> set[str]:
    """The forms of ids in the templates: ``{% text "status." parcel.status %}`` is ``status\\.(.+)``."""
    shapes = set()
    for path in TEMPLATES:
        for words in re.findall(r"{%\s*text\s+(.+?)\s*%}", path.read_text(encoding="utf-8")):
            parts = re.findall(r"(?:[^\s\"']|\"[^\"]*\"|'[^']*')+", words.partition(" as ")[0])
            shapes.add("".join(shape(one) for one in parts if not re.match(r"\w+=", one)))
    return shapes


def shape(part: str) -> str:
    return re.escape(part[1:-1]) if part[0] in "\"'" else "(.+)"
