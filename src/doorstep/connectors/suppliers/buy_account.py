"""An account with which the merchant buys at a shop that offers no interface (S80): its mails, forwarded, bring the
numbers (S81). They are matched by the shop's order number, which a person enters once for each order. No network.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta as Limits

from doorstep.connectors.contract import Account, Answer, Broken, Can, Checked, Connectable, Facts, Field, Flow, Meta
from doorstep.connectors.mail.senders import merchants
from doorstep.connectors.support import find
from doorstep.core.message import Message
from doorstep.core.order import Purchase, PurchaseLine, PurchaseState
from doorstep.core.status import Status


class Bought(msgspec.Struct, forbid_unknown_fields=True):
    """What a person says of a purchase. ``purchase``: the shop's order number; ``account``: who bought there."""

    purchase: Annotated[str, Limits(min_length=1, max_length=120)]
    account: Annotated[str, Limits(max_length=200)] = ""


class BuyAccount:
    """The supplier that is a shop where the merchant buys."""

    meta = Meta(
        name="buy_account",
        label="Buy account",
        hosts=frozenset(),
        can=frozenset({Can.MAIL, Can.MANUAL}),
        fields=(
            Field(name="shop", label="Shop where you buy", placeholder="Amazon"),
            Field(
                name="account",
                label="Account",
                required=False,
                placeholder="purchases@example.com",
                help="The address of your account there: it tells several accounts at one shop apart.",
            ),
        ),
        basis="our own shape; the shops' order numbers from their mails and help pages",
        proven="documented only",
        steps=(
            "Connect the account, then forward the shop's shipping mails to the address that Doorstep shows.",
            "Enter the shop's order number for each order that you bought there: on the order, or many at once here.",
        ),
        limits=("500 order numbers can be entered at once.",),
        gaps=(
            "Nothing is bought for you, and nothing is read from the shop itself.",
            "A mail that names the order and no tracking number proves the dispatch only.",
        ),
    )
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Nothing to ask: finds the rules for the shop's mails, and says so where there are none."""
        yield from ()
        shop, who = (account.settings.get(name, "").strip() for name in ("shop", "account"))
        found = [one for one in find(shop) if shop.casefold() in {one.name, *map(str.casefold, (one.label, *one.aka))}]
        name = found[0].name if found and found[0].mails else ""
        label = found[0].label if found else shop
        note = Message(id="buy_account.known" if name else "buy_account.unknown", values={"shop": label})
        key = f"{(found[0].name if found else shop).casefold()}:{who.casefold()}"
        called = f"{label} ({who})" if who else label
        return Checked(external_id=key, label=called, settings={"merchant": name, "shop": label}, notes=(note,))

    def read(self, answer: Answer) -> Facts:
        """One purchase. Its line stands for all that was bought; a person says for which order (``manual``). Raises
        Broken naming the field.
        """
        try:
            said = msgspec.json.decode(answer.body, type=Bought)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            why = str(error)
            raise Broken(why, message=Message(id="manual.not_understood", values={"why": why})) from error
        line = PurchaseLine(ref="1", order="", qty=1)
        state = PurchaseState.UNKNOWN
        return Facts(purchases=(Purchase(ref=said.purchase, lines=(line,), state=state, buy_account=said.account),))


def pattern(merchant: str) -> re.Pattern[str] | None:
    """How order numbers of that shop look, None where it is not known."""
    known = merchants().get(merchant)
    return known.sender.orders if known else None


CONNECTOR: Connectable = BuyAccount()
