"""The workspace's settings and its data: exported, erased, ended."""

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client

from doorstep.app import clock, doors
from doorstep.app.members import closing, workspaces
from doorstep.app.privacy import export
from doorstep.db.models import Audit, Brand, Connection, Door, Export, ExportPiece, Order, Person, User, Workspace
from tests.app.ledger import Ledger
from tests.web.conftest import login


def packed(shop: Ledger, alice: Client) -> zipfile.ZipFile:
    alice.post("/data/export")
    while export.step():
        pass
    row = Export.objects.filter(ws=shop.ws).latest("id")
    return zipfile.ZipFile(io.BytesIO(b"".join(alice.get(f"/data/exports/{row.id}"))))


def test_everything_is_packed_and_no_secret(
    shop: Ledger, alice: Client, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PIECE", 1000)
    Order.objects.filter(ws=shop.ws).update(transaction="=1+1")
    file = packed(shop, alice)
    assert file.testzip() is None
    orders = list(csv.DictReader(io.StringIO(file.read("order.csv").decode())))
    assert {one["number"] for one in orders} >= set(Order.objects.filter(ws=shop.ws).values_list("number", flat=True))
    assert {one["transaction"] for one in orders} == {"'=1+1"}, "no spreadsheet runs it"
    assert b"Accepted at origin" in file.read("scans.jsonl")
    assert b"alice@example.org" in file.read("workspace.json")
    assert any(name.startswith("raw/") for name in file.namelist())
    whole = b"".join(file.read(name) for name in file.namelist() if not name.startswith("raw/"))
    sealed = (
        Connection.objects.filter(ws=shop.ws).exclude(credentials_enc=b"").values_list("credentials_enc", flat=True)
    )
    for secret in (*map(bytes, sealed), page.rpartition("/")[2].encode()):
        assert secret not in whole
    assert ExportPiece.objects.filter(ws=shop.ws).count() > 1
    assert Audit.objects.filter(ws=shop.ws, verb="workspace.export_taken").exists()


@pytest.mark.parametrize("model", closing.tables(), ids=lambda one: str(one._meta.model_name))
def test_no_table_tells_what_opens_something(model: type) -> None:
    telling = ("secret", "token", "password", "credential", "sealed")
    kept = {"lease_token", "tokens"}  # of a lease, and of a budget
    assert [one for one in export.columns(model) if any(word in one for word in telling) and one not in kept] == []


def test_export_says_how_far_it_is_and_ends_after_a_week(shop: Ledger, alice: Client, charlie: Client) -> None:
    alice.post("/data/export")
    alice.post("/data/export")
    assert Export.objects.filter(ws=shop.ws).count() == 1, "one at a time"
    assert b"Being packed" in alice.get("/data").content
    row = Export.objects.get(ws=shop.ws)
    assert alice.get(f"/data/exports/{row.id}").status_code == 404
    assert export.step() and not export.step()
    assert b"Download" in alice.get("/data").content
    assert charlie.get(f"/data/exports/{row.id}").status_code == 404
    Export.objects.filter(ws=shop.ws).update(expires_at=clock.now() - timedelta(seconds=1))
    assert alice.get(f"/data/exports/{row.id}").status_code == 404
    export.step()
    assert not ExportPiece.objects.filter(ws=shop.ws).exists()


def test_shopper_is_looked_at_given_and_erased_from_the_console(shop: Ledger, alice: Client) -> None:
    packed(shop, alice)
    look = alice.post("/data/person", {"email": "ines@buyer.example", "do": "look"}).content
    assert b"1001" in look and b"Erase for good" in look
    given = alice.post("/data/person", {"email": "ines@buyer.example", "do": "export"})
    assert "person.json" in zipfile.ZipFile(io.BytesIO(given.content)).namelist()
    wrong = alice.post("/data/person", {"email": "ines@buyer.example", "typed": "ines", "do": "erase"})
    assert wrong.status_code == 422 and b"Nothing was erased" in wrong.content
    assert Person.objects.filter(ws=shop.ws, email="ines@buyer.example").exists()
    twice = {"email": "ines@buyer.example", "typed": "INES@buyer.example ", "do": "erase"}
    assert alice.post("/data/person", twice).status_code == 302
    assert not Person.objects.filter(ws=shop.ws, email="ines@buyer.example").exists()
    assert not Export.objects.filter(ws=shop.ws).exists(), "what was packed named her"
    assert alice.post("/data/person", twice).status_code == 422, "nobody is found any more"


def test_workspace_is_closed_after_a_grace_and_can_be_kept(shop: Ledger, alice: Client, bob: Client) -> None:
    alice.post("/data/close", {"typed": "another name", "do": "close"})
    assert Workspace.objects.get(id=shop.ws).closing_at is None
    name = Workspace.objects.get(id=shop.ws).name
    alice.post("/data/close", {"typed": name, "do": "close"})
    assert b"is erased for good" in bob.get("/today").content
    assert not closing.step(), "not before its time"
    alice.post("/data/close", {"do": "keep"})
    assert b"is erased for good" not in bob.get("/today").content
    Workspace.objects.filter(id=shop.ws).update(closing_at=clock.now() + closing.GRACE)
    closing.erase(shop.ws)
    assert Order.objects.filter(ws=shop.ws).exists(), "nobody erases before the grace is over"


def test_closed_workspace_leaves_nothing_and_nobody_else_is_touched(shop: Ledger, page: str, charlie: Client) -> None:
    workspaces.create("Bob's own", "bob@example.org", "correct horse battery")
    Workspace.objects.filter(id=shop.ws).update(closing_at=clock.now() - timedelta(days=1))
    assert closing.step() and not closing.step()
    assert [one for one in closing.tables() if one._default_manager.filter(ws=shop.ws).exists()] == []
    assert not Workspace.objects.filter(id=shop.ws).exists()
    assert not User.objects.filter(email="alice@example.org").exists(), "she belonged nowhere else"
    assert login("bob@example.org").get("/").status_code == 200
    assert charlie.get("/").status_code == 200
    assert Client().get(page).status_code == 404


def test_settings_are_kept_and_nonsense_is_not(shop: Ledger, alice: Client) -> None:
    form = {"name": "Lanterns", "tz": "Europe/Lisbon", "locale": "de", "country": "pt"}
    assert alice.post("/settings", form).status_code == 302
    kept = Workspace.objects.get(id=shop.ws)
    assert (kept.name, kept.tz, kept.locale, kept.country) == ("Lanterns", "Europe/Lisbon", "de", "PT")
    alice.post("/settings", form)
    assert Audit.objects.filter(ws=shop.ws, verb="workspace.change").count() == 1, "nothing was changed twice"
    wrong = alice.post("/settings", {"name": " ", "tz": "Mars/Olympus", "locale": "tlh", "country": "1"})
    assert wrong.status_code == 422 and wrong.content.count(b'role="alert"') == 4
    assert Workspace.objects.get(id=shop.ws).name == "Lanterns"


@pytest.mark.parametrize(
    ("way", "to", "there"),
    [
        ("mail", "help@shop.example", 'href="mailto:help@shop.example?subject=1001"'),
        ("link", "https://shop.example/help", 'href="https://shop.example/help"'),
        ("chat", "https://chat.example/lanterns", 'href="https://chat.example/lanterns"'),
        ("", "https://shop.example/help", ""),
        ("mail", "https://shop.example/help", ""),
        ("link", "javascript:alert(1)", ""),
        ("chat", "http://chat.example/", ""),
    ],
)
def test_help_for_shoppers_is_off_unless_chosen(
    shop: Ledger, alice: Client, page: str, way: str, to: str, there: str
) -> None:
    assert b"mailto:" not in Client().get(page).content
    answer = alice.post(f"/connections/{shop.store.id}/page", {"support": way, "support_to": to, "powered": "on"})
    assert answer.status_code == (302 if there or not way else 422)
    text = Client().get(page).content.decode()
    assert there in text and (bool(there) or to not in text)
    assert "<script src=" not in text.replace('<script src="/static/', "") or way != "chat"
    assert doors.page_url(shop.ws, shop.order(1001).id).endswith(page)
    assert Brand.objects.filter(ws=shop.ws, support=way).exists() or not there
    assert Door.objects.filter(ws=shop.ws).exists()
