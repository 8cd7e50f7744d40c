"""The dispute pack as pages to read: the same facts as ``order.json``, in words. Made by ReportLab, without a clock."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from doorstep.app.disputes.dispute_letters import BOLD, PLAIN, font_of, marked, ready
from doorstep.app.say import text

Known = Mapping[str, Any]
_MARGIN: Final = 18 * mm
_INSET: Final = 6  # points that ReportLab keeps free inside a page's frame
_WIDTH: Final = A4[0] - 2 * _MARGIN - 2 * _INSET
_INK, _SOFT, _LINE = HexColor("#24211c"), HexColor("#67625a"), HexColor("#d8d3c9")
_BODY: Final = ParagraphStyle("body", fontName=PLAIN, fontSize=8.5, leading=11.5, textColor=_INK, splitLongWords=1)
_SMALL: Final = ParagraphStyle("small", parent=_BODY, fontSize=7.5, leading=10, textColor=_SOFT)
_HEAD: Final = ParagraphStyle("head", parent=_BODY, fontName=BOLD, fontSize=7.5, textColor=_SOFT)
_TITLE: Final = ParagraphStyle("title", parent=_BODY, fontName=BOLD, fontSize=17, leading=22, spaceAfter=2)
_PART: Final = ParagraphStyle(
    "part", parent=_BODY, fontName=BOLD, fontSize=11, leading=15, spaceBefore=12, spaceAfter=4
)
_TABLE: Final = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
)


def drawn(facts: Known) -> bytes:
    """The pages. Letters that no font here has are named by their number, never left as a box."""
    ready()
    file = io.BytesIO()
    order = facts["order"]
    title = text("dispute.heading", number=order["number"])
    made = SimpleDocTemplate(
        file, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=16 * mm, bottomMargin=18 * mm,
        title=title, author="Doorstep", invariant=1,
    )  # fmt: skip
    foot = text("dispute.foot", number=order["number"], at=_at(facts["as_of"]))

    def footed(canvas: Canvas, page: SimpleDocTemplate) -> None:
        canvas.setFont(PLAIN, 7)
        canvas.setFillColor(_SOFT)
        words = Paragraph(marked(foot), _SMALL)
        words.wrapOn(canvas, _WIDTH - 20 * mm, 10 * mm)
        words.drawOn(canvas, _MARGIN + _INSET, 10 * mm)
        canvas.drawRightString(A4[0] - _MARGIN - _INSET, 10 * mm + 2, str(page.page))

    made.build(list(_story(facts, title)), onFirstPage=footed, onLaterPages=footed)
    return file.getvalue()


def _story(facts: Known, title: str) -> Iterator[Flowable]:
    yield Paragraph(marked(title), _TITLE)
    yield Paragraph(marked(text("dispute.intro", store=facts["order"]["store"], at=_at(facts["as_of"]))), _SMALL)
    if any(font_of(letter) for letter in set(str(facts))):
        yield Paragraph(marked(text("dispute.east")), _SMALL)
    yield Spacer(1, 6)
    yield _pairs([*_order(facts["order"]), *facts["buyer"].items()])
    yield from _part("items", (("title", 5), ("sku", 2), ("quantity", 1)), facts["items"])
    for at, parcel in enumerate(facts["parcels"], 1):
        yield from _parcel(at, parcel)
    sent = ("supplier", 2), ("reference", 3), ("paid_at", 2), ("sent_at", 2)
    yield from _part("purchases", sent, facts["purchases"])
    yield from _part("mails", (("at", 2), ("event", 2), ("to", 3), ("state", 1)), map(_mail, facts["mails"]))
    yield from _opened(facts["page_opened"])
    yield from _part("messages", (("at", 2), ("by", 1), ("text", 6)), map(_message, facts["messages"]))
    yield from _part("photos", (("at", 2), ("file", 6)), facts["photos"])
    answers = ("at", 2), ("source", 2), ("sha256", 5), ("given", 3)
    yield from _part("answers", answers, map(_answer, facts["answers"]))
    yield Spacer(1, 8)
    yield Paragraph(marked(text("dispute.check")), _SMALL)


def _order(order: Known) -> Iterator[tuple[str, str]]:
    yield "store", order["store"]
    yield "reference", order["reference"]
    yield "state", text(f"order.{order['state']}")
    for name in ("placed_at", "paid_at", "cancelled_at"):
        yield name, _at(order[name])
    yield "transaction", order["transaction"]


def _parcel(at: int, parcel: Known) -> Iterator[Flowable]:
    yield Paragraph(marked(text("dispute.parcel", n=at, status=text(f"status.{parcel['status']}"))), _PART)
    if parcel["buyer_says"]:
        said = parcel["buyer_says"]
        words = text("dispute.says", mark=text(f"mark.{said['mark']}"), at=_at(said["at"]))
        yield Paragraph(marked(words), _BODY)
    held = ("number", 3), ("carrier", 2), ("role", 2), ("since", 2), ("until", 2), ("replaced_by", 2), ("said_by", 2)
    yield from _part("numbers", held, map(_number, parcel["numbers"]), small=True)
    seen = ("time", 2), ("place", 2), ("words", 4), ("status", 2), ("source", 2)
    own = [one for one in parcel["scans"] if not (one["stranger"] or one["ahead"])]
    yield from _part("scans", seen, map(_scan, own), small=True)
    given = ("number", 3), ("state", 2), ("at", 2), ("store_shows", 2), ("why", 3)
    yield from _part("given", given, map(_given, parcel["given_to_store"]), small=True)


def _opened(hours: Sequence[datetime]) -> Iterator[Flowable]:
    yield Paragraph(marked(text("dispute.part.views")), _PART)
    said = text("dispute.views", hours="; ".join(map(_at, hours))) if hours else text("dispute.nothing")
    yield Paragraph(marked(said), _BODY)


def _part(
    name: str, columns: Sequence[tuple[str, int]], rows: Iterable[Known], *, small: bool = False
) -> Iterator[Flowable]:
    """A headline and a table; where there is nothing, that is said."""
    lines = [[_cell(row.get(column)) for column, _ in columns] for row in rows]
    yield Paragraph(marked(text(f"dispute.part.{name}")), _HEAD if small else _PART)
    if not lines:
        yield Paragraph(marked(text("dispute.nothing")), _SMALL)
        return
    heads = [Paragraph(marked(text(f"dispute.col.{column}")), _HEAD) for column, _ in columns]
    whole = sum(share for _, share in columns)
    table = LongTable([heads, *lines], colWidths=[_WIDTH * share / whole for _, share in columns], repeatRows=1)
    table.setStyle(_TABLE)
    yield table
    yield Spacer(1, 6)


def _pairs(pairs: Iterable[tuple[str, str]]) -> LongTable:
    rows = [
        [Paragraph(marked(text(f"dispute.col.{name}")), _HEAD), Paragraph(marked(said), _BODY)]
        for name, said in pairs
        if said
    ]
    table = LongTable(rows, colWidths=[_WIDTH * 0.22, _WIDTH * 0.78])
    table.setStyle(_TABLE)
    return table


def _cell(value: object) -> Paragraph:
    said = _at(value) if isinstance(value, datetime) else "" if value is None else str(value)
    return Paragraph(marked(said).replace("\n", "<br/>"), _BODY)


def _number(one: Known) -> Known:
    return {**one, "role": text(f"role.{one['role']}"), "said_by": ", ".join(one["said_by"])}


def _scan(one: Known) -> Known:
    """The time as the carrier said it, with its zone where it gave one."""
    local, minutes = one["local"], one["offset"]
    zone = "" if minutes is None else f" UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    time = local.strftime("%Y-%m-%d" if one["day_only"] else "%Y-%m-%d %H:%M") + zone if local else _at(one["instant"])
    return {
        "time": time,
        "place": one["place"],
        "words": one["text"],
        "status": text(f"status.{one['status']}"),
        "source": one["source"],
    }


def _given(one: Known) -> Known:
    by = f"order.shown_by.{one['shown_by']}"
    shows = f"{one['store_shows']} {text(by)}" if one["store_shows"] else ""
    return {**one, "state": text(f"push.state.{one['state']}"), "store_shows": shows}


def _mail(one: Known) -> Known:
    return {**one, "event": text(f"letters.event.{one['event']}"), "state": text(f"letters.state.{one['state']}")}


def _message(one: Known) -> Known:
    return {**one, "by": text(f"dispute.by.{one['by']}")}


def _answer(one: Known) -> Known:
    return {**one, "given": one["file"] or text(f"dispute.why.{one['why']}")}


def _at(value: datetime | None) -> str:
    """UTC, so that everybody reads the same."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if value else ""
