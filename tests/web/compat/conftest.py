"""Programs that were written for other systems, and a key of alice's shop."""

import pytest

from doorstep.app.api import api_rate
from tests.app.ledger import Ledger
from tests.web.api.contract import program


@pytest.fixture(autouse=True)
def _fresh_rate() -> None:
    api_rate.forget()


@pytest.fixture
def key(shop: Ledger) -> str:
    """A key that may do everything in alice's shop."""
    return program(shop.ws).secret
