"""After an erase nothing names the shopper; what happened to the goods stays, and the trail holds together."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import zstandard
from django.apps import apps
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from doorstep.app import audit
from doorstep.app.inbox import keep
from doorstep.app.privacy import disclosure, erasure, traces
from doorstep.app.privacy.traces import NotPossible, plain
from doorstep.cli import app
from doorstep.db.models import Audit, Change, Inbox, Order, Parcel, Person, Scans
from tests.app.ledger import CJP, USPS, Ledger, cj, ledger, scan, scans_of, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)
INES = ("Ines", "Aroso", "ines@buyer.example", "+351900000001")
Shopper = tuple[str, str, str, str]  # first name, last name, e-mail, phone


def bought(ref: int, who: Shopper, **more: Any) -> dict[str, Any]:
    first, last, email, phone = who
    billing = {"first_name": first, "last_name": last, "email": email, "phone": phone}
    body = woo(ref, **more)
    return {**body, "billing": billing, "shipping": {**body["shipping"], "first_name": first, "last_name": last}}


def lives(one: Ledger, who: Shopper, ref: int = 1001, number: str = CJP) -> None:
    """An order, its purchase with the address on it, a mail about it, and a carrier that says who signed."""
    name = f"{who[0]} {who[1]}"
    purchase = cj(f"2606200000000{ref}", str(ref), number=number)
    purchase["data"]["shippingCustomerName"] = name
    mail = (
        f"From: Shop <news@shop.example>\r\nTo: {who[2]}\r\nSubject: Your order {ref} has shipped\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nDear {name},\r\norder #{ref} is on its way.\r\n"
    )
    signed = scan(5.5, "Delivered_Other", f"Delivered, signed by: {who[1].upper()}")
    one.hears(one.woo(bought(ref, who)), one.cj(purchase), one.mail(mail, how="member", **{"from": who[2]}))
    one.hears(one.track(track17(number, scan(4, "InTransit_PickedUp", "Accepted"), signed)))


def everything() -> Iterator[tuple[str, str]]:
    """(table, value) of every value in the database, bodies unpacked, JSON without its escapes."""
    for model in apps.get_models(include_auto_created=True):
        if model is Scans:
            yield from told()
        for row in model._default_manager.all():
            for field in model._meta.concrete_fields:
                yield model.__name__, plain(written(field, getattr(row, field.attname)))


def told() -> Iterator[tuple[str, str]]:
    for ws in Scans.objects.values_list("ws", flat=True).distinct():
        for event in scans_of(ws):
            yield "Scans", plain(f"{event.said.raw_text} {event.said.place}")


def written(field: Any, value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (bytes, memoryview)):
        raw = bytes(value)
        raw = zstandard.decompress(raw) if field.name == "body_zstd" and raw else raw
        text = raw.decode("utf-8", "replace")
        try:
            return text + json.dumps(json.loads(raw), ensure_ascii=False)
        except ValueError:
            return text
    return str(value)


def tables_that_name(who: Shopper) -> set[str]:
    texts = [plain(text) for text in (f"{who[0]} {who[1]}", who[1], who[2], who[3])]
    return {table for table, value in everything() if any(text in value for text in texts)}


letters = st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F).filter(lambda c: len(plain(c)) == 1 and c != "ſ")
word = st.text(letters, min_size=6, max_size=10)
shopper = st.tuples(
    word, word,
    st.from_regex(r"[a-z]{7,12}\.[a-z]{3,9}(\+[a-z]{2})?@[a-z]{5,9}\.example", fullmatch=True),
    st.from_regex(r"\+[1-9][0-9]{10}", fullmatch=True),
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(shopper, shopper)
def test_nothing_names_a_shopper_after_an_erase(who, other):
    assume(not {plain(part) for part in who} & {plain(part) for part in other})
    one = ledger(email=f"owner{Person.objects.count()}@example.org")
    lives(one, who)
    lives(one, other, 1002, "CJPKL7160102171YR")
    assert tables_that_name(who) <= {"Person", "Inbox", "Scans"}
    erasure.erase(one.ws, who[2].upper(), "user:1")
    assert tables_that_name(who) == set()
    assert tables_that_name(other) >= {"Person", "Inbox"}
    assert audit.unbroken(one.ws)
    for model in (Inbox, Person):
        model.objects.all().delete()


@pytest.fixture
def one() -> Ledger:
    one = ledger()
    lives(one, INES)
    return one


def test_orders_parcels_and_scans_stay(one):
    def kept() -> list[Any]:
        parcels = list(Parcel.objects.order_by("id").values())
        return [list(Order.objects.values()), parcels, list(Change.objects.values()), len(one.scans())]

    before = kept()
    done = erasure.erase(one.ws, INES[2], "user:1")
    assert (done.people, done.words) == (1, 1) and done.bodies >= 4
    assert kept() == before
    assert one.scans()[1].said.raw_text == "Delivered, signed by: …"
    (person,) = Person.objects.all()
    assert person.erased_at and person.country == "PT" and not person.city
    assert Audit.objects.order_by("-id")[0].verb == "person.erase"


def test_what_is_said_again_stays_erased(one):
    erasure.erase(one.ws, INES[2], "user:1")
    one.hears(one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted"), scan(5, "InTransit_Other", "On"))))
    assert "Scans" not in tables_that_name(INES)
    one.hears(one.woo(bought(1001, INES, modified=one.at)))
    assert "Person" not in tables_that_name(INES)  # the shop still says it: its raw answer is kept until it is old
    assert tables_that_name(INES) == {"Inbox"}
    assert erasure.erase(one.ws, INES[2], "user:1").bodies == 1
    assert tables_that_name(INES) == set()


def test_a_parcel_shared_with_somebody_keeps_its_words(one):
    dora = ("Dora", "Nunes", "dora@buyer.example", "+351900000002")
    for ref, who in ((2001, dora), (2002, INES)):
        one.hears(one.woo(bought(ref, who, shipped=((f"t{ref}", USPS, "USPS"),))))
    one.hears(one.track(track17(USPS, scan(5, "Delivered_Other", "Signed by: NUNES"))))
    erasure.erase(one.ws, INES[2], "user:1")
    assert "Signed by: NUNES" in {event.said.raw_text for event in one.scans()}
    assert tables_that_name(dora) >= {"Person", "Inbox", "Scans"} and tables_that_name(INES) == set()


def test_who_is_not_here_is_not_erased(one):
    with pytest.raises(NotPossible) as caught:
        erasure.erase(one.ws, "nobody@buyer.example", "user:1")
    assert caught.value.message.id == "erase.nobody"
    bob = ledger(email="bob@example.org")
    with pytest.raises(NotPossible):
        erasure.erase(bob.ws, INES[2], "user:1")
    assert "Person" in tables_that_name(INES)


def test_what_is_being_read_is_waited_for(one, monkeypatch):
    keep([one.woo(bought(1003, INES))])
    monkeypatch.setattr(erasure, "understand", lambda: 0)  # another worker has it
    with pytest.raises(NotPossible) as caught:
        erasure.erase(one.ws, INES[2], "user:1")
    assert caught.value.message.id == "erase.being_read" and "Person" in tables_that_name(INES)


def test_what_nobody_has_read_yet_is_read_first_and_a_mails_id_names_nobody(one):
    keep([replace(one.woo(bought(1003, INES)), dedup_key=f"mail:<77.{INES[2]}>")])
    erasure.erase(one.ws, INES[2], "user:1")
    assert Order.objects.filter(ws=one.ws, number="1003").exists() and tables_that_name(INES) == set()
    assert Inbox.objects.filter(ws=one.ws, dedup_key__startswith="erased:").count() == 1


def test_a_shopper_gets_what_is_theirs_and_nothing_of_others(one):
    lives(one, ("Dora", "Nunes", "dora@buyer.example", "+351900000002"), 1002, "CJPKL7160102171YR")
    packed = disclosure.disclose(one.ws, INES[2], "user:1")
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        said = json.loads(file.read("person.json"))
        raw = [file.read(name).decode() for name in file.namelist() if name.startswith("raw/")]
    assert [one["number"] for one in said["orders"]] == ["1001"]
    assert said["person"][0]["email"] == INES[2] and [one["text"] for one in said["numbers"]] == [CJP]
    assert {one["raw_text"] for one in said["scans"]} == {"Accepted", "Delivered, signed by: AROSO"}
    assert len(raw) == 2 and all(INES[2] in one for one in raw)
    assert "dora" not in (json.dumps(said) + "".join(raw)).casefold()
    assert Audit.objects.order_by("-id")[0].verb == "person.export" and audit.unbroken(one.ws)
    with pytest.raises(NotPossible):
        disclosure.disclose(one.ws, "nobody@buyer.example", "user:1")


def test_names_are_found_however_a_body_writes_them(one):
    escaped = json.dumps(bought(1009, ("Zoë", "Łukasz", "zoe@buyer.example", "12"))).encode()
    assert b"\\u0141" in escaped
    one.hears(one.arrival(one.store, "order", escaped, way="wc-shipment-tracking/v3"))
    one.hears(one.arrival(one.supplier, "purchase", {**cj("26062", "1009"), "to": "ZOË   ŁUKASZ"}))
    found = traces.find(one.ws, "zoe@buyer.example")
    assert found.said == {"zoe@buyer.example", "zoë łukasz"} and len(found.inbox) == 2


def test_the_commands_ask_erase_and_write(one, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    run, target = CliRunner().invoke, tmp_path / "ines.zip"
    written = run(app, ["export-person", INES[2], str(target), "--json"])
    assert written.exit_code == 0 and json.loads(written.output)["bytes"] == target.stat().st_size
    assert run(app, ["export-person", INES[2], str(target)]).exit_code == 1
    assert run(app, ["export-person", "nobody@buyer.example", str(tmp_path / "no.zip")]).exit_code == 1
    assert not (tmp_path / "no.zip").exists()
    assert run(app, ["erase", INES[2]], input="n\n").exit_code == 1
    assert "Person" in tables_that_name(INES)
    done = run(app, ["erase", INES[2], "--yes"])
    assert done.exit_code == 0 and "Erased: 1 address records" in done.output
    assert tables_that_name(INES) == set()
    gone = run(app, ["erase", INES[2], "--yes"])
    assert gone.exit_code == 1 and "nothing here" in gone.output
