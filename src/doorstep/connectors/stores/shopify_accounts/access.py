"""How a shop at Shopify lets in its own customer: at the addresses that it publishes (OpenID Connect Discovery 1.0), by
OAuth 2.0 for a public client, which has no secret but PKCE (RFC 6749, RFC 7636), with tokens that run out.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import convert, looks_like_html, payload, trouble
from doorstep.connectors.contract import ALSO, Account, Broken, Denied, Flow, Grant, NotFound, Refused, Request
from doorstep.connectors.signing import challenge, same
from doorstep.connectors.stores.shopify_admin.wire import site
from doorstep.core.message import Message

SCOPES: Final = "openid email customer-account-api:full"  # the least that Shopify documents for this API
OPENID: Final = "/.well-known/openid-configuration"
API: Final = "/.well-known/customer-account-api"
_SHOPIFY: Final = "shopify.com"


class _OpenId(msgspec.Struct):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str = ""


class _Api(msgspec.Struct):
    graphql_api: str


class _Proof(msgspec.Struct):
    id_token: str


class _Claims(msgspec.Struct):
    iss: str
    aud: str | list[str]
    exp: float
    nonce: str


def discover(account: Account) -> Flow[Mapping[str, str]]:
    """Where a shop lets its customers in, as settings: ``issuer``, ``authorize``, ``tokens``, ``logout`` (perhaps ''),
    ``graphql``, and their hosts. Raises NotFound for a shop that has no customer accounts, and Refused for one that
    names a stranger.
    """
    openid = convert((yield from _published(account, OPENID)), _OpenId)
    api = convert((yield from _published(account, API)), _Api)
    there = {
        "authorize": openid.authorization_endpoint,
        "tokens": openid.token_endpoint,
        "logout": openid.end_session_endpoint,
        "graphql": api.graphql_api,
    }
    hosts = {_host_of(address, account) for address in there.values() if address}
    return {**there, "issuer": openid.issuer, ALSO: " ".join(sorted(hosts))}


def page(account: Account, grant: Grant) -> str:
    """Where the customer signs in and allows it."""
    query = {
        "client_id": account.settings.get("client_id", ""),
        "scope": SCOPES,
        "response_type": "code",
        "redirect_uri": grant.redirect,
        "state": grant.state,
        "nonce": nonce(grant),
        "code_challenge": challenge(grant.verifier),
        "code_challenge_method": "S256",
    }
    return f"{account.settings['authorize']}?{urlencode(query, quote_via=quote)}"


def nonce(grant: Grant) -> str:
    """What the identity token has to repeat: known to nobody who does not know the attempt's verifier (OpenID Connect
    Core 1.0, section 15.5.2).
    """
    return hashlib.sha256(f"nonce:{grant.verifier}".encode()).hexdigest()


def redeemed(account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
    """Tokens for the code that the customer came back with. Raises Denied for a no, and for an answer that is not of
    this shop, this client and this attempt.
    """
    code, issuer = grants.code(grant, query), account.settings["issuer"]
    if not same(issuer, query.get("iss", issuer)):  # RFC 9207
        raise _forged("another issuer")
    form = {"code": code, "redirect_uri": grant.redirect, "code_verifier": grant.verifier}
    answer = yield _asked(account, {"grant_type": "authorization_code", **form})
    held = grants.tokens(answer, account.now)
    proof = convert(payload(answer), _Proof).id_token
    _verify(proof, account, nonce(grant))
    return {**held, "id_token": proof}


def renewed(account: Account) -> Flow[Mapping[str, str]]:
    """Other tokens for those that run out; the identity token stays. Raises Denied where the customer took it back."""
    form = {"grant_type": "refresh_token", "refresh_token": account.credentials.get("refresh_token", "")}
    return grants.tokens((yield _asked(account, form)), account.now)


def left(account: Account) -> Flow[None]:
    """Tell the shop that the session is over. Shopify has no other way to give tokens back."""
    if account.settings.get("logout") and account.credentials.get("id_token"):
        hint = (("id_token_hint", account.credentials["id_token"]),)
        yield Request(method="GET", url=account.settings["logout"], query=hint)


def _published(account: Account, path: str) -> Flow[object]:
    """One of the documents that a shop publishes about itself."""
    answer = yield Request(method="GET", url=f"{site(account)}{path}", headers={"Accept": "application/json"})
    problem = trouble(answer, f"HTTP {answer.status}")
    if isinstance(problem, NotFound) or (problem is None and looks_like_html(answer)):
        raise NotFound(f"HTTP {answer.status}", message=Message(id="shop_accounts.none"))
    if problem:
        raise problem
    return payload(answer)


def _host_of(address: str, account: Account) -> str:
    """The host of an address that the shop publishes: Shopify's, the shop's, or one within the shop's own domain."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise Broken(str(error), message=Message(id="stores.garbage")) from error
    shop = (urlsplit(site(account)).hostname or "").lower()
    within = host in {_SHOPIFY, shop} or host.endswith(f".{shop.removeprefix('www.')}")
    if parts.scheme != "https" or not within:
        raise Refused(host, message=Message(id="shop_accounts.stranger", values={"host": host or address[:100]}))
    return host


def _asked(account: Account, form: Mapping[str, str]) -> Request:
    """Shopify wants to know where a public client lives, as a browser would say it."""
    sent = {"client_id": account.settings.get("client_id", ""), **form}
    return grants.asks(account.settings["tokens"], sent, {"Origin": account.settings.get("origin", "")})


def _verify(proof: str, account: Account, expected: str) -> None:
    """Whether an identity token is of this shop, for this client, of this attempt, and not over. It came from the token
    endpoint itself over TLS, which stands for its signature (OpenID Connect Core 1.0, section 3.1.3.7, step 6).
    """
    try:
        part = proof.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=_Claims)
    except (IndexError, ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise _forged(str(error)) from error
    for_us = account.settings.get("client_id", "") in ([claims.aud] if isinstance(claims.aud, str) else claims.aud)
    ours = claims.iss == account.settings["issuer"] and for_us and same(expected, claims.nonce)
    if not ours or not claims.exp > account.now.timestamp():
        raise _forged("an identity token of something else")


def _forged(said: str) -> Denied:
    return Denied(said, message=Message(id="grants.forged"))
