"""Views of the board: saved ones, columns, files; and doing things to many orders at once."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.test import Client
from openpyxl import load_workbook

from doorstep.app import clock, say
from doorstep.app.ledger.search import found
from doorstep.app.overview import board, bulk
from doorstep.db.models import Audit, Bulk, Order, Outbox, Parcel, Person, Push, Resync, SavedView
from tests.app.ledger import Ledger, woo
from tests.web.conftest import NUMBER, login


def text(answer: object) -> str:
    return b"".join(answer).decode("utf-8-sig")  # type: ignore[call-overload]  # a streaming answer


def test_columns_stand_in_the_address_or_are_remembered(alice: Client) -> None:
    assert "Last scan" not in head(alice)
    assert "Last scan" in head(alice, cols="order,last")
    answer = alice.post("/columns", {"column": ["last", "nonsense"], "back": "tab=tracked"})
    assert answer.headers["Location"] == "/?tab=tracked"
    assert "Last scan" in head(alice)
    alice.post("/columns", {"do": "usual"})
    assert "Last scan" not in head(alice)


def test_last_scan_of_an_unknown_zone_is_never_in_the_future(shop: Ledger, order: Order, alice: Client) -> None:
    ahead = clock.now() + timedelta(hours=6)
    parcel = Parcel.objects.filter(ws=shop.ws, id=Push.objects.get(ws=shop.ws, order_id=order.id).parcel_id)
    parcel.update(last_event_at=ahead)
    row = alice.get("/", {"q": order.number, "cols": "order,last"}).content.decode().partition("<tbody>")[2]
    assert "in 5 h" not in row
    assert say.moment(ahead) in row


def head(client: Client, **asked: str) -> str:
    page = client.get("/", asked).content.decode()
    return page[page.index("<thead>") : page.index("</thead>")]


def test_view_is_saved_found_by_the_team_and_dropped(shop: Ledger, alice: Client, bob: Client, charlie: Client) -> None:
    answer = alice.post("/views", {"name": " Late  ones ", "back": "tab=tracked&q=100&cols=order,last"}, follow=True)
    assert "“Late ones” is under Views now" in answer.content.decode()
    view = SavedView.objects.get(ws=shop.ws)
    assert (view.name, view.tab, view.query, view.columns) == ("Late ones", "tracked", "100", ["order", "last"])
    assert "?tab=tracked&amp;q=100&amp;cols=order,last" in bob.get("/").content.decode()
    assert "Late ones" not in charlie.get("/").content.decode()
    charlie.post("/views", {"drop": str(view.id)})
    assert SavedView.objects.filter(ws=shop.ws).exists()
    bob.post("/views", {"drop": str(view.id)})
    assert not SavedView.objects.filter(ws=shop.ws).exists()


@pytest.mark.parametrize(("name", "back"), [("", "tab=held"), ("x", "tab=nonsense")])
def test_view_without_a_name_or_of_no_tab_is_not_saved(shop: Ledger, alice: Client, name: str, back: str) -> None:
    alice.post("/views", {"name": name, "back": back})
    assert not SavedView.objects.filter(ws=shop.ws).exists()


def test_file_has_what_the_view_shows(shop: Ledger, alice: Client) -> None:
    Person.objects.filter(ws=shop.ws).update(name='=HYPERLINK("http://x")')
    rows = list(csv.reader(io.StringIO(text(alice.get("/orders.csv", {"cols": "order,buyer,number,status,placed"})))))
    assert rows[0] == ["Order", "Buyer", "Tracking number", "Status", "Placed"]
    assert [row[0] for row in rows[1:]] == [one.number for one in board.page(shop.ws).rows]
    assert {row[1] for row in rows[1:]} == {'\'=HYPERLINK("http://x")'}
    assert rows[1][3] in {"Out for delivery", "Placed"}
    tracked = text(alice.get("/orders.csv", {"tab": "tracked"}))
    assert NUMBER in tracked
    assert not re.search(r"\b1002\b", tracked)
    assert Audit.objects.filter(ws=shop.ws, verb="orders.export").count() == 2


def test_workbook_is_one(alice: Client) -> None:
    body = b"".join(alice.get("/orders.xlsx", {"q": "1001"}))  # type: ignore[arg-type]  # a streaming answer
    sheet = load_workbook(io.BytesIO(body)).active
    assert sheet is not None
    assert [cell.value for cell in next(sheet.iter_rows())][:2] == ["Order", "Buyer"]
    assert sheet.max_row == 2


def test_only_picked_orders_are_in_a_file_of_picked_ones(order: Order, alice: Client, bob: Client) -> None:
    assert not re.search(r"\b1002\b", text(alice.get("/orders.csv", {"order": str(order.id)})))
    assert bob.get("/orders.csv").status_code == 403  # an agent may not export
    assert alice.get("/orders.pdf").status_code == 404


def test_strangers_orders_are_in_no_file_and_on_no_list(order: Order, charlie: Client) -> None:
    assert not re.search(r"\b1001\b", text(charlie.get("/orders.csv", {"order": str(order.id)})))
    assert not re.search(r"\b1001\b", text(charlie.get("/bulk", {"do": "resync", "order": str(order.id)})))


def test_what_would_happen_is_told_before_it_does(shop: Ledger, order: Order, alice: Client) -> None:
    other = shop.order(1002)
    screen = alice.get("/bulk", {"do": "resync", "order": [str(order.id), str(other.id)]}).content.decode()
    assert "Ask the carriers about 1 order?" in screen
    assert "has no tracking number" in screen
    assert not Resync.objects.filter(ws=shop.ws).exists()
    answer = alice.post("/bulk/do", {"do": "resync", "order": [str(order.id), str(other.id)]}, follow=True)
    assert "The carriers of 1 order are asked." in answer.content.decode()
    assert Resync.objects.filter(ws=shop.ws).count() == 1
    assert b"Undo" not in answer.content  # a carrier cannot be un-asked
    again = alice.post("/bulk/do", {"do": "resync", "order": str(order.id)}, follow=True)
    assert b"could not be done" in again.content  # its parcel rests


def test_withdrawing_many_is_undone_with_one_press(shop: Ledger, order: Order, alice: Client, bob: Client) -> None:
    push = Push.objects.get(ws=shop.ws, order_id=order.id)
    assert push.state in {"held", "due"}
    answer = alice.post("/bulk/do", {"do": "withdraw", "order": str(order.id)}, follow=True).content.decode()
    push.refresh_from_db()
    assert push.state == "superseded"
    assert "You withdrew 1 order." in answer
    assert "You withdrew" not in bob.get("/").content.decode()  # it is offered to whoever did it
    row = Bulk.objects.get(ws=shop.ws)
    assert bulk.last(shop.ws, row.by) is not None
    alice.post(f"/bulk/{row.id}/undo")
    order.refresh_from_db()
    assert order.push_asked_at is not None
    newest = Push.objects.filter(ws=shop.ws, order_id=order.id).latest("version")
    assert newest.state in {"held", "due"}
    assert alice.post(f"/bulk/{row.id}/undo").status_code == 404  # once


def test_what_is_on_its_way_to_the_store_is_undone_when_it_is_there(shop: Ledger, order: Order, alice: Client) -> None:
    push = Push.objects.filter(ws=shop.ws, order_id=order.id)
    push.update(state="refused")
    intent, _ = Outbox.objects.get_or_create(
        ws=shop.ws,
        lane="push",
        target_id=push.get().store_id,
        intent_key=key(push.get()),
        defaults={"payload_ref": push.get().id, "state": "dead", "due_at": clock.now()},
    )
    alice.post("/bulk/do", {"do": "push", "order": str(order.id)})
    row, rows = Bulk.objects.get(ws=shop.ws), Outbox.objects.filter(ws=shop.ws, id=intent.id)
    assert (push.get().state, rows.get().state) == ("due", "due")
    push.update(state="sending")
    rows.update(state="sending")
    screen = alice.post(f"/bulk/{row.id}/undo", follow=True).content.decode()
    assert "1 order is on its way to the store at this moment" in screen
    assert "You pushed 1 order." in screen  # and the button is still there
    assert (
        "is being sent to the store" in alice.get("/bulk", {"do": "withdraw", "order": str(order.id)}).content.decode()
    )
    push.update(state="accepted", remote_id="7")
    rows.update(state="done")
    assert "Undone for 1 order." in alice.post(f"/bulk/{row.id}/undo", follow=True).content.decode()
    assert Outbox.objects.filter(ws=shop.ws, intent_key=f"{key(push.get())}:withdraw").exists()


def test_a_withdrawal_that_has_not_begun_is_stopped(shop: Ledger, order: Order, alice: Client) -> None:
    push = Push.objects.get(ws=shop.ws, order_id=order.id)
    Push.objects.filter(id=push.id).update(state="accepted", remote_id="7")
    alice.post("/bulk/do", {"do": "withdraw", "order": str(order.id)})
    ending = Outbox.objects.filter(ws=shop.ws, intent_key=f"{key(push)}:withdraw")
    assert ending.get().state == "due"
    row = Bulk.objects.get(ws=shop.ws)
    assert "Undone for 1 order." in alice.post(f"/bulk/{row.id}/undo", follow=True).content.decode()
    assert not ending.exists()
    assert Push.objects.get(id=push.id).state == "accepted"


def key(push: Push) -> str:
    """Of the intent to give the number to the store."""
    return f"{push.order_id}:{push.parcel_id}:{push.version}"


def test_nothing_picked_too_much_picked_and_nonsense(order: Order, alice: Client) -> None:
    assert "Pick at least one order" in alice.get("/bulk", {"do": "push"}, follow=True).content.decode()
    many = {"do": "push", "order": [str(one) for one in range(bulk.MOST + 1)]}
    assert "Pick 200 orders at most." in alice.get("/bulk", many, follow=True).content.decode()
    assert alice.get("/bulk", {"do": "burn", "order": str(order.id)}).status_code == 404


def test_refused_push_of_many_is_tried_again(shop: Ledger, order: Order, alice: Client) -> None:
    Push.objects.filter(ws=shop.ws, order_id=order.id).update(state="refused")
    other = shop.order(1002)
    plans = {one.order: one for one in bulk.plan(shop.ws, "push", [order.id, other.id])}
    assert plans["1001"].does
    assert plans["1002"].why.id == "bulk.why.no_number"
    Push.objects.filter(ws=shop.ws, order_id=order.id).update(state="unsure")
    assert bulk.plan(shop.ws, "push", [order.id])[0].why.id == "bulk.why.unsure"
    Push.objects.filter(ws=shop.ws, order_id=order.id).update(state="accepted")
    assert bulk.plan(shop.ws, "push", [order.id])[0].why.id == "bulk.why.nothing_to_push"
    Order.objects.filter(id=other.id).update(cancelled_at=order.placed_at)
    assert bulk.plan(shop.ws, "push", [other.id])[0].why.id == "bulk.why.cancelled"
    assert bulk.plan(shop.ws, "withdraw", [other.id])[0].why.id == "bulk.why.nothing_to_withdraw"


def test_who_may_only_look_is_offered_nothing_to_do(shop: Ledger, order: Order) -> None:
    from doorstep.app.members import workspaces
    from doorstep.core.roles import Member

    workspaces.join(shop.ws, "vera@example.org", "correct horse battery", Member.VIEWER)
    vera = login("vera@example.org")
    assert b'class="bulk' not in vera.get("/").content
    assert vera.get("/bulk", {"do": "push", "order": str(order.id)}).status_code == 404
    assert vera.post("/bulk/do", {"do": "withdraw", "order": str(order.id)}).status_code == 404
    assert vera.post("/bulk/1/undo").status_code == 403


def test_order_that_shares_a_number_says_so(shop: Ledger) -> None:
    lines = ((701, "LAMP-1", 1),)
    shop.hears(
        *(shop.woo(woo(ref, lines=lines, shipped=((f"t{ref}", "LX987654325CN", "china-post"),))) for ref in (7, 8))
    )
    shared = {row.number for row in board.page(shop.ws).rows if row.shared}
    assert shared == {"7", "8"}


@pytest.mark.parametrize("query", ["", " ", "#", "zz", "ZZZZ", "%", "_", "'", "\U0010ffff", "LX12%"])
def test_no_text_finds_everything_by_accident(shop: Ledger, query: str) -> None:
    assert found(shop.ws, query) == set()
    assert found(shop.ws + 1, "1001") == set()
