"""Every block of code in the documentation runs here, or says above itself why not: ``<!-- not run: reason -->``.

Python runs in a namespace and a folder of its own. Commands that need neither a server nor a database run, too, and
what the page shows of their output is compared. Every other `doorstep` command is at least read by the command line, so
that no page shows a word that it does not know, and every address asked with curl is one of the API.
"""

import csv
import functools
import json
import re
import shlex
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest
import typer
import typer.main
from typer.testing import CliRunner

from doorstep.cli import app
from doorstep.web.api import door
from doorstep.web.api.table import TABLE
from doorstep.web.compat.seventeen.answering import ROOT as SEVENTEEN
from doorstep.web.compat.seventeen.numbers import OPERATIONS
from tests.test_docs import DOCS, PAGES, ROOT

# Whose blocks another test runs, with more around them than a block alone has.
ELSEWHERE = {
    "docs/how-to/write-a-connector.md": "test_write_a_connector.py",
    "docs/reference/webhooks.md": "test_webhook_docs.py",
}
OFFLINE = {"recognize", "read-mail", "normalize", "explain", "eta-report", "completion"}
BLOCK = re.compile(
    r"(?ms)^(?P<edge> *)```(?P<language>\w*)\n(?P<fenced>.*?)^ *```$"
    r"|(?<=\n\n)(?P<indented>(?: {4}[^\n]*\n+)+)"
)
MARK = re.compile(r"<!-- not run: (?P<reason>[^\n]+) -->\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block: its text without the indentation, and what comes after it, if that is what it prints."""

    page: str
    line: int
    language: str
    text: str
    reason: str
    printed: str | None

    @property
    def commands(self) -> list[list[str]]:
        """Words of the commands: the lines before the first empty one. Assignments before them are left out."""
        lines = self.text.partition("\n\n")[0].replace("\\\n", " ").splitlines()
        return [words for words in (words_of(line) for line in lines) if words]


def words_of(line: str) -> list[str]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # an apostrophe: no command
        return []
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    return [words[0].removeprefix(".venv/bin/"), *words[1:]] if words else []


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    found = list(BLOCK.finditer(text))
    for one, after in zip_longest(found, found[1:]):
        body = one["fenced"] if one["indented"] is None else one["indented"]
        margin = min(len(line) - len(line.lstrip()) for line in body.splitlines() if line.strip())
        between = text[one.end() : after.start()].strip() if after else "-"
        prints = after is not None and between in {"", "prints", "prints:"} and is_text(after)
        if is_text(one) and one is not found[0] and follows(text, found, one):
            continue  # what the block before it prints
        mark = MARK.search(text[: one.start()])
        yield Block(
            page=page.relative_to(ROOT).as_posix(),
            line=text[: one.start()].count("\n") + 1,
            language=one["language"] or "",
            text="\n".join(line[margin:] for line in body.splitlines()).strip("\n"),
            reason=mark["reason"] if mark else "",
            printed=(after["fenced"] or after["indented"]) if after and prints else None,
        )


def is_text(block: re.Match[str]) -> bool:
    return block["language"] in {"text", None}


def follows(text: str, found: list[re.Match[str]], one: re.Match[str]) -> bool:
    """True if ``one`` is shown as what the Python before it prints."""
    before = found[found.index(one) - 1]
    return before["language"] == "python" and text[before.end() : one.start()].strip() in {"", "prints", "prints:"}


BLOCKS = [one for page in PAGES for one in blocks_of(page)]
NAMES = [f"{one.page}:{one.line}" for one in BLOCKS]


@pytest.mark.parametrize("block", BLOCKS, ids=NAMES)
def test_block_runs_or_says_why_not(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path)
    for words in block.commands if block.language in {"", "console"} else ():
        understand(words)
    if block.language == "json":
        json.loads(block.text)
    elif block.language and block.page in ELSEWHERE:
        there = (ROOT / "tests" / ELSEWHERE[block.page]).read_text(encoding="utf-8")
        assert Path(block.page).stem in there, "the test that runs it speaks of the page"
    elif block.language == "csv":
        assert len({len(row) for row in csv.reader(block.text.splitlines())}) == 1, "every row has all columns"
    elif block.reason:
        assert len(block.reason.split()) > 1, "a reason is more than a word"
    elif block.language == "python":
        run_python(block, capsys)
    else:
        run_commands(block)


def run_python(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(block.text, f"{block.page}:{block.line}", "exec"), {"__name__": "__main__"})  # noqa: S102 - our own page
    shown = capsys.readouterr().out
    assert block.printed is None or shown.split() == block.printed.split()


def run_commands(block: Block) -> None:
    """Those that need nothing but the files that their pages speak of."""
    assert block.commands, "no command: name its language, or say above it why it is not run"
    shown = ""
    for command, *words in block.commands:
        assert command == "doorstep" and words[0] in OFFLINE, "say above it why it is not run"
        done = CliRunner().invoke(app, words, env={"COLUMNS": "116"})
        assert done.exit_code in {0, 1} and not done.stderr, done.output
        shown += done.output
    printed = block.text.partition("\n\n")[2]
    assert " ".join(shown.split()).startswith(" ".join(printed.split()))


def lay_out(folder: Path) -> None:
    """The files that pages name: a mail, an answer of a carrier, an order."""
    mail = re.search(r'(?s)b"""(.*?)"""', (DOCS / "explanation" / "mails.md").read_text(encoding="utf-8"))
    order = re.search(r"(?s)```json\n(.*?)```", (DOCS / "reference" / "explain.md").read_text(encoding="utf-8"))
    assert mail and order
    for name in ("shipped.eml", "another.eml"):
        (folder / name).write_text(mail[1], encoding="utf-8")
    (folder / "order.json").write_text(order[1], encoding="utf-8")
    saved = ROOT / "tests" / "connectors" / "carriers" / "aftership" / "single_tracking_of_2025.json"
    recording = json.loads(saved.read_text(encoding="utf-8"))
    (folder / "answer.json").write_text(json.dumps(recording["body"]), encoding="utf-8")


# --- what cannot be run is at least understood ---


def understand(words: list[str]) -> None:
    """The command line knows every word of a command of ours, and the API the address that curl asks."""
    if words[0] == "doorstep":
        read_words(words[1:])
    elif words[0] == "curl":
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        path = words[-1].removeprefix("https://track.example").partition("?")[0]
        assert known(method, path), f"{method} {path} is no operation"
        for body in (words[n + 1] for n, word in enumerate(words) if word == "-d"):
            json.loads(body)


def read_words(words: list[str]) -> None:
    """Raises for a command or an option that does not exist, and for words that the command does not take."""
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        name, *words = words
        assert name in command.commands, f"there is no command {name}"
        command = command.commands[name]
    _, more, _ = command.make_parser(typer.Context(command)).parse_args(list(words))
    assert more == [], f"too many words for {command.name}"


def known(method: str, path: str) -> bool:
    shapes = operations()
    return any(method == one and re.fullmatch(shape, path) for one, shape in shapes)


@functools.cache
def operations() -> list[tuple[str, str]]:
    """Method and pattern of every address for programs: the API's own and the compatible ones."""
    own = [one for by_method in TABLE.values() for one in by_method.values()]
    shaped = [("POST", SEVENTEEN + name) for name in OPERATIONS]
    return [*((one.method, door.ROOT + re.sub(r"\{[^}]+\}", "[^/]+", one.path)) for one in own), *shaped]


def test_four_functions_of_the_library_need_nothing_that_is_installed() -> None:
    """What docs/reference/library.md and footprint.md say: a Python that sees no installed package can use them."""
    code = (
        "from doorstep import diagnose, estimate, extract, recognize\n"
        "assert recognize('1Z5R89390357567127').best.carrier == 'ups'\n"
        "assert extract('UPS 1Z5R89390357567127') and callable(diagnose) and callable(estimate)\n"
    )
    words = [sys.executable, "-S", "-W", "error", "-c", code]
    done = subprocess.run(words, env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
