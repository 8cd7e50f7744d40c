"""Every view of the product, and who may open it. A view that is in the URL conf and not here fails a test: whoever
adds one says here what it needs.
"""

from collections.abc import Iterator
from typing import Final

from django.urls import URLPattern, URLResolver, get_resolver

from doorstep.core.roles import Action
from doorstep.db.models import Inbox, Number, Order, ParcelLine, Purchase, Push
from tests.app.ledger import Ledger

# What a role needs to look.
LOOKS: Final = {
    Action.SEE: """alerts board board_resync board_tabs bulk connection connections coupon_offer coupons deadlines
        dry_run given_up insight look messages order photo purchases store_dry_run supplier_record suppliers taught
        team then today word words""",
    Action.HANDLE: "import imports mail recognize replies",
    Action.EXPORT: "audit_export board_export data data_take dispute insight_export store_numbers word_table",
    Action.POLICY: """audit brand brand_preview brand_style carrier_names coupon_export letter letter_preview letters
        rules rules_again settings""",
    Action.CONNECT: "connect connect_choose granted",
    Action.KEYS: "keys webhook webhooks",
}
# What a role needs to press; a GET of these is refused.
PRESSES: Final = {
    Action.SEE: "alerts_push board_columns bulk_act deadlines_feed switch team_leave",
    Action.RESYNC: "board_resync_ask board_resync_cancel resync",
    Action.HANDLE: """ack answer board_view bought bought_many change_carrier coupon_give decide import_act import_bring
        note order_purchase page_link purchase_match remove_number reply_keep store_orders talk teach type_number
        unteach upload""",
    Action.PUSH: "bulk_undo given_up_act given_up_all payment_again push_again push_old push_withdraw",
    Action.EXPORT: "data_export",
    Action.POLICY: "coupon_act coupon_make letter_test word_say word_take_back",
    Action.CONNECT: "connection_act",
    Action.KEYS: "agent_links domain key_make key_revoke lookup_link make_mailbox webhook_act webhook_make",
    Action.ERASE: "data_person",
    Action.MEMBERS: "team_invitation team_invite team_member team_second",
    Action.CLOSE: "data_close",
}
# Behind a token in the address, or with nothing of anybody in it. None of them looks at who is signed in, but ``join``.
_OPEN: Final = """agent agent_act agent_bring agent_table api calendar domain_known find follow import_template join
    leave look_logo look_style page page_calendar page_follow page_mark page_message page_photo page_push page_qr
    page_resync"""
HOUSEHOLD: Final = "my"  # views of shoppers' households begin so; they have a gate of their own
# Of django-allauth, for somebody who is not signed in: signing in, a lost password, and what is closed to everybody.
_ENTRANCE: Final = """account_login account_logout account_signup account_inactive account_email_verification_sent
    account_confirm_email account_reset_password account_reset_password_done account_reset_password_from_key
    account_reset_password_from_key_done account_confirm_login_code mfa_authenticate mfa_login_webauthn
    account_email"""
OPEN: Final = frozenset(_OPEN.split())
ENTRANCE: Final = frozenset(_ENTRANCE.split())
NEEDS: Final = {name: action for table in (LOOKS, PRESSES) for action, names in table.items() for name in names.split()}
POSTS: Final = frozenset(name for names in PRESSES.values() for name in names.split())


def named() -> set[str]:
    """The names of all views of our own."""
    return {one.name for one in get_resolver().url_patterns if isinstance(one, URLPattern) and one.name}


def of_allauth() -> Iterator[tuple[str, str]]:
    """(name, path) of every view that django-allauth brings; what an address names is 1."""
    for one in get_resolver().url_patterns:
        if isinstance(one, URLResolver):
            yield from _below(one, f"/{one.pattern}")


def _below(resolver: URLResolver, path: str) -> Iterator[tuple[str, str]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _below(one, f"{path}{one.pattern}")
        else:
            yield str(one.name), f"{path}{one.pattern}".replace("<int:pk>", "1")


def addresses(shop: Ledger, order: Order) -> Iterator[tuple[str, str]]:
    """Every address of the console; what it names is alice's: (name, path)."""
    named = {
        "order_id": order.id,
        "number_id": Number.objects.filter(ws=shop.ws).values_list("id", flat=True)[0],
        "parcel_id": ParcelLine.objects.filter(ws=shop.ws).values_list("parcel_id", flat=True)[0],
        "push_id": Push.objects.filter(ws=shop.ws).values_list("id", flat=True)[0],
        "inbox_id": Inbox.objects.filter(ws=shop.ws).values_list("id", flat=True)[0],
        "purchase_id": Purchase.objects.filter(ws=shop.ws).values_list("id", flat=True)[0],
        "connection_id": shop.store.id,
        "kind": "store",
        "name": "woocommerce",
        "connector": "seventeen_track",
        "event": "shipped",
        "language": "en",
    }
    for pattern in get_resolver().url_patterns:
        name = getattr(pattern, "name", None)
        if name in NEEDS:
            path = str(pattern.pattern)
            for key, value in named.items():
                path = path.replace(f"<int:{key}>", str(value)).replace(f"<slug:{key}>", str(value))
            for key in path.split("<int:")[1:]:  # of what there is none in this shop
                path = path.replace(f"<int:{key.partition('>')[0]}>", "1")
            yield name, f"/{path}"
