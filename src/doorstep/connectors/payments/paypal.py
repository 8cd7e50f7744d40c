"""PayPal: tells a payment which parcel it paid for (Add Tracking, v1), so that PayPal sees that the goods are on their
way. What it answers about each number is read in ``paypal_answers``; here is how to ask.

Sources: PayPal's OpenAPI file of Shipment Tracking 1.6 and its carrier list. The transaction is that of the captured
payment, not of the checkout order. Only SHIPPED is said: PayPal follows the number itself from there on.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final

import msgspec

from doorstep.connectors import signing, tokens
from doorstep.connectors.contract import (
    Account,
    Answer,
    Can,
    Checked,
    Facts,
    Field,
    Flow,
    Meta,
    Payment,
    PaymentProvider,
    Refused,
    Request,
    Synced,
)
from doorstep.connectors.payments import paypal_answers as answers
from doorstep.connectors.scans import account_id
from doorstep.core.number import carrier, carrier_at
from doorstep.core.status import Status

HOST: Final = "https://api-m.paypal.com"
_OTHER: Final = "OTHER"
_LONGEST_NAME: Final = 64
_TRANSACTION: Final = re.compile(r"[A-Za-z0-9]{1,50}")
_NUMBER: Final = re.compile(r"(?!.*(?:://|www\.|@))[ -~]{1,64}", re.IGNORECASE)


class PayPal:
    """Numbers for captured payments, twenty at once; an app's own token, renewed before it ends."""

    meta = Meta(
        name="paypal",
        label="PayPal",
        hosts=frozenset({"api-m.paypal.com"}),
        polls_per_minute=60,
        batch=20,
        can=frozenset({Can.PAY}),
        fields=(
            Field(name="client_id", label="Client ID", help="Of your live app at developer.paypal.com."),
            Field(name="client_secret", label="Secret", secret=True),
        ),
        basis="PayPal's OpenAPI file of Shipment Tracking 1.6 with its carrier list",
        docs="https://developer.paypal.com/docs/tracking/",
        proven="vendor sample",
        steps=(
            "Sign in at developer.paypal.com with the business account that receives the payments.",
            "Under Apps & Credentials choose Live and create an app of the type Merchant.",
            "Where the app lists its features, tick those for tracking; ask PayPal where there are none.",
            "Copy the client ID and the secret of the app.",
        ),
        limits=(
            "Twenty numbers in each call.",
            "A number has at most 64 characters, and no link, e-mail address or phone number stands for it.",
            "The payment has to be captured: an authorization or a checkout order is no transaction here.",
        ),
        gaps=(
            "PayPal is told that a parcel was shipped, not where it is: it follows the carrier itself.",
            "Numbers are not changed or cancelled there afterwards; do that at PayPal, under the transaction.",
            "PayPal's sandbox (test accounts) is not spoken to.",
        ),
    )
    status: Mapping[str, Status] = {}
    unseen: frozenset[str] = frozenset()

    def stale(self, account: Account) -> bool:
        """The token lives about nine hours."""
        return tokens.stale(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """A new token for the app."""
        return tokens.issued((yield from _token(account)), account)

    def check(self, account: Account) -> Flow[Checked]:
        """Asks for a token and looks whether it may write tracking. A hash of the client id is the account's id."""
        answer = yield from _token(account)
        answers.may_write(answer)
        name = account.settings.get("client_id", "")
        credentials = tokens.issued(answer, account)
        return Checked(external_id=account_id("paypal", name), label="PayPal", credentials=credentials)

    def give(self, account: Account, payments: Sequence[Payment]) -> Flow[tuple[Synced, ...]]:
        """One Synced for each payment, in their order. What cannot be sent (no transaction, no carrier, a link for a
        number) is told without asking, so that it spoils nothing. A call that PayPal declines as a whole is repeated
        number by number: only what is wrong is then declined.
        """
        told = {one.key: state for one in payments if (state := _unfit(one))}
        fit = [one for one in payments if one.key not in told]
        if fit:
            told |= yield from _given(account, fit)
        return tuple(told[one.key] for one in payments)

    def read(self, answer: Answer) -> Facts:
        """PayPal says nothing about orders and parcels. Raises the Trouble that a bad answer is."""
        answers.collection(answer)
        return Facts()


def _given(account: Account, payments: Sequence[Payment]) -> Flow[dict[str, Synced]]:
    answer = yield _trackers(account, payments)
    try:
        return answers.synced(answers.collection(answer), payments)
    except Refused as refused:
        if len(payments) == 1:
            return answers.declined(answer, payments[0], refused)
    told: dict[str, Synced] = {}
    for one in payments:
        told |= yield from _given(account, [one])
    return told


def _unfit(payment: Payment) -> Synced | None:
    """What PayPal's schema would decline; None for what can be sent."""
    if not _TRANSACTION.fullmatch(payment.transaction):
        return Synced(key=payment.key, state="no_transaction")
    if not _NUMBER.fullmatch(payment.number):
        return Synced(key=payment.key, state="invalid_number")
    return None if payment.carrier_name or payment.carrier else Synced(key=payment.key, state="unknown_carrier")


def _trackers(account: Account, payments: Sequence[Payment]) -> Request:
    return Request(
        method="POST",
        url=f"{HOST}/v1/shipping/trackers-batch",
        headers={"authorization": tokens.bearer(account), "content-type": "application/json"},
        body=msgspec.json.encode({"trackers": [_tracker(one) for one in payments]}),
        changes=True,
    )


def _tracker(payment: Payment) -> dict[str, str | bool]:
    """The day of shipping is that in UTC."""
    tracker: dict[str, str | bool] = {
        "transaction_id": payment.transaction,
        "tracking_number": payment.number,
        "status": "SHIPPED",
        "notify_buyer": payment.notify,
        **_carrier(payment),
    }
    if payment.shipped_at:
        tracker["shipment_date"] = f"{payment.shipped_at.astimezone(UTC):%Y-%m-%d}"
    return tracker


def _carrier(payment: Payment) -> dict[str, str]:
    """A name of PayPal's list, else OTHER with a name for people beside it."""
    name = payment.carrier_name
    if name and carrier_at("paypal", name):
        return {"carrier": name}
    plain = name if name not in {"", _OTHER} else carrier(payment.carrier).name
    return {"carrier": _OTHER, "carrier_name_other": plain[:_LONGEST_NAME]}


def _token(account: Account) -> Flow[Answer]:
    """The answer with a token. Raises the Trouble that it is."""
    name, secret = account.settings.get("client_id", ""), account.credentials.get("client_secret", "")
    answer = yield Request(
        method="POST",
        url=f"{HOST}/v1/oauth2/token",
        headers={"authorization": signing.basic(name, secret), "content-type": "application/x-www-form-urlencoded"},
        body=b"grant_type=client_credentials",
    )
    if problem := answers.trouble(answer):
        raise problem
    return answer


CONNECTOR: PaymentProvider = PayPal()
