"""A dispute pack: whole, checkable, and of one order only."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from doorstep.app import clock
from doorstep.app.disputes import dispute, dispute_answers
from doorstep.app.disputes.dispute_letters import font_of, marked
from doorstep.app.order.order_view import order_view
from doorstep.app.shopper import threads, views
from doorstep.db.models import Inbox, Mailed, Number, Person, Photo, View
from tests.app.ledger import OTHER, Ledger, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db
SCANS = (
    scan(3.2, "InTransit_PickedUp", "包裹已揽收 – Żółć, Διεύθυνση"),
    scan(5.0, "Delivered_Other", "Delivered ✉ ok"),
)


@pytest.fixture
def one() -> Ledger:
    """Order 1001 delivered with a purchase of its own; order 1002 beside it in one answer of the store."""
    one = ledger()
    page = json.dumps([woo(1001), woo(1002, lines=((601, "LAMP-1", 1),))]).encode()
    one.hears(
        one.arrival(one.store, "orders", page, way="wc-shipment-tracking/v3"),
        one.cj(cj(number=OTHER, method="CJPacket Liquid")),
    )
    one.hears(one.track(track17(OTHER, *SCANS, key=3011)))
    return one


def taken(one: Ledger, at=None) -> tuple[dict[str, bytes], dict]:
    found = dispute.pack(one.ws, one.order().id, at or clock.now(), "user:1")
    assert found is not None and found[0] == "order-1001.zip"
    with zipfile.ZipFile(io.BytesIO(found[1])) as file:
        files = {name: file.read(name) for name in file.namelist()}
    return files, json.loads(files["order.json"])


def words(pdf: bytes) -> str:
    """The text of its pages, as far as it is drawn by fonts that name their letters."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_pack_can_be_checked_with_its_own_list(one: Ledger, tmp_path: Path) -> None:
    files, _ = taken(one)
    for name, body in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(body)
    for line in files["SHA256SUMS"].decode().splitlines():
        sha256, name = line.split("  ")
        assert hashlib.sha256(files[name]).hexdigest() == sha256
    assert set(files) - {"SHA256SUMS"} == {line[66:] for line in files["SHA256SUMS"].decode().splitlines()}
    if tool := shutil.which("sha256sum"):
        assert subprocess.run([tool, "-c", "SHA256SUMS"], cwd=tmp_path, check=False).returncode == 0
        (tmp_path / "order.json").write_text("{}")
        assert subprocess.run([tool, "-c", "SHA256SUMS"], cwd=tmp_path, check=False).returncode == 1


def test_same_ledger_at_the_same_time_makes_the_same_bytes(one: Ledger) -> None:
    at, order = clock.now(), one.order().id
    first, again = (dispute.pack(one.ws, order, at, "user:1") for _ in range(2))
    assert first == again
    assert dispute.pack(one.ws, order, at + timedelta(hours=1), "user:1") != first


def test_raw_answers_have_the_hash_they_came_with(one: Ledger) -> None:
    files, told = taken(one)
    given = {row["file"]: row for row in told["answers"] if row["file"]}
    assert len(given) == 2  # the supplier's and the carrier's
    for name, row in given.items():
        assert hashlib.sha256(files[name]).hexdigest() == row["sha256"]
        assert bytes(Inbox.objects.get(ws=one.ws, id=row["id"]).sha256).hex() == row["sha256"]


def test_answer_that_tells_of_another_order_stays_in_the_house(one: Ledger) -> None:
    files, told = taken(one)
    assert [row["why"] for row in told["answers"]] == ["shared", "", ""]
    assert not any(b"1002" in body for name, body in files.items() if name != "SHA256SUMS" and "answers" in name)


