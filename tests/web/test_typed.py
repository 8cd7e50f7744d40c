"""Numbers that nobody's database has room for."""

import pytest
from django.test import Client

from doorstep.db.models import Order
from doorstep.web.typed import fits, whole
from tests.app.ledger import Ledger
from tests.web.views import POSTS, addresses

HUGE = ["9" * 19, "9" * 5000]


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "٣", "9" * 19, "9" * 5000])
def test_what_is_no_number_that_a_table_holds_is_nobodys(text: str) -> None:
    assert whole(text) == 0 and not fits(text)


def test_largest_number_is_one() -> None:
    assert whole("9" * 18) == 10**18 - 1 and whole("007") == 7


def test_no_address_with_a_number_too_large_is_an_error(shop: Ledger, order: Order, alice: Client) -> None:
    for name, path in addresses(shop, order):
        parts = [str(2**63) if part.isdecimal() else part for part in path.split("/")]
        if parts != path.split("/"):
            asked = alice.post if name in POSTS else alice.get
            assert asked("/".join(parts)).status_code in {302, 404}, name


@pytest.mark.parametrize("huge", HUGE)
def test_no_form_with_a_number_too_large_is_an_error(order: Order, alice: Client, huge: str) -> None:
    of, store = f"/orders/{order.id}", f"/connections/{order.store_id}"
    for path in (f"/deadlines?of={huge}", f"/audit?after={huge}", f"/messages?after={huge}", f"/bulk?order={huge}"):
        assert alice.get(path).status_code in {200, 302, 404}, path[:20]
    for path, said in (
        ("/views", {"drop": huge}), (f"{of}/notes", {"remove": huge}), (f"{of}/bought", {"account": huge}),
        (f"{of}/numbers", {"text": "LX123456082CN", "qty-1": huge}), (f"{store}/rules", {"hold_hours": huge}),
        (f"{store}/rules/again", {"order": huge}), ("/bulk/do", {"order": huge, "do": "check"}),
        ("/webhooks/make", {"url": "https://x.example/", "store": huge}), ("/import/bring", {"supplier": huge}),
    ):  # fmt: skip
        assert alice.post(path, said).status_code in {200, 302, 404, 422}, path
