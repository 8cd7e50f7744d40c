"""Programs with keys of alice's shop."""

import pytest

from doorstep.app.api import api_rate
from tests.app.ledger import Ledger
from tests.web.api.contract import Program, program


@pytest.fixture(autouse=True)
def _fresh_rate() -> None:
    api_rate.forget()


@pytest.fixture
def me(shop: Ledger) -> Program:
    """A program that may do everything in alice's shop."""
    return program(shop.ws)