def test_answer_whose_bytes_are_gone_is_still_listed(one: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [row["id"] for row in taken(one)[1]["answers"]]
    Inbox.objects.filter(ws=one.ws, id=ids[1]).update(body_zstd=b"")
    Inbox.objects.filter(ws=one.ws, id=ids[2]).update(sha256=b"x" * 32)
    assert [row["why"] for row in taken(one)[1]["answers"]] == ["shared", "emptied", "altered"]
    monkeypatch.setattr(dispute_answers, "MOST_BYTES", 10)
    assert {row["why"] for row in taken(one)[1]["answers"]} == {"large", "emptied", "altered"}


def test_answer_nobody_can_read_is_not_given(one: Ledger) -> None:
    row = Inbox.objects.get(ws=one.ws, id=taken(one)[1]["answers"][2]["id"])
    row.headers = {**row.headers, "what": "nothing we know"}
    Inbox.objects.filter(ws=one.ws, id=row.id).update(headers=row.headers, connection_id=1)
    assert [one["why"] for one in taken(one)[1]["answers"]][2] == "shared"


def test_pack_tells_all_that_is_known(one: Ledger) -> None:
    order = one.order()
    threads.ask(one.ws, order.id, "Where is it?\nPlease tell")
    views.note(one.ws, order.id)
    number = Number.objects.get(ws=one.ws, norm=OTHER)
    Number.objects.filter(id=number.id).update(mark="missing", marked_at=clock.now())
    one.hears()
    Photo.objects.create(
        ws=one.ws, order_id=order.id, number_id=number.id, kind="image/jpeg", body=b"\xff\xd8x", at=clock.now()
    )
    Mailed.objects.create(
        ws=one.ws, order_id=order.id, outbox_id=1, event="shipped", who="buyer", to="ines@buyer.example", state="sent",
        at=clock.now(),
    )  # fmt: skip
    Person.objects.filter(ws=one.ws).update(name="Ines Aroso")
    files, told = taken(one)
    assert told["buyer"]["name"] == "Ines Aroso" and told["order"]["number"] == "1001"
    assert [held["number"] for held in told["parcels"][0]["numbers"]] == [OTHER]
    assert [row["status"] for row in told["parcels"][0]["scans"]] == ["picked_up", "delivered"]
    assert told["mails"][0]["to"] == "ines@buyer.example" and len(told["page_opened"]) == 1
    assert told["messages"][0]["text"].startswith("Where") and told["changes"]
    assert files[told["photos"][0]["file"]] == b"\xff\xd8x"
    text = words(files["order.pdf"])
    for part in ("Order 1001: what is known", OTHER, "ines@buyer.example", "Where is it?", "Żółć, Διεύθυνση", "Buyer"):
        assert part in text, part


def test_no_letter_becomes_a_box_silently() -> None:
    assert font_of("ż") == font_of("Ж") == font_of("→") == ""
    assert (font_of("揽"), font_of("の"), font_of("한")) == ("STSong-Light", "HeiseiMin-W3", "HYSMyeongJo-Medium")
    assert marked("<b>揽") == '&lt;b&gt;<font name="STSong-Light">揽</font>'
    assert marked("שלום") == "‹4 letters, see order.json›"
    assert marked("🙂") == "‹1 letter, see order.json›"


def test_chinese_names_are_in_the_pages(one: Ledger) -> None:
    Person.objects.filter(ws=one.ws).update(name="王小明")
    pdf = taken(one)[0]["order.pdf"]
    drawn = b"".join(_plain(pdf))
    text = words(pdf)
    assert "王小明".encode("utf-16-be") in drawn or "王小明" in text
    assert "order.json has them" in text  # a reader without such a font leaves a gap: that is said


def _plain(pdf: bytes):
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(stream)
        except zlib.error:
            yield stream


def test_order_of_somebody_else_has_no_pack(one: Ledger) -> None:
    other = ledger(email="other@example.org")
    assert dispute.pack(other.ws, one.order().id, clock.now(), "user:2") is None


def test_order_without_anything_has_a_pack_too(one: Ledger) -> None:
    order = one.order(1002)
    found = dispute.pack(one.ws, order.id, clock.now(), "user:1")
    assert found is not None
    view = order_view(one.ws, order.id, clock.now())
    assert view is not None and view.parcels == ()


def test_an_hour_is_written_once_and_goes_in_the_end(one: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    order = one.order().id
    for _ in range(3):
        views.note(one.ws, order)
    assert len(views.of_order(one.ws, order)) == 1
    monkeypatch.setattr(views, "_REMEMBERED", 0)
    views.note(one.ws, one.order(1002).id)
    views.note(one.ws, order)
    assert len(views.of_order(one.ws, order)) == 1  # another process wrote it down already
    View.objects.filter(ws=one.ws, order_id=order).update(at=clock.now() - views.KEPT - timedelta(days=1))
    assert not views.forget()
    assert View.objects.filter(ws=one.ws).count() == 1
