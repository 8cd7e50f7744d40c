"""Tables of numbers: encodings, delimiters, languages, XLSX, and files that mean harm."""

import io
import warnings
import zipfile
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from doorstep.connectors.contract import Account, Answer, Broken, Refused, Trouble
from doorstep.connectors.suppliers.sheet import Sheet
from doorstep.connectors.suppliers.sheets import table
from doorstep.connectors.suppliers.sheets.columns import found
from doorstep.connectors.suppliers.sheets.rows import understood
from doorstep.connectors.suppliers.sheets.table import read_rows
from tests.connectors.flow import NOW, drive

NUMBER = "LX123456785CN"


def xlsx(*rows: tuple[Any, ...]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(out)
    return out.getvalue()


def rows(body: bytes, **chosen: int) -> list[tuple[Any, ...]]:
    return [(one.place, one.order, one.number) for one in understood(read_rows(body), chosen).rows]


def problems(body: bytes) -> list[tuple[int, str, str]]:
    return [(one.place, one.field, one.message.id) for one in understood(read_rows(body)).problems]


def test_there_is_nothing_to_connect() -> None:
    sheet, account = Sheet(), Account(now=NOW)
    assert drive(sheet, account, sheet.check(account), []).result.external_id == "sheet"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_encoding_and_delimiter_is_read(encoding: str, mark: str) -> None:
    text = mark.join(("Numéro de commande", "N° de suivi", "Transporteur")) + f"\r\n1001{mark}{NUMBER}{mark}Zoë\r\n"
    read = understood(read_rows(text.encode(encoding)))
    assert [(one.order, one.number, one.carrier) for one in read.rows] == [("1001", NUMBER, "Zoë")]


@pytest.mark.parametrize(
    "head",
    ["Order number,Tracking-No.", "Bestellnummer,Sendungsnr.", "N.º de pedido,Código de rastreio", "订单号,运单号",
     "Zamówienie,Numer przesyłki", "Ordine,Codice di tracciamento", "Beställning,Spårningsnummer"],
)  # fmt: skip
def test_columns_are_known_in_many_languages(head: str) -> None:
    assert found(head.split(",")) == {"order": 0, "number": 1}


def test_what_the_file_calls_otherwise_is_chosen_by_the_person() -> None:
    body = f"Code,Ref\n{NUMBER},1001\n".encode()
    assert understood(read_rows(body)).missing == ("order", "number")
    assert rows(body, order=1, number=0) == [(2, "1001", NUMBER)]
    assert rows(body, order=7, number=0) == []


def test_pasted_lines_need_no_names() -> None:
    assert rows(f"1001 {NUMBER} China Post\n\n#1002\t{NUMBER}\n".encode()) == [
        (1, "1001", NUMBER),
        (3, "#1002", NUMBER),
    ]


def test_xlsx_is_read_as_it_is_seen() -> None:
    body = xlsx(
        ("Order", "Tracking number", "Qty", "Shipped"),
        (1001, NUMBER, 2.0, date(2026, 7, 1)),
        (),
        ("A", "B1", None, True),
    )
    read = understood(read_rows(body))
    assert [(one.place, one.order, one.quantity, one.shipped) for one in read.rows] == [
        (2, "1001", 2, "2026-07-01"),
        (4, "A", 0, "True"),
    ]


def test_lost_digits_and_formulas_are_told_and_never_run() -> None:
    head = ("Order", "Tracking number", "Quantity")
    body = xlsx(
        head, (1, 9400111899223197428490), (2, "=1+1"), (3, ""), (None, NUMBER), (5, NUMBER, "two"), (6, "x" * 201)
    )
    assert problems(body) == [
        (2, "number", "sheet.row.lost_digits"),
        (3, "number", "sheet.row.formula"),
        (4, "number", "sheet.row.no_number"),
        (5, "order", "sheet.row.no_order"),
        (6, "quantity", "sheet.row.quantity"),
        (7, "number", "sheet.row.long"),
    ]
    assert problems(b"Order,Tracking\n1,9.4E+21\n") == [(2, "number", "sheet.row.lost_digits")]


def test_marks_of_spreadsheets_for_text_are_taken_off() -> None:
    assert rows(b'Order,Tracking\n\'0012,="0034"\n') == [(2, "0012", "0034")]


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in parts.items():
            file.writestr(name.replace("__", "/").replace("_xml", ".xml"), body)
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"", "sheet.empty"),
        (b"\xd0\xcf\x11\xe0 old", "sheet.old_excel"),
        (b"PK\x03\x04 nothing", "sheet.broken"),
        (packed(a_xml=b"<x/>"), "sheet.broken"),
        (packed(a_xml=b"<!DOCTYPE x [<!ENTITY a 'a'>]><x>&a;</x>"), "sheet.bomb"),
        (packed(**{f"p{at}_xml": b"" for at in range(table.MOST_PARTS + 1)}), "sheet.bomb"),
        (b"\xff\xfe\x00", "sheet.broken"),
        (b'a,b\n"' + b"x" * 200_000, "sheet.broken"),
        (b"x" * (table.MOST_BYTES + 1), "sheet.too_large"),
        (b"1,2\n" * (table.MOST_ROWS + 2), "sheet.too_long"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_no_table_is_refused_in_words(body: bytes, key: str) -> None:
    with pytest.raises((Broken, Refused)) as caught:
        read_rows(body)
    assert caught.value.message and caught.value.message.id == key


def test_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(Refused) as caught:
        read_rows(packed(a_xml=b"0" * (2 << 20)))
    assert caught.value.message and caught.value.message.id == "sheet.bomb"


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 4000), flip=st.integers(0, 255))
def test_damaged_file_is_trouble_and_nothing_else(cut: int, flip: int) -> None:
    body = bytearray(WHOLE)
    body[cut % len(body)] ^= flip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's, about what it leaves out
        try:
            Sheet().read(Answer(what="file", body=bytes(body), received_at=NOW))
        except Trouble:
            return


