"""The command line: what people type, what they read, what scripts get."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from doorstep.cli import app
from tests.house import COMMAND, House

MAIL = b"""From: Shop <news@shop.example>\r\nTo: me@example.org\r\nSubject: Your order 1001 has shipped\r\n
Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nYour UPS tracking number: 1Z999AA10123456784\r\n"""


def run(*words: str, stdin: bytes = b"") -> tuple[int, str]:
    done = CliRunner().invoke(app, words, input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_a_number_is_recognized_with_carrier_reason_and_link():
    code, out = run("recognize", "--json", "1Z999AA10123456784")
    found = json.loads(out)
    best = found["candidates"][0]
    assert (code, best["carrier"], best["confidence"]) == (0, "ups", "certain")
    assert (found["text"], found["kind"], best["format"], best["role"]) == (
        "1Z999AA10123456784", "tracking_number", "ups_1z", "local"
    )  # fmt: skip
    assert "1Z999AA10123456784" in best["link"] and best["evidence"]


def test_what_is_no_number_is_said_to_be_something_else():
    code, out = run("recognize", "hello@example.org", "1Z999AA10123456784")
    assert code == 1 and "UPS" in out
    code, out = run("recognize", "--json", "hello@example.org")
    assert code == 0 and json.loads(out)["kind"] == "email" and json.loads(out)["not_a"]


def test_numbers_are_read_from_standard_input_one_object_a_line():
    texts = ["1z5r89390357567127", "", "123-1234567-1234567", "1Z5R89390357567126", "Ж\ud83d"]
    code, out = run("recognize", "--json", stdin="\r\n".join(texts).encode("utf-8", "surrogatepass"))
    found = [json.loads(line) for line in out.splitlines()]
    assert (code, [one["text"] for one in found[:4]]) == (0, texts[:4])
    kinds = ["tracking_number", "unknown", "order_id", "mistyped_number", "unknown"]
    assert [one["kind"] for one in found] == kinds
    assert found[2]["marketplace"] == "amazon"
    assert {"number": "1Z5R89390357567127", "carrier": "ups"}.items() <= found[3]["suggestions"][3].items()
    code, out = run("recognize", stdin=b"1Z5R89390357567126\n")
    assert code == 1 and "wrong check digit" in out and "1Z5R89390357567127: With 7" in out


@pytest.mark.parametrize(
    "words",
    [
        ("--carrier", "FedEx"), ("--near", "Ship via FedEx"), ("--sender", "fedex.com"), ("--store-carrier", "fedex"),
        ("--link-host", "www.fedex.com"),
    ],
)  # fmt: skip
def test_hints_are_options(words):
    _, out = run("recognize", "--json", *words, "--origin", "US", "--date", "2026-11-22", "287809468872")
    best = json.loads(out)["candidates"][0]
    assert best["carrier"] == "fedex" and best["confidence"] != "possible"


def test_a_day_that_is_none_is_refused():
    code, out = run("recognize", "--date", "yesterday", "287809468872")
    assert code == 2 and "yesterday is no day" in out


def test_a_mail_tells_its_numbers():
    code, out = run("read-mail", "--json", "-", stdin=MAIL)
    said = json.loads(out)
    (number,) = said["tracking"]
    assert code == 0 and (number["number"], number["carrier"], number["role"]) == ("1Z999AA10123456784", "ups", "local")
    assert number["confidence"] == "certain" and number["evidence"][0].startswith("Words before it")
    assert (said["status"], said["orders"], said["language"], said["rejected"]) == ("shipped", ["1001"], "en", [])
    code, out = run("read-mail", "-", stdin=MAIL)
    assert code == 0 and "1Z999AA10123456784" in out


def test_each_mail_is_a_line_and_one_that_is_not_there_stops_no_other(tmp_path):
    (tmp_path / "a.eml").write_bytes(MAIL)
    files = [str(tmp_path / "a.eml"), str(tmp_path / "none.eml"), str(tmp_path / "a.eml")]
    code, out = run("read-mail", "--json", *files)
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and [one["file"] for one in lines] == files
    assert lines[1]["error"] == "mail.file_unreadable" and "No such file" in lines[1]["text"]
    assert lines[0]["tracking"] == lines[2]["tracking"] != []
    code, out = run("read-mail", files[1])
    assert code == 1 and "none.eml" in out


def test_tracking_without_a_key_shows_the_carriers_own_page():
    code, out = run("track", "1Z999AA10123456784")
    assert code == 0 and "AFTERSHIP_API_KEY" in out
    code, out = run("track", "--json", "1Z999AA10123456784")
    assert json.loads(out)["candidates"][0]["link"].startswith("https://")


def test_an_account_of_the_environment_that_cannot_be_reached_is_told(monkeypatch, settings):
    monkeypatch.setenv("AFTERSHIP_API_KEY", "k")
    settings.HOST_MAP = "api.aftership.com=127.0.0.1:1"
    code, out = run("track", "1Z999AA10123456784")
    assert code == 1 and "UPS" in out and "AfterShip: " in out
    code, out = run("track", "--json", "1Z999AA10123456784")
    (asked,) = json.loads(out.splitlines()[-1])["asked"]  # the log stands before it, on standard error
    assert (code, asked["account"], asked["knows"], asked["track"]) == (1, "aftership", False, None)
    assert asked["trouble"]


def test_without_words_it_says_what_it_can_do():
    _, out = run("--help")
    assert all(word in out for word in ("up", "migrate", "doctor", "user", "recognize", "read-mail", "track"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("cli"), counted=True)
    done = house.run("migrate")
    assert done.returncode == 0 and "migrations applied" in done.stdout, done.stderr
    return house


@pytest.mark.parametrize("words", [["recognize", "1Z5R89390357567127"], ["explain", "--help"]])
def test_a_command_that_keeps_no_data_leaves_nothing_behind(tmp_path: Path, words: list[str]) -> None:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("DOORSTEP_", "DJANGO_"))}
    done = subprocess.run([*COMMAND, *words], cwd=tmp_path, env=mine, capture_output=True, check=True, timeout=60)
    assert done.stdout
    assert list(tmp_path.iterdir()) == []


def test_users_are_added_listed_and_given_passwords(house):
    added = house.run(
        "user", "add", "Alice@example.org", "--workspace", "Alice's", "--password", "long enough 42", "--json"
    )
    assert (added.returncode, json.loads(added.stdout)["role"]) == (0, "owner"), added.stderr
    assert house.run("user", "add", "bob@example.org", "--workspace", "Alice's", "--role", "agent",
                     "--password", "long enough 43").returncode == 0  # fmt: skip
    listed = json.loads(house.run("user", "list", "--json").stdout)
    assert [(one["email"], one["role"]) for one in listed] == [
        ("alice@example.org", "owner"), ("bob@example.org", "agent")
    ]  # fmt: skip
    changed = house.run("user", "password", "alice@example.org", "--password", "another long one 1")
    assert changed.returncode == 0 and "new password" in changed.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("user add carol@example.org --workspace Nowhere --role agent --password long-enough-42", "no workspace named"),
        ("user add carol@example.org --workspace Carol --password short", "not accepted"),
        ("user add carol@example.org --role king --password long-enough-42", "king is none of"),
        ("user password nobody@example.org --password long-enough-42", "There is no user"),
        ("user forget-second-factor nobody@example.org", "There is no user"),
    ],
)
def test_wrong_words_are_answered_with_what_to_do(house, words, said):
    refused = house.run(*words.split())
    assert refused.returncode != 0 and said in refused.stderr + refused.stdout


def test_the_doctor_ends_with_1_only_when_something_has_to_be_mended(house):
    sound = house.run("doctor", "--json")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert {"grade", "id", "text"} <= json.loads(sound.stdout)[0].keys()
    Path(house.folder / "key").chmod(0o644)
    ill = house.run("doctor")
    assert ill.returncode == 1 and "chmod 600" in ill.stdout
