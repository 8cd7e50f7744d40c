"""A supplier whose numbers are a table at an address (CSV or XLSX), fetched again and again. What its rows would do is
judged against the ledger (``app/fetched``): good rows are given to their orders, bad ones are named.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from doorstep.connectors.answers import looks_like_html, trouble
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Facts,
    Field,
    Flow,
    Meta,
    Request,
    Supplier,
)
from doorstep.connectors.suppliers.sheets import said
from doorstep.connectors.suppliers.sheets.rows import understood
from doorstep.connectors.suppliers.sheets.table import MOST_BYTES, MOST_ROWS, read_rows
from doorstep.core.message import Message
from doorstep.core.status import Status


class SheetLink:
    """The supplier that is a table at an address."""

    meta = Meta(
        name="sheet_link",
        label="Table at an address",
        hosts=OWN,
        polls_per_minute=6,
        can=frozenset({Can.PURCHASES}),
        fields=(
            Field(name="base_url", label="Where the table is", placeholder="https://supplier.example/numbers.csv"),
            Field(
                name="query",
                label="What follows the question mark",
                secret=True,
                required=False,
                placeholder="key=...",
                help="It may hold a key and is kept encrypted.",
            ),
            Field(name="supplier", label="Supplier's name", required=False, placeholder="Lamps of Porto"),
        ),
        basis="RFC 4180 for CSV, ECMA-376 (Office Open XML) for XLSX; the columns are our own",
        docs="https://www.rfc-editor.org/rfc/rfc4180",
        proven="documented only",
        steps=(
            "One row for each number; the first row names the columns. Needed: order number and tracking number.",
            "Enter the address at which the file itself is answered, not a page that shows it.",
        ),
        limits=(
            "Fetched every 15 minutes. Rows that can be read are taken at once, each table can be undone.",
            f"A table has at most {MOST_ROWS:,} rows and {MOST_BYTES >> 20} MB.",
        ),
        gaps=(
            "A row that disappears from the table takes nothing back.",
            "The address must answer itself: one that leads on to another host is refused.",
            "The shipping date is shown and not used: a number counts from when it was fetched.",
        ),
    )
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Fetches the table and says how much of it can be read. Raises Broken where no column holds orders."""
        answer = yield _fetch(account, what="")
        _meant(answer)
        table = understood(read_rows(answer.body))
        if table.missing:
            named = ", ".join(table.head)[:200]
            raise Broken("no columns", message=Message(id="sheet_link.columns", values={"named": named}))
        bad = len(table.problems)
        note = Message(id="sheet_link.found", values={"rows": len(table.rows), "bad": bad})
        place = account.base_url.partition("://")[2].lower()
        called = account.settings.get("supplier", "").strip() or place.partition("/")[0]
        return Checked(external_id=place, label=called, notes=(note,))

    def purchases(self, account: Account, since: datetime | None) -> Flow[None]:
        """The whole table: it does not say what is new."""
        _meant((yield _fetch(account, what="file")))

    def purchase(self, account: Account, ref: str) -> Flow[None]:
        """The whole table: it cannot be asked for one order."""
        _meant((yield _fetch(account, what="file")))

    def read(self, answer: Answer) -> Facts:
        """What the table says by itself, or what was taken of it. Raises Broken and Refused."""
        if answer.what == "file":
            _meant(answer)
        return said.read(answer)


def _fetch(account: Account, *, what: str) -> Request:
    typed = account.base_url
    return Request(
        method="GET",
        url=typed if "://" in typed else f"https://{typed}",
        query=tuple(parse_qsl(account.credentials.get("query", "").lstrip("?"), keep_blank_values=True)),
        headers={"Accept": "text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, */*;q=0.1"},
        what=what,
        context={"name": typed.rpartition("/")[2][:120]},
    )


def _meant(answer: Answer) -> None:
    if problem := trouble(answer, f"HTTP {answer.status}"):
        raise problem
    if looks_like_html(answer):
        raise Broken("a web page", message=Message(id="stores.html"))


CONNECTOR: Supplier = SheetLink()
