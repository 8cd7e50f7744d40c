"""Numbers from a table: what each row would do, what is given, and what is taken back."""

import io

import pytest
from openpyxl import Workbook

from doorstep.app.inbox import answer_of
from doorstep.app.privacy.erasure import erase
from doorstep.app.reading.understand import understand
from doorstep.app.receive import imports, manual
from doorstep.connectors.contract import Refused
from doorstep.db.models import Audit, Claim, Inbox, Number, Push
from tests.app.ledger import CJP, OTHER, USPS, Ledger, connect, ledger, woo

pytestmark = pytest.mark.django_db
TWO = ((501, "LAMP-1", 2), (502, "BULB", 1))


@pytest.fixture
def one() -> Ledger:
    one = ledger()
    one.hears(one.woo(woo(1001, lines=TWO)), one.woo(woo(1002)), one.woo(woo(1003, status="cancelled")))
    return one


def bring(one: Ledger, text: str | bytes) -> int:
    body = text if isinstance(text, bytes) else text.encode()
    return imports.bring(imports.sheets(one.ws), body, "numbers.csv", "user:1")


def look(one: Ledger, text: str, **chosen: int) -> imports.Look:
    return imports.look(imports.sheets(one.ws), bring(one, text), chosen)


def confirm(one: Ledger, file_id: int) -> int:
    return imports.confirm(imports.sheets(one.ws), file_id, {}, "user:1")


def state(one: Ledger, file_id: int) -> imports.Import:
    return imports.one(imports.sheets(one.ws), file_id)


def test_a_look_says_what_every_row_would_do_and_changes_nothing(one):
    manual.type_number(one.ws, one.order(1002).id, OTHER, actor="user:1")
    before = Claim.objects.count()
    seen = look(one, f"Order,Tracking,Carrier\n#1001,{USPS},\n1002,{OTHER},Nobody knows\n")
    assert [(due.order.number, due.state, due.carrier, due.sure) for due in seen.due] == [
        ("1001", "new", "usps", "certain"),
        ("1002", "known", "china_post", "certain"),
    ]
    assert seen.due[1].note is not None and seen.problems == () and len(seen.new) == 1
    assert Claim.objects.count() == before


@pytest.mark.parametrize(
    ("row", "field", "key"),
    [
        (f"999,{USPS},,", "order", "import.no_order"),
        (f"1003,{USPS},,", "order", "import.cancelled"),
        ("1001,1001,,", "number", "hold.is_order_number"),
        (f"1001,{USPS},SHADE,", "sku", "import.no_sku"),
        (f"1001,{USPS},,1", "sku", "import.which_line"),
        (f"1001,{USPS},LAMP-1,3", "quantity", "import.too_many"),
        (f"1001,{USPS},LAMP-1,some", "quantity", "sheet.row.quantity"),
    ],
)
def test_each_bad_row_is_named_and_the_others_are_kept(one, row, field, key):
    seen = look(one, f"Order,Tracking,SKU,Quantity\n{row}\n1002,{OTHER},,\n1002,{OTHER},,\n")
    assert [(bad.place, bad.field, bad.message.id) for bad in seen.problems] == [
        (2, field, key),
        (4, "number", "import.twice"),
    ]
    assert [due.row.place for due in seen.due] == [3]


def test_a_name_of_two_orders_is_none(one):
    shop = connect(one.ws, "store", "woocommerce", one.store.connected_at)
    one.hears(one.arrival(shop, "order", woo(1002), way="wc-shipment-tracking/v3"))
    assert [bad.message.id for bad in look(one, f"1002 {USPS}").problems] == ["import.many_orders"]


def test_what_is_confirmed_is_given_once_and_kept_as_it_came(one):
    text = f"Order,Tracking,SKU,Quantity\n1001,{USPS},LAMP-1,1\n1001,{USPS},BULB,\n1002,{CJP},,\n"
    file_id = bring(one, text)
    assert (confirm(one, file_id), confirm_again(one, file_id)) == (2, "import.nothing")
    first, second = one.parcels()
    assert [held.role for parcel in (first, second) for held in one.numbers(parcel)] == ["local", "platform"]
    assert Push.objects.get(order_id=one.order(1001).id).contents == [["501", 1], ["502", 1]]
    assert (one.order(1001).state, one.order(1002).state) == ("partly_shipped", "shipped")
    assert answer_of(Inbox.objects.get(id=file_id)).body == text.encode()
    assert (state(one, file_id).state, state(one, file_id).numbers) == ("done", 2)
    assert Audit.objects.filter(verb="numbers.rows").count() == 1


