"""The rest of the app: mails, one's own data, help, feedback, what makes it installable, what the doctor says."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.test import Client

from doorstep.app.household import feedback, help_centre
from doorstep.app.inbox import keep
from doorstep.app.operate import doctor
from doorstep.app.reading.understand import understand
from doorstep.app.receive import mailbox, smtp
from doorstep.core.mailmatch import Proof
from doorstep.db.models import Brand, Feedback, Grant, Order, User, Workspace
from tests.app.ledger import Ledger
from tests.app.test_household_mails import shipped
from tests.app.test_pictures import SECRET, exif, jpeg, segment
from tests.web.shoppers import at_home, text

NUMBER = "LX123456785CN"


@pytest.fixture(autouse=True)
def _opened(settings: Any) -> None:
    settings.SHOPPER_APP = True


@pytest.fixture
def ines(db: None) -> tuple[Client, Workspace]:
    return at_home("ines@buyer.example")


def test_address_is_made_and_an_unsure_mail_decided(ines: tuple[Client, Workspace]) -> None:
    client, home = ines
    assert "Make my address" in text(client, "/my/mails")
    client.post("/my/mails/make")
    address = mailbox.address(home.id)
    assert address in text(client, "/my/mails")
    for mark, do in (("1", "dismiss"), ("2", "take")):
        keep(smtp.arrivals(shipped(mark=mark), Proof(), (address,)))
        while understand():
            pass
        (look,) = mailbox.look_list(home.id)
        assert "not certain who sent" in text(client, "/my/mails")
        charlie = at_home("charlie@example.org")[0]
        charlie.post(f"/my/mails/{look.inbox_id}", {"do": "take"})
        assert "decided" in text(charlie, "/my/mails") or mailbox.look_list(home.id)
        client.post(f"/my/mails/{look.inbox_id}", {"do": do})
        while understand():
            pass
    assert NUMBER in text(client, "/my/")


def test_export_holds_everything_of_the_household_and_nothing_else(
    ines: tuple[Client, Workspace], shop: Ledger
) -> None:
    client, home = ines
    client.post("/my/add", {"number": NUMBER, "label": "Lamp"})
    keep(smtp.arrivals(shipped("RR473124829CN"), Proof(how="member"), (mailbox.address(home.id),)))
    while understand():
        pass
    client.post("/my/feedback", {"body": "Nice", "picture": picture()})
    packed = zipfile.ZipFile(io.BytesIO(client.post("/my/you/export").content))
    said = json.loads(packed.read("household.json"))
    assert said["people"] == ["ines@buyer.example"]
    assert {one["norm"] for one in said["number"]} == {NUMBER, "RR473124829CN"}
    assert [one["label"] for one in said["kept"] if one["label"]] == ["Lamp"]
    names = packed.namelist()
    assert any(one.startswith("mails/") for one in names) and any(one.startswith("feedback/") for one in names)
    assert "LX123456079CN" not in json.dumps(said), "alice's parcel"


def picture() -> io.BytesIO:
    sent = io.BytesIO(jpeg(segment(0xE1, exif())))
    sent.name = "screen.jpg"
    return sent


def test_erasing_leaves_no_row_of_the_household_and_all_of_others(shop: Ledger) -> None:
    Brand.objects.create(ws=shop.ws, store_id=shop.store.id, key="k", app=True)
    client, home = at_home("ines@buyer.example")
    client.post("/my/add", {"number": NUMBER})
    client.post("/my/stores/accept", {"store": f"{shop.ws}-{shop.store.id}"})
    assert Grant.objects.count() == 1
    before = Order.objects.filter(ws=shop.ws).count()
    assert "not your address" in client.post("/my/you/erase", {"email": "x@y.example"}).content.decode()
    answer = client.post("/my/you/erase", {"email": "Ines@buyer.example"})
    assert "storage" in answer.headers["Clear-Site-Data"]
    tables = [
        one for one in apps.get_app_config("doorstep").get_models() if any(f.name == "ws" for f in one._meta.fields)
    ]
    assert [one.__name__ for one in tables if one._default_manager.filter(ws=home.id).exists()] == []
    assert not Workspace.objects.filter(id=home.id).exists()
    assert not User.objects.filter(email="ines@buyer.example").exists()
    assert Order.objects.filter(ws=shop.ws).count() == before
    assert client.get("/my/").status_code == 302


def test_merchant_who_erases_a_household_keeps_the_shop(shop: Ledger, alice: Client) -> None:
    client, _ = at_home("alice@example.org")
    client.post("/my/you/erase", {"email": "alice@example.org"})
    assert User.objects.filter(email="alice@example.org").exists()
    assert "1001" in text(alice, "/")


def test_feedback_is_kept_cleaned_and_mailed_on(ines: tuple[Client, Workspace], settings: Any) -> None:
    client, _ = ines
    assert 'name="from" value="/my/add"' in text(client, "/my/feedback?from=/my/add")
    settings.FEEDBACK_TO = "operator@here.example"
    client.post("/my/feedback", {"body": "The list is too long", "from": "/my/", "picture": picture()})
    row = Feedback.objects.get()
    assert (row.body, row.path, row.picture_kind) == ("The list is too long", "/my/", "image/jpeg")
    assert SECRET not in bytes(row.picture), "where and with what it was taken"
    assert mail.outbox[-1].to == ["operator@here.example"]
    assert "The list is too long" in mail.outbox[-1].body
    for form, said in (({"body": " "}, "Write something"), ({"body": "x", "picture": io.BytesIO(b"%PDF-")}, "no JPEG")):
        assert said in client.post("/my/feedback", form).content.decode()
    big = io.BytesIO(b"\xff" * ((feedback.MOST_MB << 20) + 1))
    assert "larger than" in client.post("/my/feedback", {"body": "x", "picture": big}).content.decode()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        9,
    )
    client.post("/my/feedback", {"body": "kept all the same"})
    assert Feedback.objects.filter(body="kept all the same").exists()


def test_help_is_read_and_searched_by_everybody(ines: tuple[Client, Workspace]) -> None:
    for client in (ines[0], Client()):
        page = text(client, "/my/help")
        for name in help_centre.ARTICLES:
            assert f"/my/help/{name}" in page
            assert help_centre.article(name).title.split("’")[0].split("'")[0] in text(client, f"/my/help/{name}")
        assert "It says delivered, but I did not get it" in text(client, "/my/help?q=neighbours")
        assert "Nothing found" in text(client, "/my/help?q=xyzzy")
        assert client.get("/my/help/nothing").status_code == 404
    assert "Out for delivery" in text(Client(), "/my/help/statuses")
    assert "Held by customs" in text(Client(), "/my/help/exceptions")


def test_operators_own_words_go_before_ours(db: None, settings: Any, tmp_path: Path) -> None:
    assert "One cookie keeps you signed in" in text(Client(), "/my/privacy")
    assert "neither a shop nor a carrier" in text(Client(), "/my/terms")
    settings.DATA_DIR = tmp_path
    (tmp_path / "privacy.txt").write_text("We are <Lamps>.\n\nWe keep little.", encoding="utf-8")
    page = text(Client(), "/my/privacy")
    assert "We are &lt;Lamps&gt;." in page and "We keep little." in page and "One cookie" not in page


def test_app_is_installable_and_its_worker_rules_over_the_app_only(ines: tuple[Client, Workspace]) -> None:
    said = json.loads(text(ines[0], "/my/app.webmanifest"))
    assert (said["scope"], said["start_url"], said["display"]) == ("/my/", "/my/", "standalone")
    assert {one["sizes"] for one in said["icons"]} >= {"192x192", "512x512"}
    worker = ines[0].get("/my/worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert "Service-Worker-Allowed" not in worker.headers
    page = ines[0].get("/my/")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "manifest-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert not re.search(r"style=|onclick=|<script>", page.content.decode())
    assert "You are offline" in text(Client(), "/my/offline")


def test_without_carriers_it_is_said_that_nobody_is_asked(ines: tuple[Client, Workspace]) -> None:
    ines[0].post("/my/add", {"number": NUMBER})
    assert "No carrier is asked here yet" in text(ines[0], "/my/")


def test_doctor_names_the_open_app_and_what_it_lacks(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    said = {one.message.id for one in doctor.examine() if one.message.id.startswith("doctor.app_")}
    assert said == {"doctor.app_open", "doctor.app_without_mail", "doctor.app_asks_nobody", "doctor.app_own_words"}
    settings.SHOPPER_APP = False
    assert not any(one.message.id.startswith("doctor.app_") for one in doctor.examine())