WHOLE = xlsx(("Order", "Tracking number"), (1001, NUMBER))


@pytest.mark.parametrize(
    ("text", "whose", "row"),
    [
        (
            (
                "tracking_number,courier,email,order_id,title,order_path,customer_name\r\n"
                f'{NUMBER},hermes,"a@b.example,c@d.example",1001,#1001,https://shop.example/1001,Ines\r\n'
            ),
            "AfterShip",
            ("1001", NUMBER, "evri", "", 0),
        ),
        (
            (
                "id,tracking_number,slug,tag,order_id,order_number,created_at\r\n"
                f"bff5,{NUMBER},china-post,InTransit,6845a095,1001,2026-01-18T08:47:10+00:00\r\n"
            ),
            "AfterShip",
            ("1001", NUMBER, "china_post", "", 0),
        ),
        (
            (
                "order_id,tracking_provider,tracking_number,date_shipped,status_shipped,sku,qty,shipping_note\r\n"
                f"1001,UPS,{NUMBER},12-06-2025,2,LAMP-1,2,\r\n"
            ),
            "Advanced Shipment Tracking",
            ("1001", NUMBER, "UPS", "LAMP-1", 2),
        ),
        (
            f"number,carrier,order_no,tag,package_status\r\n{NUMBER},3011,1001,x,InTransit\r\n",
            "17TRACK",
            ("1001", NUMBER, "china_post", "", 0),
        ),
        (
            f"number,carrier,package_status,order_no\r\n{NUMBER},999999999,NotFound,1001\r\n",
            "17TRACK",
            ("1001", NUMBER, "999999999", "", 0),
        ),
        (
            f"order_name,track_number,shopify_carrier,shipment_status\r\n#1001,{NUMBER},DHL Express,delivered\r\n",
            "ParcelPanel",
            ("#1001", NUMBER, "DHL Express", "", 0),
        ),
        (f"order,tracking number,carrier\r\n1001,{NUMBER},hermes\r\n", "", ("1001", NUMBER, "hermes", "", 0)),
    ],
    ids=["aftership-upload", "aftership-fields", "ast", "17track", "17track-strange-carrier", "parcelpanel", "nobody"],
)
def test_the_tables_of_other_services_are_known_by_their_columns(text: str, whose: str, row: tuple[Any, ...]) -> None:
    table = understood(read_rows(text.encode()))
    (one,) = table.rows
    assert (table.export, table.problems) == (whose, ())
    assert (one.order, one.number, one.carrier, one.sku, one.quantity) == row


def test_a_person_knows_better_which_column_holds_what() -> None:
    body = f"number,carrier,order_no,package_status\r\n{NUMBER},3011,,InTransit\r\n".encode()
    assert problems(body) == [(2, "order", "sheet.row.no_order")]
    assert rows(body, order=3) == [(2, "InTransit", NUMBER)]
