"""The shoppers' app: who comes in, what is in the list, what is done with one parcel."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from doorstep.app import clock
from doorstep.app.household import household_entry, households
from doorstep.app.household.households import Refused
from doorstep.db.models import Cooldown, Kept, Membership, Number, Order, Parcel, Tries, User, Workspace
from tests.app.ledger import Ledger
from tests.web.shoppers import at_home, code_of, come_in, text

NUMBER, AMBIGUOUS = "LX123456785CN", "123456789012"


@pytest.fixture(autouse=True)
def _opened(settings: Any) -> None:
    settings.SHOPPER_APP = True


@pytest.fixture
def ines(db: None) -> Client:
    return at_home("ines@buyer.example")[0]


def follow(client: Client, number: str = NUMBER, **more: str) -> Order:
    answer = client.post("/my/add", {"number": number, **more})
    assert answer.status_code == 302, answer.content.decode()
    return Order.objects.get(id=int(answer.headers["Location"].rpartition("/")[2]))


# --- coming in ---


def test_whoever_has_the_mailbox_comes_in_and_has_a_household(db: None) -> None:
    client = Client(headers={"accept-language": "de"})
    answer = client.post("/my/enter", {"email": " Ines@Buyer.example ", "tz": "Europe/Lisbon", "next": "/my/add"})
    assert answer.headers["Location"] == "/my/code?lang=de"
    assert mail.outbox[0].to == ["ines@buyer.example"]
    answer = client.post("/my/code", {"code": code_of(mail.outbox[0])})
    assert answer.headers["Location"] == "/my/add"
    home = Workspace.objects.get(kind="household")
    assert (home.tz, home.locale) == ("Europe/Lisbon", "de")
    user = User.objects.get(email="ines@buyer.example")
    assert not user.has_usable_password()
    assert household_entry.has_proven(user)
    come_in("ines@buyer.example")
    assert Workspace.objects.filter(kind="household").count() == 1


def test_code_is_good_once_for_ten_minutes_and_five_tries(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.post("/my/enter", {"email": "ines@buyer.example"})
    right = code_of(mail.outbox[0])
    for _ in range(4):
        assert "This is not the code" in client.post("/my/code", {"code": "1"}).content.decode()
    other = Client()
    other.cookies = client.cookies
    assert other.post("/my/code", {"code": "2"}).status_code == 422
    assert "many tries" in client.post("/my/code", {"code": right}).content.decode()
    client.post("/my/enter", {"email": "ines@buyer.example"})
    late = clock.machine() + household_entry.GOOD_S + 1
    monkeypatch.setattr(clock, "machine", lambda: late)
    assert "too old" in client.post("/my/code", {"code": code_of(mail.outbox[1])}).content.decode()
    assert not User.objects.exists()


def test_code_is_of_no_use_in_another_window(db: None) -> None:
    mine, theirs = Client(), Client()
    mine.post("/my/enter", {"email": "ines@buyer.example"})
    theirs.post("/my/enter", {"email": "charlie@example.org"})
    assert theirs.post("/my/code", {"code": code_of(mail.outbox[0])}).status_code == 422
    assert Client().post("/my/code", {"code": code_of(mail.outbox[0])}).headers["Location"] == "/my/enter"


def test_address_that_is_none_and_too_many_mails_are_refused(db: None) -> None:
    client = Client()
    assert "not an e-mail address" in client.post("/my/enter", {"email": "ines"}).content.decode()
    for _ in range(5):
        client.post("/my/enter", {"email": "ines@buyer.example"})
    assert "many tries" in client.post("/my/enter", {"email": "ines@buyer.example"}).content.decode()
    assert len(mail.outbox) == 5


def test_mail_that_cannot_be_sent_is_said(db: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = Client().post("/my/enter", {"email": "ines@buyer.example"})
    assert "could not be sent" in answer.content.decode()


def test_way_back_leads_into_the_app_only(db: None) -> None:
    client = Client()
    client.post("/my/enter", {"email": "ines@buyer.example", "next": "https://evil.example/my/"})
    assert client.post("/my/code", {"code": code_of(mail.outbox[-1])}).headers["Location"] == "/my/"


def test_where_the_operator_opened_nothing_there_is_nothing(db: None, settings: Any, alice: Client) -> None:
    ines = at_home("ines@buyer.example")[0]
    settings.SHOPPER_APP = False
    for path in ("/my/", "/my/enter", "/my/help", "/my/privacy", "/my/worker.js", "/my/app.webmanifest"):
        assert ines.get(path).status_code == 404, path
        assert alice.get(path).status_code == 404, path
    assert ines.get("/").status_code == 403


def test_signing_out_clears_what_the_browser_kept(ines: Client) -> None:
    answer = ines.post("/my/leave")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert ines.get("/my/").status_code == 302


# --- two doors, one person ---


def test_merchant_may_be_a_shopper_too_and_neither_door_opens_the_other(shop: Ledger, alice: Client) -> None:
    assert alice.get("/my/").headers["Location"].startswith("/my/enter")
    come_in("alice@example.org", alice)
    assert alice.get("/my/").status_code == 200
    assert "1001" in text(alice, "/")
    assert not re.search(r"\b1001\b", text(alice, "/my/"))
    ines = come_in("ines@buyer.example")
    assert ines.get("/").headers["Location"] == "/my/"
    order = shop.order(1001)
    assert ines.get(f"/orders/{order.id}").status_code == 302
    assert ines.get(f"/my/parcel/{order.id}").status_code == 404


# --- the list ---


def test_parcel_is_added_by_its_number_and_the_carrier_found(ines: Client) -> None:
    order = follow(ines, "lx 123 456 785 cn", label="Grandma's lamp")
    number = Number.objects.get(ws=order.ws)
    assert (number.norm, number.carrier) == (NUMBER, "china_post")
    page = text(ines, "/my/")
    for part in ("Grandma&#x27;s lamp", "lx 123 456 785 cn", "China Post", "On the way"):
        assert part in page
    assert "Grandma" in text(ines, "/my/?q=lx1234567")
    assert follow(ines, NUMBER).id == order.id, "the same number is the same parcel"


def test_link_of_a_carrier_is_read(ines: Client) -> None:
    order = follow(ines, "https://tools.usps.com/go/TrackConfirmAction?tLabels=9261290100130739674442")
    assert Number.objects.get(ws=order.ws).carrier == "usps"


def test_ambiguous_number_is_asked_about(ines: Client) -> None:
    answer = ines.post("/my/add", {"number": AMBIGUOUS})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Is this a tracking number?" in page or "Who carries it?" in page
    assert AMBIGUOUS in page
    assert not Order.objects.exists()
    order = follow(ines, AMBIGUOUS, other="FedEx", confirmed="on")
    assert Number.objects.get(ws=order.ws).carrier == "fedex"


def test_several_carriers_of_one_form_are_offered(ines: Client) -> None:
    page = ines.post("/my/add", {"number": "61755233132411321745"}).content.decode()
    assert "Who carries it?" in page and "USPS" in page and "FedEx" in page
    assert not Order.objects.exists()
    order = follow(ines, "61755233132411321745", carrier="fedex")
    assert Number.objects.get(ws=order.ws).carrier == "fedex"


def test_what_is_no_number_and_no_carrier_is_said_and_nothing_lost(ines: Client) -> None:
    page = ines.post("/my/add", {"number": "hello", "label": "a lamp"}).content.decode()
    assert 'role="alert"' in page
    assert "a lamp" in page
    page = ines.post("/my/add", {"number": NUMBER, "other": "Nobody at all"}).content.decode()
    assert "Nobody at all" in page
    assert not Order.objects.exists()


def test_list_is_searched_and_put_away_and_back(ines: Client) -> None:
    order = follow(ines, label="Lamp")
    assert "Lamp" in text(ines, "/my/?q=lamp+785")
    assert "Nothing found" in text(ines, "/my/?q=chair")
    ines.post(f"/my/parcel/{order.id}/away", {"away": "1"})
    assert NUMBER not in text(ines, "/my/")
    assert NUMBER in text(ines, "/my/?away=1")
    ines.post(f"/my/parcel/{order.id}/away", {"away": "0"})
    assert NUMBER in text(ines, "/my/")
    ines.post(f"/my/parcel/{order.id}/away", {"away": "1"})
    follow(ines)
    assert NUMBER in text(ines, "/my/"), "adding it again brings it back"


def test_what_needs_somebody_stands_first(ines: Client) -> None:
    first, second = follow(ines, label="Moving"), follow(ines, "9261290100130739674442", label="Waiting")
    Parcel.objects.filter(id=parcel_of(second).id).update(status="available_for_pickup")
    page = text(ines, "/my/")
    assert page.index("Waiting") < page.index("Moving")
    assert "Needs you" in page
    Parcel.objects.filter(id=parcel_of(first).id).update(status="delivered")
    assert "Done" in text(ines, "/my/")


def parcel_of(order: Order) -> Parcel:
    from doorstep.db.models import ParcelLine

    line = ParcelLine.objects.get(ws=order.ws, order_id=order.id)
    return Parcel.objects.get(ws=order.ws, id=line.parcel_id)


# --- one parcel ---


def test_page_explains_and_renames(ines: Client) -> None:
    order = follow(ines)
    page = text(ines, f"/my/parcel/{order.id}")
    for part in (NUMBER, "China Post", "The seller", "Wrong carrier?", "Waiting for first check"):
        assert part in page
    ines.post(f"/my/parcel/{order.id}/keep", {"label": "A lamp <b>"})
    assert "A lamp &lt;b&gt;" in text(ines, f"/my/parcel/{order.id}")
    assert ines.post(f"/my/parcel/{order.id}/message", {"body": "x"}).status_code == 404, "no shop reads it"
    assert ines.post(f"/my/parcel/{order.id}/nothing").status_code == 404


def test_answers_stay_in_the_household_and_say_so(ines: Client) -> None:
    order = follow(ines)
    parcel = parcel_of(order)
    Parcel.objects.filter(id=parcel.id).update(status="delivered", status_since=clock.now())
    page = text(ines, f"/my/parcel/{order.id}")
    assert "Only you and your household see this" in page
    assert "Tell the seller" in page
    assert "goes to the shop" not in page
    ines.post(f"/my/parcel/{order.id}/mark", {"parcel": parcel.id, "mark": "missing"})
    assert "You said that you did not get it" in text(ines, f"/my/parcel/{order.id}")


def test_carrier_is_chosen_again_once_in_five_minutes(ines: Client) -> None:
    order = follow(ines)
    number = Number.objects.get(ws=order.ws)
    path = f"/my/parcel/{order.id}/carrier"
    ines.post(path, {"number": number.id, "other": ""})
    assert "Name the carrier first" in text(ines, "/my/")
    ines.post(path, {"number": number.id, "other": "DHL"})
    number.refresh_from_db()
    assert number.carrier_said.startswith("dhl")
    ines.post(path, {"number": number.id, "other": "UPS"})
    assert "You can change it again" in text(ines, f"/my/parcel/{order.id}")
    number.refresh_from_db()
    assert number.carrier_said.startswith("dhl")
    Cooldown.objects.filter(ws=order.ws, scope="carrier").update(next_allowed_at=clock.now() - timedelta(seconds=1))
    ines.post(path, {"number": number.id, "other": "UPS"})
    number.refresh_from_db()
    assert number.carrier_said == "ups"
    assert ines.post(path, {"number": 1, "other": "UPS"}).status_code == 404


def test_seller_is_written_down_and_ways_marked_dead(ines: Client) -> None:
    order = follow(ines)
    form = {
        "name": "Lamps & Co",
        "phone": "+351 900 1",
        "email": "hi@lamps.example",
        "site": "lamps.example",
        "other": "",
    }
    ines.post(f"/my/parcel/{order.id}/seller", form)
    page = text(ines, f"/my/parcel/{order.id}")
    for part in (
        "Lamps &amp; Co",
        'href="tel:+3519001"',
        'href="mailto:hi@lamps.example"',
        'href="https://lamps.example"',
    ):
        assert part in page
    for way in ("phone", "email", "site"):
        ines.post(f"/my/parcel/{order.id}/way", {"way": way, "dead": "1"})
    page = text(ines, f"/my/parcel/{order.id}")
    assert "The seller cannot be reached" in page
    assert "tel:" not in page
    ines.post(f"/my/parcel/{order.id}/seller", {**form, "phone": "+351 900 2"})
    assert Kept.objects.get().dead == ["email", "site"], "a way that was changed is taken to work"
    ines.post(f"/my/parcel/{order.id}/way", {"way": "email", "dead": "0"})
    assert Kept.objects.get().dead == ["site"]


def test_nothing_typed_becomes_a_script(ines: Client) -> None:
    order = follow(ines)
    form = {"name": "x", "site": "javascript:alert(1)", "email": "a@b?subject=x", "other": 'https://fine.example/a"b'}
    ines.post(f"/my/parcel/{order.id}/seller", form)
    page = text(ines, f"/my/parcel/{order.id}")
    assert not re.search(r'href="(javascript|mailto:a@b)', page)


# --- nobody else ---


def test_charlies_household_sees_nothing_of_it(ines: Client) -> None:
    order = follow(ines, label="Lamp")
    charlie = at_home("charlie@example.org")[0]
    assert "Lamp" not in text(charlie, "/my/")
    assert charlie.get(f"/my/parcel/{order.id}").status_code == 404
    assert charlie.get(f"/my/order/1/{order.id}").status_code == 404
    for what in ("away", "keep", "seller", "way", "resync", "mark", "carrier"):
        assert charlie.post(f"/my/parcel/{order.id}/{what}").status_code == 404
    assert Client().get(f"/my/parcel/{order.id}").headers["Location"].startswith("/my/enter?next=/my/parcel/")


# --- the household ---


def test_second_person_is_asked_in_and_sees_the_same(ines: Client) -> None:
    follow(ines, label="Lamp")
    ines.post("/my/you/people", {"do": "invite", "email": "Rui@buyer.example"})
    assert mail.outbox[-1].to == ["rui@buyer.example"]
    assert "rui@buyer.example" in text(ines, "/my/you")
    rui = come_in("rui@buyer.example")
    page = text(rui, "/my/")
    assert "asks you into their household" in page
    found = re.search(r"/my/you/invitation/(\d+)", page)
    assert found
    charlie = at_home("charlie@example.org")[0]
    charlie.post(found.group(), {"do": "yes"})
    assert "Lamp" not in text(charlie, "/my/")
    rui.post(found.group(), {"do": "yes"})
    assert "Lamp" in text(rui, "/my/")
    rui.post("/my/you/people", {"do": "invite", "email": "other@buyer.example"})
    assert len(mail.outbox) == 2, "only who made it asks others in"
    assert rui.get("/my/you/erase").status_code == 200
    rui.post("/my/you/erase", {"email": "rui@buyer.example"})
    assert "Lamp" in text(ines, "/my/")
    own = next(one for one, _ in households.of(User.objects.get(email="rui@buyer.example").pk) if not one.name)
    rui.post("/my/you/household", {"household": own.id})
    member = User.objects.get(email="rui@buyer.example").pk
    ines.post("/my/you/people", {"do": "remove", "who": member})
    assert "Lamp" not in text(rui, "/my/")


def test_invitation_is_declined_taken_back_and_runs_out(ines: Client) -> None:
    for way in ("no", "uninvite"):
        ines.post("/my/you/people", {"do": "invite", "email": "rui@buyer.example"})
        rui = at_home("rui@buyer.example")[0]
        found = re.search(r"/my/you/invitation/(\d+)", text(rui, "/my/"))
        assert found
        if way == "no":
            rui.post(found.group(), {"do": "no"})
        else:
            ines.post("/my/you/people", {"do": "uninvite", "who": found.group(1)})
        assert "asks you" not in text(rui, "/my/")
        rui.post(found.group(), {"do": "yes"})
        assert "not good any more" in text(rui, "/my/")
    assert Membership.objects.count() == 2


def test_household_is_full_at_ten(ines: Client) -> None:
    user, home = User.objects.get(), Workspace.objects.get()
    with pytest.raises(Refused, match="here"):
        households.invite(home, "ines@buyer.example", user)
    with pytest.raises(Refused, match="no_address"):
        households.invite(home, "nobody", user)
    for n in range(9):
        Tries.objects.all().delete()
        households.invite(home, f"p{n}@buyer.example", user)
    Tries.objects.all().delete()
    with pytest.raises(Refused, match="full"):
        households.invite(home, "last@buyer.example", user)


def test_name_zone_and_language_are_kept(ines: Client) -> None:
    ines.post("/my/you", {"name": "Aroso", "tz": "Asia/Tokyo", "locale": "en"})
    home = Workspace.objects.get()
    assert (home.name, home.tz, home.locale) == ("Aroso", "Asia/Tokyo", "en")
    ines.post("/my/you", {"name": "Aroso", "tz": "Moon/Base", "locale": "tlh"})
    home.refresh_from_db()
    assert (home.tz, home.locale) == ("UTC", "en")


# --- in one's own language ---


def test_what_went_wrong_is_said_in_the_households_language(ines: Client) -> None:
    Workspace.objects.update(locale="de")
    for number, said in (("2026-11-22", "wie ein Datum"), ("4111111111111111", "Kartennummer")):
        assert said in ines.post("/my/add", {"number": number}).content.decode()
    ines.post("/my/add", {"number": NUMBER, "other": "Nobody at all"})
    page = ines.get("/my/parcel/1")
    assert page.status_code == 404 and "Diese Seite gibt es nicht" in page.content.decode()
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": "fr"})
    page = strict.post("/my/enter", {"email": "a@b.example"})
    assert page.status_code == 403 and "Ce formulaire est trop ancien" in page.content.decode()


def test_who_is_in_reads_the_help_with_everything_around_it(ines: Client) -> None:
    assert 'data-who="' in text(ines, "/my/help"), "the browser keeps the pages for reading offline"
    assert "Successfully signed in" not in text(come_in("ines@buyer.example"), "/my/")
