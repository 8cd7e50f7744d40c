"""The command line over the API: the same words here and on a server, for eyes and for programs."""

import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from doorstep.app import clock
from doorstep.app.process import handover, serve
from doorstep.cli import app, completion, screen, tables
from doorstep.cli.groups import GROUPS
from doorstep.cli.operations import command_name
from doorstep.client import Client
from doorstep.client import send as sending
from tests.app.ledger import Ledger, ledger, woo
from tests.house import free_port
from tests.web.api.contract import program
from tests.web.compat.server import serving

UPS = "1Z999AA10123456784"


@pytest.fixture
def shop(transactional_db: None, settings: Any, tmp_path: Path) -> Ledger:
    settings.DATA_DIR = tmp_path
    shop = ledger(email="alice@example.org")
    shop.hears(*(shop.woo(woo(1000 + n, lines=((n, "LAMP-1", 1),))) for n in range(1, 4)))
    return shop


@pytest.fixture(params=["here", "server"])
def where(shop: Ledger, request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """Words that say whom to ask."""
    if request.param == "here":
        yield ()
        return
    with serving() as address:
        yield "--server", address, "--key", program(shop.ws).secret


def run(*words: str, stdin: str = "", **env: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, words, input=stdin, env=env)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def answer(*words: str, stdin: str = "") -> Any:
    code, out = run(*words, "--json", stdin=stdin)
    assert code == 0, out
    return json.loads(out)


def test_orders_are_listed_shown_and_given_numbers(where: tuple[str, ...]) -> None:
    orders = answer("orders", "list", *where)
    assert [one["number"] for one in orders] == ["1003", "1002", "1001"]
    assert answer("orders", "list", "--limit", "1", "--fields", "number", *where) == [
        {"id": orders[0]["id"], "number": "1003"}
    ]
    code, out = run("orders", "list", "--limit", "2", *where)
    assert code == 0 and "1003" in out and not re.search(r"\b1001\b", out) and "--limit 0" in out
    made = answer("orders", "add-number", orders[0]["id"], UPS, "--contents", '[{"line":"3","quantity":1}]', *where)
    assert (made["text"], made["carrier"]) == (UPS, "ups")
    code, out = run("orders", "show", orders[0]["id"], *where)
    assert code == 0 and "1003" in out and "LAMP-1" in out and made["parcels"][0] in out
    assert answer("numbers", "change-carrier", made["id"], "FedEx", *where)["carrier"] == "fedex"
    assert run("orders", "remove-number", orders[0]["id"], made["id"], *where) == (0, "done\n")


def test_parcels_come_from_a_file_and_a_table(where: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "parcels.json").write_text(json.dumps([{"number": "RR123456785CN"}, {"number": "?"}]))
    said = answer("parcels", "add", f"@{tmp_path / 'parcels.json'}", *where)
    assert (said["new"], said["refused"]) == (1, 1)
    assert run("parcels", "add", "[", *where)[0] == 2
    code, out = run("import", "-", "--look", *where, stdin=f"order,tracking number\n1001,{UPS}\n77,{UPS}\n")
    assert code == 1 and "1 new, 0 known already, 1 refused" in out and "no order 77" in out
    table = tmp_path / "table.csv"
    table.write_text(f"order,tracking number\n1002,{UPS}\n")
    said = answer("import", str(table), "--wait", "0", *where)
    assert (said["new"], said["refused"], said["state"]) == (1, 0, "done")
    assert [one["text"] for one in answer("numbers", "list", *where)] == [UPS]
    assert answer("imports", "show", said["import_id"], *where)["table"]["name"] == "table.csv"
    code, out = run("import", str(table), "--wait", "0", *where)
    assert code == 0 and "0 new, 1 known already" in out


def test_everything_is_exported_and_nothing_a_spreadsheet_would_run(
    where: tuple[str, ...], shop: Ledger, tmp_path: Path
) -> None:
    shop.hears(shop.woo(woo(1004, lines=((4, "LAMP-1", 1),)) | {"number": "=1+1"}))
    code, out = run("export", "orders", *where)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and [one["number"] for one in rows] == ["'=1+1", "1003", "1002", "1001"]
    file = tmp_path / "orders.jsonl"
    assert answer("export", "orders", str(file), "--as", "jsonl", *where)["rows"] == 4
    assert json.loads(file.read_text().partition("\n")[0])["number"] == "=1+1"
    assert run("export", "orders", str(file), *where)[0] == 1 and run("export", "lamps", *where)[0] == 2


def test_a_resync_names_a_parcel_a_number_or_a_store(where: tuple[str, ...], shop: Ledger) -> None:
    number = answer("numbers", "follow", UPS, *where)
    code, out = run("resync", UPS, *where)
    assert code == 0 and "0 of 1 parcels have an answer" in out
    code, out = run("resync", number["parcels"][0], *where)
    assert code == 1 and "You can ask again from" in out
    code, out = run("resync", str(shop.store.id), "--range", "60d", *where)
    assert code == 1 and "nothing is to be asked about orders of that time" in out
    shop.hears(shop.woo(woo(1005, at=clock.now(), shipped=(("t1", "9261290100130739674442", ""),))))
    asked = answer("resync", str(shop.store.id), "--range", "60d", *where)
    assert (asked["scope"], asked["target_id"], asked["range"]) == ("store", str(shop.store.id), "60d")
    code, out = run("resync", "nothing", *where)
    assert code == 1 and "no tracking number that is known here" in out


def test_trouble_is_told_and_has_its_exit_code(where: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out = run("orders", "show", "1", "--json", *where)
    assert code == 1 and json.loads(out)["error"] == "not_found" and json.loads(out)["status"] == 404
    code, out = run("numbers", "list", "--starts-with", "1", *where)
    assert code == 1 and "starts_with" in out
    assert run("orders", "list", "--state", "lost", *where)[0] == 2
    monkeypatch.setattr(sending.time, "sleep", lambda _: None)
    server = ("--server", f"http://127.0.0.1:{free_port()}")
    assert run("orders", "list", *server)[0] == 1  # without a key
    code, out = run("orders", "list", *server, "--key", "dsk_x", "--json")
    assert code == 3 and json.loads(out)["error"] == "cli.unreachable"
    code, out = run("orders", "list", DOORSTEP_SERVER="ftp://shop.example", DOORSTEP_API_KEY="dsk_x")
    assert code == 1 and "no address" in out


def test_a_table_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "table.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    code, out = run("import", str(tmp_path / "table.xlsx"))
    assert code == 1 and "UTF-8" in out
    assert run("import", str(tmp_path / "none.csv"))[0] == 1


def test_without_a_workspace_it_says_how_to_make_one(transactional_db: None, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    for words in (["orders", "list"], ["numbers", "follow", UPS]):
        code, out = run(*words)
        assert code == 1 and "doorstep user add" in out


def test_a_changing_command_is_handed_to_a_running_up(shop: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[str] = []

    def give(chore: str, /, **arguments: Any) -> dict[str, Any]:
        handed.append(f"{chore} {arguments['method']} {arguments['target']}")
        return handover.do(chore, arguments)

    monkeypatch.setattr(serve, "do", give)
    assert answer("numbers", "follow", UPS)["carrier"] == "ups" and len(answer("numbers", "list")) == 1
    assert handed == ["api POST /api/v1/numbers"]


def test_what_came_in_over_http_is_never_from_inside(shop: Ledger) -> None:
    """A header can only become HTTP_...: nobody names themselves a command of this machine."""
    for name in ("doorstep.holder", "Doorstep-Holder", "doorstep_holder"):
        assert program(shop.ws).client.get("/api/v1/orders", headers={name: "cli"}).status_code == 401


def test_every_operation_of_the_client_has_its_command() -> None:
    made = get_command(app).commands  # type: ignore[attr-defined]
    named = [one for names in GROUPS.values() for one in names]
    assert sorted(named) == sorted(one for one in vars(Client) if not one.startswith("_"))
    for group, names in GROUPS.items():
        if group == "recognize":
            continue  # `doorstep recognize` needs no API
        commands = [command_name(group, one) for one in names]
        assert len(set(commands)) == len(names)
        assert sorted(made[group].list_commands(None)) == sorted(commands)
        for one in commands:
            code, out = run(group, one, "--help")
            assert code == 0 and "--server" in out and "--json" in out
    assert run("orders", "dance")[0] == 2


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("columns", "as_cards"), [(40, True), (120, False)])
def test_a_narrow_terminal_shows_rows_one_below_the_other(
    columns: int, as_cards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", screen_ := Terminal())
    monkeypatch.setenv("COLUMNS", str(columns))
    screen.table([{"id": "382978402185860079", "number": "[red]1003", "state": "", "place": "Köln"}], "Orders")
    said = screen_.getvalue()
    assert "382978402185860079" in said and "[red]1003" in said
    assert ("state" not in said) is as_cards


def test_no_colour_where_nobody_looks() -> None:
    code, out = run("recognize", UPS)
    assert code == 0 and "\x1b" not in out


def test_the_version_is_said() -> None:
    code, out = run("--version")
    assert code == 0 and out.startswith("doorstep ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_what_completes(shell: str) -> None:
    code, out = run("completion", shell)
    assert code == 0 and completion.VARIABLE in out and "doorstep" in out


def test_words_of_the_api_are_completed() -> None:
    words = {"orders list --state aw": "awaiting_payment", "ord": "orders", "orders add": "add-number"}
    completion.prepare()
    for said, whole in words.items():
        env = {
            completion.VARIABLE: "complete_bash",
            "COMP_WORDS": f"doorstep {said}",
            "COMP_CWORD": str(len(said.split())),
        }
        done = CliRunner().invoke(app, [], env=env, prog_name="doorstep")
        assert done.output.split() == [whole]


def test_bash_takes_what_it_gets() -> None:
    script = run("completion", "bash")[1]
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False, timeout=20).returncode == 0


def test_waiting_ends_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.time, "sleep", lambda _: None)
    parts = iter(range(9))
    found = tables._awaited(lambda: {"read": next(parts)}, lambda one: one["read"] == 3, 30, str)
    assert found == {"read": 3}
    assert tables._awaited(lambda: {"read": next(parts)}, lambda _: False, 2, str) == {"read": 6}
