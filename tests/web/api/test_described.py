"""schemathesis, the tool that tests any API by its description, against ours: a short run (`make scan`: a long one)."""

from typing import Any

import pytest
from django.db import connection

from tests.app.ledger import Ledger, cj, ledger, woo
from tests.scan.described import described
from tests.web.api.contract import program
from tests.web.compat.server import serving
from tests.web.conftest import NUMBER


@pytest.fixture
def shop(transactional_db: None, settings: Any) -> Ledger:
    """A shop with a number that was pushed."""
    settings.API_PER_MINUTE = 1_000_000
    shop = ledger(email="alice@example.org")
    shop.hears(shop.woo(woo(1001)), shop.cj(cj(number=NUMBER, method="CJPacket Liquid")))
    return shop


@pytest.mark.skipif(connection.vendor != "sqlite", reason="once is enough: every operation is asked on both elsewhere")
@pytest.mark.timeout(400)  # it starts a process that reads much before it asks anything
def test_answers_are_as_described_on_every_way(shop: Ledger) -> None:
    with serving() as address:
        code, told = described(address, program(shop.ws).secret, "stateful", "-n", "3", "--generation-deterministic")
    assert code == 0, told
