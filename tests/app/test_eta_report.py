"""``doorstep eta-report``: what scripts get, what people read, what is refused."""

import json
import random
from datetime import date, timedelta
from pathlib import Path

from typer.testing import CliRunner

from doorstep.cli import app


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["eta-report", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def table(path: Path, rows: int = 120) -> str:
    dice = random.Random(4)
    lines = ["ordered,handed over,delivered,origin,destination,carrier"]
    for n in range(rows):
        ordered = date(2026, 1, 1) + timedelta(days=n)
        handed = ordered + timedelta(days=1)
        done = handed + timedelta(days=round(dice.lognormvariate(2.2, 0.3)))
        lines.append(f"{ordered},{handed},{'' if n == 110 else done},CN,DE,Yun Express")
    path.write_text("\n".join([*lines, "2026-01-01,03/04/2026,2026-03-09,CN,DE,Yun Express"]), encoding="utf-8")
    return str(path)


def test_a_report_names_its_figures_and_what_was_skipped(tmp_path):
    code, out = run(table(tmp_path / "past.csv"), "--json")
    found = json.loads(out)
    assert (code, found["rows"], found["used"], found["tested"], found["open"]) == (0, 121, 120, 35, 1)
    assert found["split"].startswith("2026-03-27") and found["learned"] == 84
    assert 0.6 <= found["p85_coverage"] <= 1.0
    assert 0 <= found["p50_error_days"] <= 3 and found["naive"]["tested"] == 35
    assert found["skipped"][0]["line"] == 122 and "03/04/2026" in found["skipped"][0]["reason"]
    assert [one["carrier"] for one in found["carriers"]] == ["yun_express"]
    assert {"carrier", "service", "origin", "destination", "p85_coverage"} <= found["lanes"][0].keys()


def test_a_person_reads_the_same_in_words(tmp_path):
    code, out = run(table(tmp_path / "past.csv"))
    assert code == 0
    assert "120 of 121 rows used" in out and "came by their P85" in out
    assert "yun_express" in out and "1 have not been delivered" in out and "03/04/2026" in out


def test_what_cannot_be_used_is_refused_with_the_reason(tmp_path):
    for text, said in (
        (b"when,where\n1,2\n", "missing: handed_over, delivered"),
        (b"handed_over,delivered\n2026-01-01,2026-01-05\n", "too little to learn from"),
        (b"handed_over,delivered\n\xff\xfe\n", "not text in UTF-8"),
    ):
        (tmp_path / "bad.csv").write_bytes(text)
        code, out = run(str(tmp_path / "bad.csv"), "--json")
        assert code == 1 and said in json.loads(out)["text"]
    assert run(str(tmp_path / "none.csv"))[0] == 2
