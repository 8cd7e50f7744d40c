"""`doorstep normalize`: saved answers on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from doorstep.cli import app

RECORDED = Path(__file__).parents[1] / "connectors/carriers/seventeen_track"


def run(*words: str, stdin: bytes = b"") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["normalize", *words], input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def saved(case: str) -> bytes:
    return json.dumps(json.loads((RECORDED / f"{case}.json").read_text())["body"]).encode()


def test_each_parcel_of_an_answer_is_one_json_line():
    code, out = run("--carrier", "seventeen_track", "--json", "-", stdin=saved("delivered"))
    (parcel,) = map(json.loads, out.splitlines())
    assert (code, parcel["status"]) == (0, "delivered")
    assert {"number", "carrier", "status", "reason", "events"} <= parcel.keys()


def test_a_person_reads_a_table(tmp_path):
    (tmp_path / "answer.json").write_bytes(saved("delivered"))
    code, out = run("--carrier", "seventeen_track", str(tmp_path / "answer.json"))
    assert code == 0 and "delivered" in out and "Scans" in out


def test_it_can_be_looked_at_at_another_time():
    for now in ("2001-01-01", "2001-01-01T00:00:00+02:00"):
        _, out = run("--carrier", "seventeen_track", "--now", now, "--json", "-", stdin=saved("delivered"))
        assert json.loads(out)["status"] == "pending"
    code, _ = run("--carrier", "seventeen_track", "--now", "soon", "-", stdin=saved("delivered"))
    assert code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--carrier", "nobody", "-"), "seventeen_track"),
        (("--carrier", "seventeen_track", "/no/such/file"), "cannot be read"),
        (("--carrier", "seventeen_track", "-"), "code"),
    ],
)
def test_what_cannot_be_read_is_said_with_exit_code_1(words, said):
    code, out = run(*words, "--json", stdin=b"{}")
    assert code == 1 and said in json.loads(out)["text"]


def test_an_answer_without_parcels_says_so():
    code, out = run("--carrier", "seventeen_track", "--json", "-", stdin=b'{"code": 0, "data": {"accepted": []}}')
    assert code == 1 and "no parcel" in json.loads(out)["text"]
