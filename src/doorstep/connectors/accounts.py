"""The kinds of account at a supplier (S80, S82). The kind decides how orders get there, what a purchase is called,
where its mails go and by what they are matched to orders.
"""

from enum import StrEnum
from typing import Final

from doorstep.connectors.contract import OWN, Can, Meta


class AccountKind(StrEnum):
    """How a merchant buys there."""

    API = "api"  # the supplier tells purchases and numbers itself
    BUY = "buy_account"  # the merchant buys with an account of a shop, whose mails are forwarded
    FULFILLED = "fulfilled_by"  # a service takes all orders and ships them under the shop's own order numbers
    HAND = "hand"  # none of these: people bring the numbers


FACTS: Final = ("orders", "purchase", "mails", "match")  # what a kind decides


def kind_of(meta: Meta) -> AccountKind:
    """The kind of account that a supplier's connector stands for."""
    if Can.PURCHASES in meta.can and meta.hosts != OWN:
        return AccountKind.API
    named = {AccountKind.BUY.value: AccountKind.BUY, AccountKind.FULFILLED.value: AccountKind.FULFILLED}
    return named.get(meta.name, AccountKind.HAND)