def confirm_again(one: Ledger, file_id: int) -> str:
    with pytest.raises(ValueError, match="import") as caught:
        confirm(one, file_id)
    return str(caught.value.args[0].id)


def test_a_replay_gives_what_was_confirmed_whenever_the_order_comes(one):
    file_id = bring(one, f"1001 {USPS}")
    confirm(one, file_id)
    part = Inbox.objects.get(dedup_key__startswith="rows:")
    before = list(Claim.objects.values_list("order_id", "number_id", "gone", "last_said"))
    Inbox.objects.filter(id__in=[part.id, file_id]).update(state="new")
    while understand():
        pass
    assert list(Claim.objects.values_list("order_id", "number_id", "gone", "last_said")) == before
    later = dict(part.headers, context={**part.headers["context"]})
    one.hears(
        one.arrival(imports.sheets(one.ws), "rows", answer_of(part).body.replace(b"1001", b"1009"), **later["context"])
    )
    one.hears(one.woo(woo(1009)))
    assert one.order(1009).state == "shipped"


def test_all_of_it_can_be_taken_back_but_not_what_was_said_again(one):
    file_id = bring(one, f"1001 {USPS}\n1002 {OTHER}")
    confirm(one, file_id)
    manual.type_number(one.ws, one.order(1002).id, OTHER, actor="user:1")
    assert imports.undo(imports.sheets(one.ws), file_id, "user:1") == 1
    assert (one.order(1001).state, one.order(1002).state) == ("placed", "shipped")
    assert (state(one, file_id).state, state(one, file_id).left) == ("undone", ())
    with pytest.raises(ValueError, match=r"nothing_to_undo"):
        imports.undo(imports.sheets(one.ws), file_id, "user:1")


def test_what_a_store_does_not_give_back_is_said(one):
    shop = connect(one.ws, "store", "walmart", one.store.connected_at)
    one.order(1002).__class__.objects.filter(id=one.order(1002).id).update(store_id=shop.id)
    file_id = bring(one, f"1002 {USPS}")
    confirm(one, file_id)
    Push.objects.update(state="accepted", remote_id="1", remote_number=USPS)
    imports.undo(imports.sheets(one.ws), file_id, "user:1")
    ((order, reason),) = state(one, file_id).left
    assert (order.number, reason["id"]) == ("1002", "channel.by_hand.withdraw")


def test_a_long_table_is_left_to_the_worker(one, monkeypatch):
    monkeypatch.setattr(imports, "TOGETHER", 1)
    file_id = bring(one, f"1001 {USPS}\n1002 {OTHER}")
    confirm(one, file_id)
    assert (state(one, file_id).state, state(one, file_id).read, state(one, file_id).parts) == ("running", 0, 2)
    while understand():
        pass
    assert (state(one, file_id).state, Number.objects.count()) == ("done", 2)


def test_a_table_can_be_forgotten_and_is_another_workspaces_to_nobody(one):
    file_id, other = bring(one, f"1001 {USPS}"), ledger(email="charlie@example.org")
    for act in (imports.one, imports.look, imports.discard):
        with pytest.raises(Inbox.DoesNotExist):
            act(
                imports.sheets(other.ws),
                file_id,
                *([{}] if act is imports.look else ["x"] if act is imports.discard else []),
            )
    assert len(imports.newest(imports.sheets(one.ws))) == 1
    imports.discard(imports.sheets(one.ws), file_id, "user:1")
    assert imports.newest(imports.sheets(one.ws)) == []
    with pytest.raises(Refused):
        bring(one, b"x" * (imports.MOST_BYTES + 1))


def test_an_erased_shopper_is_found_inside_a_spreadsheet(one):
    book, out = Workbook(), io.BytesIO()
    book.worksheets[0].append(("Order", "Tracking", "Name"))
    book.worksheets[0].append((1001, USPS, "ines@buyer.example"))
    book.save(out)
    file_id = bring(one, out.getvalue())
    assert imports.look(imports.sheets(one.ws), file_id, {}).due[0].number == USPS
    erase(one.ws, "ines@buyer.example", "user:1")
    assert not bytes(Inbox.objects.get(id=file_id).body_zstd)
    assert imports.look(imports.sheets(one.ws), bring(one, b"PK broken"), {}).trouble is not None
