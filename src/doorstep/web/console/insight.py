"""Insight: how the ways, the carriers and the suppliers do, and how right the estimates are."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from doorstep.app import clock, spread
from doorstep.app.audit import record
from doorstep.app.figures import insight, insight_tables
from doorstep.app.figures.insight_rows import Asked
from doorstep.app.say import text
from doorstep.core.advice import ENOUGH
from doorstep.core.roles import Action
from doorstep.web.gate import Caller, member

SPANS = (30, 90, 180, 365)  # days


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The tables, of the parcels that the address asks for."""
    now = clock.now()
    choices = insight.choices(caller.ws, now)
    asked = _asked(request, choices)
    found = insight.insight(caller.ws, asked, now)
    context = {
        "here": "insight",
        "found": found,
        "tables": [(name, rows[: insight.SHOWN], len(rows)) for name, rows in _ways(found)],
        "asked": asked,
        "spans": SPANS,
        "query": _query(asked),
        "enough": ENOUGH,
        "shown": insight.SHOWN,
        "may_export": caller.may(Action.EXPORT),
        **choices,
    }
    return render(request, "console/insight.html", context)


@require_safe
@member(Action.EXPORT)
def export(request: HttpRequest, caller: Caller, name: str, kind: str) -> StreamingHttpResponse:
    """One of the tables with all its rows, as a file. The trail says who took it: that is all it changes."""
    if name not in insight_tables.TABLES or kind not in spread.KINDS:
        raise Http404
    now = clock.now()
    asked = _asked(request, insight.choices(caller.ws, now))
    titles, lines = insight_tables.table(insight.insight(caller.ws, asked, now), name)
    record(caller.ws, caller.actor, "insight.export", "insight", after={"table": name, "kind": kind})
    title = text(f"insight.table.{name}")
    made = spread.csv(titles, lines) if kind == "csv" else [spread.xlsx(title, titles, lines)]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return StreamingHttpResponse(made, content_type=spread.KINDS[kind], headers=headers)


def _ways(found: insight.Insight) -> list[tuple[str, tuple[insight.Row, ...]]]:
    return [("carriers", found.carriers), ("lanes", found.lanes), ("suppliers", found.suppliers)]


def _asked(request: HttpRequest, choices: dict[str, list[Any]]) -> Asked:
    """Only what there is to choose from; anything else counts as all."""
    given = request.GET
    days = given.get("days", "")
    ids = {kind: {str(one.id) for one in choices[kind]} for kind in ("stores", "suppliers")}
    return Asked(
        days=int(days) if days in map(str, SPANS) else SPANS[1],
        store=int(given["store"]) if given.get("store") in ids["stores"] else 0,
        supplier=int(given["supplier"]) if given.get("supplier") in ids["suppliers"] else 0,
        carrier=given["carrier"] if given.get("carrier") in choices["carriers"] else "",
        country=given["country"] if given.get("country") in choices["countries"] else "",
    )


def _query(asked: Asked) -> str:
    """The choices as they stand in an address."""
    names = ("days", "store", "supplier", "carrier", "country")
    return urlencode({name: value for name in names if (value := getattr(asked, name))})
