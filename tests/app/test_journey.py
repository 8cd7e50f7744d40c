"""The way of a parcel on the map: only what is known is placed."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from doorstep.app.order.journey import WORLD, country_of, journey
from doorstep.app.order.parcel_view import Fresh, Seen
from doorstep.app.order.scan_view import Scan
from doorstep.app.say import speaking
from doorstep.core.lane import Route

AT = datetime(2026, 1, 2, tzinfo=UTC)
SCAN = Scan(
    local=None, offset=None, instant=AT, day_only=False, text="", place="", status="in_transit", reason="", source="",
    number="", drives=False, again=False, stranger=False, ahead=False,
)  # fmt: skip


def seen(*places: str, origin: str = "", destination: str = "", **how: Any) -> Seen:
    """A parcel with a scan at each place, the first one first."""
    scans = tuple(replace(SCAN, place=one) for one in reversed(places))
    values = {
        "id": 1, "status": "in_transit", "reason": "", "responsible": "", "action_by": "", "since": AT,
        "first_scan_at": AT, "last_event_at": AT, "purchase_id": None, "mark": "", "marked_at": None, "closed": False,
        "window": None, "items": (), "numbers": (), "lost": (), "differing": (), "fresh": Fresh(), "resync_at": None,
        "resync": None, "others": 0, "scans": scans, "way": Route(origin=origin, destination=destination),
    }  # fmt: skip
    return Seen(**(values | how))


def way(parcel: Seen) -> list[tuple[str, bool, bool]]:
    found = journey(parcel)
    return [(one.country, one.reached, one.here) for one in found.stops] if found else []


@pytest.mark.parametrize(
    ("place", "origin", "destination", "country"),
    [
        ("Shenzhen, CN", "CN", "US", "CN"),
        ("SHENZHEN, CHINA", "", "", "CN"),
        ("Netherlands", "", "", "NL"),
        ("Porto, Portugal", "", "", "PT"),
        ("Los Angeles, CA", "CN", "US", ""),
        ("Toronto, CA", "CN", "CA", "CA"),
        ("Leipzig, DE", "CN", "DE", "DE"),
        ("Wilmington, DE", "DE", "US", ""),
        ("Leipzig, DE", "CN", "PT", "DE"),
        ("Leipzig, DE", "", "PT", ""),
        ("Adelaide, SA", "CN", "AU", ""),
        ("Shenzhen, CN", "CN", "IT", ""),
        ("Porto", "", "", ""),
        ("Somewhere, XX", "", "", ""),
        ("", "CN", "US", ""),
    ],
)
def test_place_is_in_a_country_only_where_that_is_certain(place, origin, destination, country):
    assert country_of(place, Route(origin=origin, destination=destination)) == country


def test_unknown_places_are_not_placed():
    assert way(seen("Porto", "Sorting centre 4", "")) == []
    assert way(seen("China", "Hub", "Guangzhou, China")) == []


def test_way_goes_from_country_to_country_to_where_it_is_sent():
    found = way(seen("Shenzhen, CN", "Guangzhou, CN", "Schiphol, NL", origin="CN", destination="PT"))
    assert found == [("CN", True, False), ("NL", True, True), ("PT", False, False)]


def test_scan_of_another_parcel_is_not_on_the_way():
    stranger = replace(SCAN, place="Tokyo, JP", stranger=True)
    assert [one for one, *_ in way(seen(origin="CN", destination="PT", scans=(stranger,)))] == ["CN", "PT"]


def test_delivered_parcel_is_where_it_was_sent():
    found = way(seen("Shenzhen, CN", origin="CN", destination="PT", status="delivered", closed=True))
    assert found == [("CN", True, False), ("PT", True, True)]


def test_parcel_out_for_delivery_is_in_the_country_of_its_buyer():
    found = way(seen("Porto", origin="CN", destination="PT", status="out_for_delivery"))
    assert found == [("CN", True, False), ("PT", True, True)]


def test_returned_parcel_goes_nowhere_any_more():
    found = way(
        seen(
            "Shenzhen, CN", "Lisbon, PT", "Shenzhen, CN", origin="CN", destination="PT", status="returned", closed=True
        )
    )
    assert found == [("CN", True, False), ("PT", True, False), ("CN", True, True)]


def test_shorter_way_around_the_earth_is_drawn():
    found = journey(seen(origin="CN", destination="US"))
    assert found is not None
    china, america = found.stops
    assert china.x < america.x and america.x > WORLD and found.lands == (0, WORLD)
    assert found.ahead.startswith(f"M{china.x} ") and found.went == ""
    west = journey(seen("Shenzhen, CN", origin="US", destination="CN"))
    assert west is not None and west.stops[1].x < 0 and west.lands == (-WORLD, 0)


@pytest.mark.parametrize("ends", [("CN", "PT"), ("AU", "GL"), ("NZ", "CL"), ("NL", "BE"), ("AQ", "NO")])
def test_stops_are_inside_what_is_shown(ends):
    found = journey(seen(origin=ends[0], destination=ends[1]))
    assert found is not None
    x, y, width, height = found.box
    assert all(x <= one.x <= x + width and y <= one.y <= y + height for one in found.stops)
    assert y >= 0 and y + height <= 291 and width <= 725


def test_countries_are_called_as_the_reader_calls_them():
    with speaking("de"):
        found = journey(seen(origin="CN", destination="PT"))
    assert found is not None and [one.name for one in found.stops] == ["China", "Portugal"]
    with speaking("zh-Hans"):
        found = journey(seen(origin="CN", destination="PT"))
    assert found is not None and found.stops[0].name == "中国"
