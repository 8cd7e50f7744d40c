"""The board's table, drawn in Python: fifty rows of a template cost more than reading them (measured)."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from doorstep.app import clock
from doorstep.app.order.progress import Stage
from doorstep.app.overview.board_rows import Row
from doorstep.app.overview.columns import carriers
from doorstep.app.say import day, moment, text
from doorstep.web.tags import ago, badge, icon, progress

_SHOWN = 2  # numbers of one order


class Table:
    """Rows as HTML. What many of them share, badges and bars, is drawn once."""

    def __init__(self, columns: Sequence[str], *, stores: bool, picks: bool) -> None:
        """``stores``: each order names its store; ``picks``: each can be picked."""
        self._cells = [getattr(self, f"_{name}") for name in columns]
        self._stores, self._picks = stores, picks
        self._badges: dict[tuple[str, str], str] = {}
        self._bars: dict[Stage, str] = {}
        self._address = reverse("order", args=[0]).removesuffix("0")
        self._pick, self._none = text("board.pick"), text("board.no_number")

    def draw(self, rows: Sequence[Row]) -> SafeString:
        """The rows of the table's body; whatever came from outside is escaped here."""
        drawn = (f"<tr>{self._picked(row)}{''.join(cell(row) for cell in self._cells)}</tr>" for row in rows)
        return mark_safe("\n".join(drawn))  # noqa: S308 - texts are escaped in each cell

    def _picked(self, row: Row) -> str:
        if not self._picks:
            return ""
        said = escape(f"{self._pick} {row.number}")
        return f'<td class="pick"><input type="checkbox" name="order" value="{row.id}" aria-label="{said}"></td>'

    def _order(self, row: Row) -> str:
        store = f'<div class="small soft" title="{escape(row.store)}">{escape(row.store)}</div>' if self._stores else ""
        link = f'<a class="open" id="order-{row.id}" href="{self._address}{row.id}">{escape(row.number)}</a>'
        return f'<td class="name">{link}{store}</td>'

    def _store(self, row: Row) -> str:
        return f'<td class="who">{escape(row.store)}</td>'

    def _buyer(self, row: Row) -> str:
        return f'<td class="who">{escape(row.buyer)}</td>'

    def _items(self, row: Row) -> str:
        return f'<td class="num items">{row.items}</td>'

    def _number(self, row: Row) -> str:
        said = "".join(f'<div class="mono">{escape(number)}</div>' for number, _ in row.numbers[:_SHOWN])
        if not said:
            said = f'<span class="soft">{self._none}</span>'
        if (more := len(row.numbers) - _SHOWN) > 0:
            said += f'<small class="soft">{text("board.more", n=more)}</small>'
        if row.shared:
            said += f'<div class="small shared">{icon("link")} {text("board.shared")}</div>'
        return f'<td class="numbers">{said}</td>'

    def _carrier(self, row: Row) -> str:
        return f'<td class="more">{escape(", ".join(carriers(row)))}</td>'

    def _status(self, row: Row) -> str:
        said = self._badge(row.status, "status") if row.status else self._badge(row.state, "order")
        if row.reason:
            said += f'<div class="small soft">{text(f"status.reason.{row.reason}")}</div>'
        return f'<td class="state">{said}</td>'

    def _last(self, row: Row) -> str:
        at = row.last_event_at
        # By the clock of a place whose zone is not known, it may still be to come here.
        said = moment(at) if at and at > clock.now() else ago(at)
        return f'<td class="more nowrap soft">{said}</td>'

    def _expected(self, row: Row) -> str:
        return f'<td class="more nowrap">{day(row.expected) if row.expected else ""}</td>'

    def _push(self, row: Row) -> str:
        return f'<td class="items">{self._badge(row.push, "push.state") if row.push else ""}</td>'

    def _progress(self, row: Row) -> str:
        if row.stage not in self._bars:
            self._bars[row.stage] = progress(row.stage)
        return f'<td class="bar">{self._bars[row.stage]}</td>'

    def _ship_by(self, row: Row) -> str:
        return f'<td class="more nowrap">{ago(row.ship_by)}</td>'

    def _placed(self, row: Row) -> str:
        return f'<td class="num when nowrap soft">{ago(row.placed_at)}</td>'

    def _badge(self, state: str, area: str) -> str:
        if (state, area) not in self._badges:
            self._badges[state, area] = badge(state, area)
        return self._badges[state, area]
