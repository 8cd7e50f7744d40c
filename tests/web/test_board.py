"""The order board."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import escape

from doorstep.app.ledger.search import name_keys
from doorstep.app.overview import board
from doorstep.db.models import Order, Person, Push
from doorstep.db.tabs import sort_in
from tests.app.ledger import START, Ledger, cj, woo
from tests.web.conftest import NUMBER


def test_board_shows_every_order_with_its_number(alice: Client) -> None:
    text = alice.get("/").content.decode()
    assert "1001" in text
    assert "1002" in text
    assert NUMBER in text
    assert "Out for delivery" in text


def test_tabs_count_what_they_list(shop: Ledger, alice: Client) -> None:
    counts = board.counts(shop.ws)
    held = {"all": 2, "unfulfilled": 2, "no_number": 1, "in_transit": 1, "tracked": 1, "untracked": 1}
    assert counts == {tab: held.get(tab, 0) for tab in board.TABS}
    for tab, count in counts.items():
        assert len(board.page(shop.ws, tab).rows) == count
        assert alice.get("/", {"tab": tab}).status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("1001", 1),
        ("#1001", 1),
        ("LX1234", 1),
        ("6079CN", 1),
        ("lx 1234 5607 9cn", 1),
        ("ines@buyer", 2),
        ("JOSE mar", 2),
        ("conceicao", 2),
        ("rosa", 0),
        ("01", 1),
        ("2", 1),
        ("nothing", 0),
        ("79C", 0),
    ],
)
def test_search_finds_by_order_buyer_and_either_end_of_a_number(shop: Ledger, query: str, found: int) -> None:
    first, turned = name_keys("José Maria da Conceição")
    Person.objects.filter(ws=shop.ws).update(name_key=first, name_turned=turned)
    looked_for = board.find(shop.ws, query)
    assert looked_for is not None
    assert len(board.page(shop.ws, found=looked_for).rows) == found
    assert board.counts(shop.ws, looked_for)["all"] == found


def test_search_without_result_says_what_can_be_searched(alice: Client) -> None:
    text = alice.get("/", {"q": "<b>"}).content.decode()
    assert escape("<b>") in text
    assert "at least four characters" in text


def test_pages_follow_one_another_without_gap_or_repetition(shop: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "PAGE", 3)
    shop.hears(*(shop.woo(woo(2000 + one, at=START + timedelta(hours=one // 2))) for one in range(8)))
    seen, after = [], ""
    for _ in range(10):
        page = board.page(shop.ws, after=after)
        seen += [row.number for row in page.rows]
        after = page.after
        if not after:
            break
    assert len(seen) == len(set(seen)) == 10


@pytest.mark.parametrize("wrong", [{"tab": "nonsense"}, {"after": "x~y"}, {"after": "2026-01-01~1"}])
def test_mistyped_address_leads_to_the_first_page(alice: Client, wrong: dict[str, str]) -> None:
    assert alice.get("/", wrong).headers["Location"] == "/"


def test_number_of_queries_does_not_grow_with_the_orders(
    shop: Ledger, django_assert_max_num_queries, alice: Client
) -> None:
    for one in range(6):
        ref = 3000 + one
        shop.hears(
            shop.woo(woo(ref, lines=((ref, "LAMP-1", 2),))),
            shop.cj(cj(ref=f"26062000000000{ref}", order=str(ref), number=f"YT{one:014}", sku_line=str(ref))),
        )
    with django_assert_max_num_queries(10):
        assert len(board.page(shop.ws).rows) == 8
    with django_assert_max_num_queries(24):
        alice.get("/")


def test_counts_are_sent_again_only_when_something_changed(shop: Ledger, alice: Client) -> None:
    mark = board.mark(shop.ws)
    assert alice.get("/tabs", {"mark": mark}).status_code == 204
    shop.hears(shop.woo(woo(1003)))
    answer = alice.get("/tabs", {"mark": mark})
    assert answer.headers["HX-Trigger"] == "board-changed"
    assert b"tab-unfulfilled" in answer.content


def test_refused_push_needs_attention(shop: Ledger) -> None:
    Push.objects.filter(ws=shop.ws).update(state="refused")
    sort_in(shop.ws, Order.objects.filter(ws=shop.ws).values_list("id", flat=True))
    (row,) = board.page(shop.ws, "attention").rows
    assert (row.number, row.push, row.stage.wrong) == ("1001", "refused", True)


def test_empty_workspace_offers_to_recognize_a_number(charlie: Client) -> None:
    text = charlie.get("/").content.decode()
    assert "Paste a tracking number" in text
    assert "Connect a store" in text
