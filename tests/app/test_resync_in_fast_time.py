"""A resync where a day lasts seconds: the carrier's answer takes real time."""

from datetime import UTC, datetime, timedelta

import pytest

from doorstep.app import clock
from doorstep.app.track import resync
from tests.app.ledger import USPS, ledger, woo

pytestmark = pytest.mark.django_db
RATE = 7200


@pytest.mark.parametrize(("seconds", "said"), [(30, None), (700, "resync.failed")])
def test_patience_counts_real_seconds(monkeypatch: pytest.MonkeyPatch, seconds: int, said: str | None) -> None:
    began = datetime.now(UTC)
    monkeypatch.setattr(clock, "_clock", clock.Clock(start=began, rate=RATE))
    one = ledger()
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))))
    asked = resync.ask_parcel(one.ws, one.parcels()[0].id, "page", "shopper")
    monkeypatch.setattr(clock, "_clock", clock.Clock(start=began - timedelta(seconds=seconds), rate=RATE))
    message = resync.result(one.ws, asked.resync_id).message
    assert (message and message.id) == said
