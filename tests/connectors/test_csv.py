"""A shop that is a file: fetched, or uploaded."""

from dataclasses import replace
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Denied, Facts, Refused
from doorstep.connectors.stores.csv import CONNECTOR, CsvFile
from tests.connectors.flow import NOW, answer, drive

FILE = CsvFile()
ACCOUNT = Account(
    base_url="https://shop.example/orders.csv",
    settings={"zone": "Europe/Lisbon", "shop": ""},
    credentials={"query": "?key=s3cr3t&all="},
    now=NOW,
)
UPLOADED = replace(ACCOUNT, base_url="", settings={"shop": "Lamps", "zone": ""})
TABLE = b"order,placed_at,quantity\n1,2026-06-01T10:00Z,1\n2,soon,1\n"


def read(body: bytes, zone: str = "") -> Facts:
    return FILE.read(Answer(what="orders", body=body, context={"zone": zone}, received_at=NOW))


def test_file_is_fetched_with_its_key_in_the_query() -> None:
    done = drive(CONNECTOR, ACCOUNT, FILE.orders(ACCOUNT, NOW), [answer(TABLE)])
    (request,) = done.requests
    assert (request.url, request.query) == (ACCOUNT.base_url, (("key", "s3cr3t"), ("all", "")))
    assert (request.what, request.context) == ("orders", {"zone": "Europe/Lisbon"})
    assert drive(CONNECTOR, ACCOUNT, FILE.order(ACCOUNT, "1"), [answer(TABLE)]).requests == [request]


def test_check_says_what_is_in_the_file_and_the_first_thing_wrong() -> None:
    (note,) = drive(CONNECTOR, ACCOUNT, FILE.check(ACCOUNT), [answer(TABLE)]).result.notes
    assert (note.id, note.values["orders"], note.values["bad"]) == ("csv.found_with_bad", 1, 1)
    assert note.values["first"] == "order 2: “soon” is not a time like 2026-06-01 10:30:00 +0200"
    good = drive(CONNECTOR, ACCOUNT, FILE.check(ACCOUNT), [answer(TABLE[:-9])]).result
    assert ([one.id for one in good.notes], good.label) == (["csv.found"], "shop.example/orders.csv")


def test_shop_without_an_address_is_uploaded_to() -> None:
    checked = drive(CONNECTOR, UPLOADED, FILE.check(UPLOADED), []).result
    assert (checked.external_id, checked.label) == ("file:lamps", "Lamps")
    assert drive(CONNECTOR, UPLOADED, FILE.orders(UPLOADED, None), []).requests == []
    with pytest.raises(Refused):
        drive(CONNECTOR, UPLOADED, FILE.order(UPLOADED, "1"), [])


@pytest.mark.parametrize(
    ("settings", "message"), [({}, "csv.no_name"), ({"shop": "Lamps", "zone": "Mars/Base"}, "csv.no_zone")]
)
def test_incomplete_shop_is_told(settings: dict[str, str], message: str) -> None:
    account = replace(UPLOADED, settings=settings)
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, account, FILE.check(account), [])
    assert caught.value.message and caught.value.message.id == message


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("order;Größe".encode("latin-1"), Broken, "csv.not_utf8"),
        (b"", Broken, "csv.no_columns"),
        (b"order,quantity\n", Broken, "csv.no_columns"),
        (b"  <html>", Broken, "stores.html"),
    ],
)
def test_file_that_is_no_table_is_told(body: bytes, kind: type[Broken], message: str) -> None:
    with pytest.raises(kind) as caught:
        read(body)
    assert caught.value.message and caught.value.message.id == message


def test_refused_download_is_denied() -> None:
    with pytest.raises(Denied):
        drive(CONNECTOR, ACCOUNT, FILE.orders(ACCOUNT, None), [answer("no", status=401)])


def test_wall_time_is_the_files_own_zone_in_summer_and_winter() -> None:
    table = b"order,placed_at,quantity\n1,2026-06-01 10:00,1\n2,2026-12-01 10:00,1\n"
    assert [one.placed_at.hour for one in read(table, "Europe/Lisbon").orders] == [9, 10]


def test_lines_keep_their_names_whatever_stands_between_them() -> None:
    head = b"order,placed_at,quantity,sku\n"
    one, other = b"1,2026-06-01T10:00Z,1,LAMP\n", b"1,2026-06-01T10:00Z,2,BULB\n"
    refs: list[Any] = [
        {line.ref: line.qty for line in read(head + rows).orders[0].lines} for rows in (one + other, other + one)
    ]
    assert refs[0] == refs[1] == {"LAMP": 1, "BULB": 2}


def test_order_cut_off_by_the_limit_of_rows_says_nothing_of_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorstep.connectors.stores.csv_rows.ROWS_AT_MOST", 2)
    found = read(b"order,placed_at,quantity\n1,2026-06-01T10:00Z,1\n2,2026-06-01T10:00Z,1\n")
    assert [one.ref for one in found.orders] == ["1"]
    assert found.bad == ("row 3: the file is too long; the rows from here on were not read",)
