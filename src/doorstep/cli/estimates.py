"""Commands about delivery windows."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from doorstep.cli.screen import AsJson, fail, show, table
from doorstep.core.message import Message

commands = typer.Typer()
SHOWN = 20  # lanes and skipped rows on a terminal; JSON has them all


@commands.command("eta-report")
def eta_report(
    file: Annotated[Path, typer.Argument(help="A CSV table of past parcels.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Try delivery windows on your own history: learned from its earlier 70 %, tried on the rest. Needs no database.

    Columns: handed_over, delivered, and where known ordered, origin, destination, carrier, service. Dates in ISO 8601.
    """
    from doorstep.core.backtest import TooFew, backtest
    from doorstep.core.passages import Unusable, read_passages

    try:
        read = read_passages(file.read_text(encoding="utf-8"))
        report = backtest(read.passages)
    except UnicodeDecodeError:
        fail(Message(id="passages.not_text"), as_json)
    except Unusable as problem:
        fail(problem.message, as_json)
    except TooFew:
        fail(Message(id="passages.too_few", values={"used": len(read.passages)}), as_json)
    found = described(report, read)
    show(found, as_json, lambda: tell(found))


def described(report: Any, read: Any) -> dict[str, Any]:
    """The report as plain data. Errors in days; coverage is the share delivered by P85."""
    from doorstep.app.say import say

    return {
        "rows": len(read.passages) + len(read.skipped),
        "used": len(read.passages),
        "skipped": [{"line": one.line, "id": one.why.id, "reason": say(one.why)} for one in read.skipped],
        "split": report.split.isoformat(),
        "learned": report.learned,
        "delivered_by_split": report.delivered,
        **_score(report.all),
        "open": report.open,
        "open_past_p85": report.late,
        "naive": _score(report.naive),
        "carriers": [{"carrier": carrier, **_score(score)} for carrier, score in report.carriers],
        "lanes": [{**asdict(route), **_score(score)} for route, score in report.lanes],
    }


def _score(score: Any) -> dict[str, Any]:
    return {
        "tested": score.tested,
        "p50_error_days": round(score.off, 3),
        "p50_error_days_mean": round(score.off_mean, 3),
        "p85_coverage": round(score.inside, 4),
    }


def _line(lane: dict[str, Any]) -> dict[str, Any]:
    return {
        "carrier": " ".join(filter(None, (lane["carrier"], lane["service"]))),
        "from": lane["origin"],
        "to": lane["destination"],
        "tried": lane["tested"],
        "days off": f"{lane['p50_error_days']:.1f}",
        "by P85": f"{lane['p85_coverage']:.0%}",
    }


def tell(found: dict[str, Any]) -> None:
    """The report for a person."""
    print(f"{found['used']} of {found['rows']} rows used; learned from {found['learned']} until {found['split'][:10]}.")
    print(
        f"Tried on {found['tested']} delivered since: off by {found['p50_error_days']:.1f} days in the middle"
        f" ({found['p50_error_days_mean']:.1f} on average), {found['p85_coverage']:.0%} came by their P85."
    )
    naive = found["naive"]
    print(
        f"One figure for all would be off by {naive['p50_error_days']:.1f} days ({naive['p50_error_days_mean']:.1f} on"
        f" average), and {naive['p85_coverage']:.0%} would have come by it."
    )
    if found["open"]:
        print(f"{found['open']} have not been delivered; {found['open_past_p85']} of them are past their P85.")
    table([_line(one) for one in found["lanes"][:SHOWN]], "Lanes")
    if found["skipped"]:
        table([{"line": one["line"], "skipped because": one["reason"]} for one in found["skipped"][:SHOWN]], "Skipped")
