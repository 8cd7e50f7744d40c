"""A shop that gives its orders as a CSV file: fetched from an address again and again, or uploaded by a person. It
takes no numbers: those are downloaded as a CSV file (``app/sheet_orders``).
"""

import csv
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from doorstep.connectors.answers import looks_like_html, trouble
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Connectable,
    Facts,
    Field,
    Flow,
    Meta,
    Refused,
    Request,
)
from doorstep.connectors.stores.csv_rows import COLUMNS, NEEDED, Unreadable, read_table
from doorstep.core.message import Message, Value
from doorstep.core.status import Status


class CsvFile:
    """A shop that is a file."""

    meta = Meta(
        name="csv",
        label="CSV file",
        hosts=OWN,
        polls_per_minute=6,
        can=frozenset({Can.ORDERS}),
        fields=(
            Field(
                name="base_url",
                label="Where the file is",
                required=False,
                placeholder="https://shop.example/export/orders.csv",
                help="Fetched regularly. Leave it empty to upload files yourself.",
            ),
            Field(
                name="query",
                label="What follows the question mark",
                secret=True,
                required=False,
                placeholder="key=...",
                help="It may hold a key and is kept encrypted.",
            ),
            Field(name="shop", label="Name of the shop", required=False, placeholder="My shop"),
            Field(
                name="zone",
                label="Time zone of the file",
                required=False,
                placeholder="Europe/Lisbon",
                help="Needed where its times have no offset.",
            ),
        ),
        basis="Doorstep's own columns, and the column names of Shopify's and WooCommerce's exports",
        docs="https://www.rfc-editor.org/rfc/rfc4180",
        proven="documented only",
        steps=(
            "One row for each line of an order, with a first row of names. Needed: " + ", ".join(NEEDED) + ".",
            "Also read: " + ", ".join(name for name in COLUMNS if name not in NEEDED) + ".",
            "Save it as UTF-8.",
        ),
        limits=("A file has at most 200,000 rows and 10 MB.",),
        gaps=("Numbers are downloaded as a file; they are not given to a shop.",),
    )
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Fetches the file and says what is in it; a shop whose files are uploaded needs only a name."""
        shop = account.settings.get("shop", "").strip()
        if account.base_url:
            answer = yield _fetch(account, what="")
            facts = self.read(answer)
            _zone(account)
            first = facts.bad[0] if facts.bad else ""
            values: dict[str, Value] = {"orders": len(facts.orders), "bad": len(facts.bad), "first": first}
            note = Message(id="csv.found_with_bad" if first else "csv.found", values=values)
            place = account.base_url.partition("://")[2].lower()
            return Checked(external_id=place, label=shop or place, notes=(note,))
        if not shop:
            raise Refused("neither address nor name", message=Message(id="csv.no_name"))
        _zone(account)
        return Checked(external_id=f"file:{shop.casefold()}", label=shop, notes=(Message(id="csv.upload"),))

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """The whole file; nothing where it is uploaded."""
        if account.base_url:
            _meant((yield _fetch(account, what="orders")))

    def order(self, account: Account, ref: str) -> Flow[None]:
        """The whole file: it cannot be asked for one order."""
        if not account.base_url:
            raise Refused("uploaded", message=Message(id="csv.upload"))
        _meant((yield _fetch(account, what="orders")))

    def read(self, answer: Answer) -> Facts:
        """Every order whose rows can all be read; ``bad`` names each of the others and why."""
        _meant(answer)
        if looks_like_html(answer):
            raise Broken("a web page", message=Message(id="stores.html"))
        try:
            text = answer.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Broken(str(error), message=Message(id="csv.not_utf8")) from error
        bad: list[str] = []
        try:
            orders = tuple(read_table(text, answer.context.get("zone", ""), bad))
        except Unreadable as error:
            said = ", ".join(error.missing)
            raise Broken(said, message=Message(id="csv.no_columns", values={"columns": said})) from error
        except csv.Error as error:
            raise Broken(str(error), message=Message(id="csv.broken", values={"said": str(error)})) from error
        return Facts(orders=orders, bad=tuple(bad))


def _fetch(account: Account, *, what: str) -> Request:
    typed = account.base_url
    return Request(
        method="GET",
        url=typed if "://" in typed else f"https://{typed}",
        query=tuple(parse_qsl(account.credentials.get("query", "").lstrip("?"), keep_blank_values=True)),
        headers={"Accept": "text/csv, text/plain;q=0.9, */*;q=0.1"},
        what=what,
        context={"zone": account.settings.get("zone", "")},
    )


def _zone(account: Account) -> None:
    """Raises Refused for a time zone that does not exist."""
    zone = account.settings.get("zone", "")
    try:
        ZoneInfo(zone or "UTC")
    except (ValueError, OSError, KeyError):
        raise Refused(zone, message=Message(id="csv.no_zone", values={"zone": zone})) from None


def _meant(answer: Answer) -> None:
    if problem := trouble(answer, f"HTTP {answer.status}"):
        raise problem


CONNECTOR: Connectable = CsvFile()
