"""AfterShip's official clients, unchanged but for the address, against a server: they do what they always did."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import tracking
from tracking import auth, exceptions

from tests import tools
from tests.app.ledger import USPS, Ledger, cj, ledger, scan, track17, woo
from tests.web.api.contract import program
from tests.web.compat.server import serving

NUMBER = "LX123456079CN"
pytestmark = [  # what the client itself does in an old way
    pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*utcnow.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:URL.raw is deprecated"),
]


@pytest.fixture
def shop(transactional_db: None) -> Ledger:
    """A shop with a parcel on its way."""
    shop = ledger(email="alice@example.org")
    shop.hears(shop.woo(woo(1001)), shop.cj(cj(number=NUMBER, method="CJPacket Liquid")))
    way = (scan(3.6, "InTransit_PickedUp", "Accepted at origin"), scan(5.0, "OutForDelivery_Other", "Out for delivery"))
    shop.hears(shop.track(track17(NUMBER, *way, key=3011)))
    return shop


@pytest.fixture
def domain(shop: Ledger) -> Iterator[str]:
    with serving() as address:
        yield address


def client(domain: str, key: str, how: str = auth.ApiKey) -> Any:
    return tracking.Client(
        tracking.Configuration(
            api_key=key, api_secret=key, authentication_type=how, domain=domain, max_retry=0, timeout=30_000
        )
    )


@pytest.mark.parametrize("how", [auth.ApiKey, auth.Aes])
def test_the_python_client_does_what_it_always_did(shop: Ledger, domain: str, how: str) -> None:
    sdk = client(domain, program(shop.ws).secret, how)
    said = {"tracking_number": USPS, "slug": "usps", "title": "A & B, ü", "order_id": "77", "custom_fields": {"a": "b"}}
    made = sdk.tracking.create_tracking(said)
    one = made.data
    assert (one.tracking_number, one.slug, one.tag.value, one.order_id) == (USPS, "usps", "Pending", "77")
    assert int(made.response_header["x-ratelimit-limit"][0]) > int(made.response_header["x-ratelimit-remaining"][0])
    with pytest.raises(exceptions.BadRequestError) as caught:
        sdk.tracking.create_tracking({"tracking_number": USPS})
    assert caught.value.code is exceptions.ErrorCodeEnum.TRACKING_ALREADY_EXIST
    assert json.loads(caught.value.response_body)["data"]["id"] == one.id

    every = sdk.tracking.get_trackings(limit=1).data
    rest = sdk.tracking.get_trackings(limit=1, cursor=every.pagination.next_cursor).data
    assert every.pagination.total == 2 and not rest.pagination.has_next_page
    assert [found.id for found in every.trackings] == [one.id]
    (shops,) = rest.trackings
    assert (shops.tracking_number, shops.order_number, shops.tag.value) == (NUMBER, "1001", "OutForDelivery")
    assert [point.tag.value for point in shops.checkpoints] == ["InTransit", "OutForDelivery"]
    found = sdk.tracking.get_trackings(tracking_numbers=f"{NUMBER},NOTHING", created_at_min="2024-01-01T00:00:00+08:00")
    assert [known.id for known in found.data.trackings] == [shops.id]

    changed = sdk.tracking.update_tracking_by_id(one.id, {"title": "C", "slug": "fedex"}).data
    assert (changed.title, changed.slug, changed.custom_fields) == ("C", "fedex", {"a": "b"})
    done = sdk.tracking.mark_tracking_completed_by_id(one.id, {"reason": "DELIVERED"}).data
    assert (done.subtag, done.active) == ("Delivered_001", False)
    assert sdk.tracking.retrack_tracking_by_id(one.id).data.tag.value == "Pending"
    assert sdk.tracking.delete_tracking_by_id(one.id).data.tracking_number == USPS
    with pytest.raises(exceptions.NotFoundError) as gone:
        sdk.tracking.get_tracking_by_id(one.id)
    assert gone.value.code is exceptions.ErrorCodeEnum.TRACKING_DOES_NOT_EXIST

    couriers = sdk.courier.get_couriers().data
    assert couriers.total == len(couriers.couriers) > 500
    detected = sdk.courier.detect_courier({"tracking_number": "1Z999AA10123456784"}).data
    assert [found.slug for found in detected.couriers] == ["ups"]


def test_what_is_wrong_is_told_as_it_always_was(shop: Ledger, domain: str) -> None:
    for key, kind in (("dsk_wrong", exceptions.UnauthorizedError), ("", exceptions.ApiException)):
        with pytest.raises(kind):
            client(domain, key).tracking.get_trackings()
    with pytest.raises(exceptions.ForbiddenError, match="parcels:write"):
        client(domain, program(shop.ws, "parcels:read").secret).tracking.create_tracking({"tracking_number": USPS})
    sdk = client(domain, program(shop.ws).secret)
    with pytest.raises(exceptions.BadRequestError) as caught:
        sdk.tracking.create_tracking({"tracking_number": USPS, "slug": "nobody-at-all"})
    assert caught.value.code is exceptions.ErrorCodeEnum.SLUG_INVALID


@pytest.mark.parametrize("how", ["API_KEY", "AES"])
def test_the_client_for_node_does_what_it_always_did(shop: Ledger, domain: str, how: str) -> None:
    try:
        packages, node = tools.packages(tools.AFTERSHIP), tools.node()
    except tools.Missing as problem:
        tools.give_up(problem)
    told = {"DOMAIN": domain, "KEY": program(shop.ws).secret, "HOW": how, "NUMBER": USPS}
    env = {**os.environ, **told, "NODE_PATH": str(packages)}
    script = tools.AFTERSHIP / "walk.js"
    done = subprocess.run([node, script], env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "made": [USPS, "usps", "Pending", {"a": "b"}],
        "limit": True,
        "again": [400, 4003, "TRACKING_ALREADY_EXIST"],
        "one": "A & B, ü",
        "listed": [True],
        "begins": 1,
        "updated": "fedex",
        "completed": "Exception_013",
        "retracked": True,
        "deleted": True,
        "gone": [404, 4004, "TRACKING_DOES_NOT_EXIST"],
        "couriers": True,
        "detected": ["usps"],
    }
