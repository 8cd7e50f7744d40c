"""How Shopify lets an app in: OAuth by a person, the app's own credentials, and tokens that run out."""

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from doorstep.connectors import grants
from doorstep.connectors.answers import instant
from doorstep.connectors.contract import Account, Denied, Flow, Grant
from doorstep.connectors.signing import same
from doorstep.connectors.stores.shopify_admin.wire import site
from doorstep.core.message import Message

SCOPES: Final = (
    "read_orders",
    "write_fulfillments",
    "write_merchant_managed_fulfillment_orders",
    "write_third_party_fulfillment_orders",
)
FRESH: Final = timedelta(minutes=10)  # how old an answer of the vendor's page may be


def page(account: Account, grant: Grant) -> str:
    """Where a person allows it."""
    query = {
        "client_id": account.settings.get("client_id", ""),
        "scope": ",".join(SCOPES),
        "redirect_uri": grant.redirect,
        "state": grant.state,
    }
    return f"{site(account)}/admin/oauth/authorize?{urlencode(query, quote_via=quote)}"


def verify(account: Account, grant: Grant, query: Mapping[str, str]) -> str:
    """The code a person came back with. Raises Denied for an answer that Shopify did not sign for this shop, now."""
    signed = {name: value for name, value in query.items() if name not in ("hmac", "signature")}
    secret = account.credentials.get("client_secret", "")
    message = urlencode(sorted(signed.items()), quote_via=quote)
    proof = hmac.digest(secret.encode(), message.encode(), "sha256").hex()
    shop = (urlsplit(site(account)).hostname or "").lower()
    genuine = secret and same(proof, query.get("hmac", "")) and query.get("shop", "").lower() == shop
    if not genuine or not _fresh(query.get("timestamp", ""), account.now.timestamp()):
        raise Denied("not an answer of Shopify", message=Message(id="shopify.forged"))
    return grants.code(grant, query)


def by_code(account: Account, code: str) -> Flow[Mapping[str, str]]:
    """A token that a person allowed; it runs out after an hour and is renewed."""
    return (yield from _tokens(account, {"code": code, "expiring": "1"}))


def renewed(account: Account) -> Flow[Mapping[str, str]]:
    """Another token: for the one that runs out, or, for an app of the merchant's own that is installed on the
    merchant's own shop, for its credentials (it lasts a day). {} for an older custom app: it has nothing but a token.
    """
    refresh = account.credentials.get("refresh_token", "")
    if refresh:
        return (yield from _tokens(account, {"grant_type": "refresh_token", "refresh_token": refresh}))
    if not account.settings.get("client_id") or not account.credentials.get("client_secret"):
        return {}
    return (yield from _tokens(account, {"grant_type": "client_credentials"}))


def stale(account: Account) -> bool:
    """Whether there is no token, or it has run out or will in a moment. One without a time does not run out."""
    until = instant(account.credentials.get("access_until"))
    ends = until is not None and until <= account.now + grants.MARGIN
    return ends or not account.credentials.get("access_token")


def _tokens(account: Account, asked: Mapping[str, str]) -> Flow[Mapping[str, str]]:
    form = {
        "client_id": account.settings.get("client_id", ""),
        "client_secret": account.credentials.get("client_secret", ""),
        **asked,
    }
    answer = yield grants.asks(f"{site(account)}/admin/oauth/access_token", form)
    return grants.tokens(answer, account.now)


def _fresh(timestamp: str, now: float) -> bool:
    return timestamp.isdecimal() and len(timestamp) < 12 and abs(now - int(timestamp)) <= FRESH.total_seconds()
