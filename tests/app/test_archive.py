"""Scans of parcels that closed long ago are packed; nobody notices."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from typer.testing import CliRunner

from doorstep.app import clock
from doorstep.app.ledger import archive
from doorstep.app.privacy import erasure
from doorstep.app.shopper import page_view
from doorstep.cli import app
from doorstep.db.models import Archived, Number, Parcel, Push, Scans, Schedule
from tests.app.ledger import USPS, Ledger, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)
MOVING, LEFT = scan(4, "InTransit_PickedUp", "Accepted"), scan(5, "Delivered_Other", "Delivered, signed by: AROSO")


@pytest.fixture
def one() -> Ledger:
    """A parcel that was delivered, and closed a hundred days ago."""
    one = ledger()
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))), one.track(track17(USPS, MOVING, LEFT)))
    Parcel.objects.update(closed_at=clock.now() - timedelta(days=100))
    Schedule.objects.all().delete()
    return one


def scans() -> list[Any]:
    return list(Scans.objects.order_by("number_id").values())


def state() -> list[Any]:
    return list(Parcel.objects.values("id", "status", "first_scan_at", "last_event_at", "headline_key"))


def test_packed_scans_come_back_as_they_were(one):
    before, told = scans(), one.scans()
    assert archive.pack_all(3) == 1 and scans() == [] and Archived.objects.get().count == len(told) == 2
    assert archive.pack_all(3) == 0
    looked = list(archive.scans(one.ws, [before[0]["number_id"]]))
    assert [event for heard in looked for event in heard.events()] == told
    with transaction.atomic():
        archive.bring_back(one.ws, [before[0]["number_id"]])
    assert scans() == before and not Archived.objects.exists()


def test_the_page_of_a_packed_parcel_is_the_same(one):
    before = page_view.page_view(one.ws, one.order().id)
    archive.pack_all(3)
    assert before is not None and before.parcels[0].scans and page_view.page_view(one.ws, one.order().id) == before


def test_what_is_said_later_finds_the_scans_again(one):
    before, packed = state(), archive.pack_all(3)
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),), status="completed", modified=one.at)))
    assert packed == 1 and state() == before and Archived.objects.exists()
    pushes = Push.objects.count()
    one.hears(one.track(track17(USPS, MOVING, LEFT, scan(5.1, "InTransit_Other", "Late word"))))
    assert len(one.scans()) == 3 and not Archived.objects.exists()
    assert Parcel.objects.get().status == "delivered" and Push.objects.count() == pushes


@pytest.mark.parametrize("why", ["young", "open", "asked"])
def test_what_is_not_long_closed_stays(one, why):
    if why == "asked":
        row = Scans.objects.values("ws", "number_id")[0]
        Schedule.objects.create(**row, connection_id=one.carrier.id, next_at=clock.now())
    else:
        Parcel.objects.update(closed_at=clock.now() - timedelta(days=80) if why == "young" else None)
    assert archive.pack_all(3) == 0 and len(one.scans()) == 2


def test_an_erase_reaches_into_the_archive(one):
    body = woo(shipped=(("x1", USPS, "USPS"),), modified=one.at)
    body["shipping"] |= {"first_name": "Ines", "last_name": "Aroso"}
    one.hears(one.woo(body))
    archive.pack_all(3)
    erasure.erase(one.ws, "ines@buyer.example", "user:1")
    assert one.scans()[1].said.raw_text == "Delivered, signed by: …"


def test_the_command_says_how_many(one, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    done = CliRunner().invoke(app, ["archive", "--older-than", "3"])
    assert done.exit_code == 0 and "1 numbers" in done.output and Archived.objects.exists()


def test_an_order_told_again_after_years_keeps_its_parcel(one):
    Parcel.objects.update(closed_at=clock.now() - timedelta(days=730))
    archive.pack_all(3)
    before = state()
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),), status="completed", modified=one.at)))
    assert state() == before and Number.objects.count() == 1
    one.hears(one.woo(woo(1002, shipped=(("x2", USPS, "USPS"),))))  # another order: the carrier has used it again
    assert Number.objects.count() == 2 and state()[0] == before[0]
