"""The page of figures: for members, of their own parcels, complete without a script."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from doorstep.app import clock
from doorstep.app.figures import insight
from doorstep.app.members import workspaces
from doorstep.core.roles import Member
from tests.app.insight_parcels import Sent, send
from tests.app.ledger import Ledger
from tests.web.conftest import login


@pytest.fixture(autouse=True)
def _computed_anew() -> None:
    insight._kept.clear()
    insight._met.clear()


@pytest.fixture
def sent(shop: Ledger) -> Ledger:
    today = clock.now().date()
    done = [Sent(ago=60 - at, took=6 + at % 5, due=today - timedelta(days=50 - at), supplier=shop.supplier.id)
            for at in range(40)]  # fmt: skip
    stuck = Sent(ago=9, carrier="dhl", destination="PT", status="exception", reason="damaged")
    send(shop.ws, clock.now(), [*done, stuck])
    return shop


def test_figures_are_said_with_what_stands_behind_them(sent: Ledger, alice: Client) -> None:
    text = alice.get("/insight").content.decode()
    assert "40 delivered" in text and "Transit time by week" in text and "CN → US" in text
    assert "Cjdropshipping" in text and "The parcel is damaged" in text and "0 parcels: too few" in text
    assert "style=" not in text and 'href="/insight/lanes.csv?days=90"' in text


def test_choices_stay_in_the_address(sent: Ledger, alice: Client) -> None:
    text = alice.get("/insight?days=30&carrier=dhl&country=PT&store=no&supplier=7").content.decode()
    assert '<option value="30" selected>' in text and '<option value="dhl" selected>' in text
    assert 'href="/insight/lanes.csv?days=30&amp;carrier=dhl&amp;country=PT"' in text
    assert "CN → US" not in text


def test_a_time_without_parcels_says_so(shop: Ledger, charlie: Client, sent: Ledger) -> None:
    text = charlie.get("/insight?carrier=usps").content.decode()
    assert "No parcels in this time" in text and "Cjdropshipping" not in text


def test_tables_can_be_taken_by_whoever_may_export(sent: Ledger, alice: Client, bob: Client, charlie: Client) -> None:
    answer = alice.get("/insight/lanes.csv?days=90")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "USPS,CN,US,40,40" in answer.getvalue().decode()
    assert alice.get("/insight/weeks.xlsx").getvalue()[:2] == b"PK"
    assert bob.get("/insight").status_code == 200 and "lanes.csv" not in bob.get("/insight").content.decode()
    assert bob.get("/insight/lanes.csv").status_code == 403
    assert "USPS" not in charlie.get("/insight/lanes.csv").getvalue().decode()
    assert alice.get("/insight/lanes.pdf").status_code == alice.get("/insight/nothing.csv").status_code == 404


def test_viewer_sees_the_figures(sent: Ledger) -> None:
    workspaces.join(sent.ws, "dora@example.org", "correct horse battery", Member.VIEWER)
    assert "40 delivered" in login("dora@example.org").get("/insight").content.decode()


def test_every_plotted_number_is_in_the_table_beside_it(sent: Ledger, alice: Client) -> None:
    text = alice.get("/insight").content.decode()
    table = re.search(r'<table id="weeks">.*?</table>', text, re.DOTALL)
    assert table and 'data-of="weeks"' in text
    for value in re.findall(r'data-y="([\d.]+)"', table[0]):
        assert f"{value} d" in table[0]
