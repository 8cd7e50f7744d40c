"""CJdropshipping, API v2: purchases with the platform's number (``CJP...``) and, later, the courier's number.
What its answers mean is read in the package ``cj``; here is how to ask.

Source: the public API documentation; CJ publishes no schema. What it permits: orders are listed in pages, filtered by
status at most, never by date of change; so a poll reads the pages until they are older than an order can still change.
Events of a parcel come by webhook only; the local number is asked for by platform number. Access tokens live 15 days
(a new one at most once in five minutes), refresh tokens 180 days. Order and tracking calls cost no points.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Can,
    Checked,
    Delivery,
    Denied,
    Facts,
    Field,
    Flow,
    Meta,
    Received,
    Refused,
    Request,
    Supplier,
)
from doorstep.connectors.suppliers.cj import envelope, orders, tracks
from doorstep.core.message import Message
from doorstep.core.status import Status

BASE: Final = "https://developers.cjdropshipping.com/api2.0/v1"
PAGE: Final = 100
PAGES: Final = 500  # an end for a list that never says it ended
NUMBERS: Final = 20  # of one tracking question; the documentation shows several and names no limit
REACH: Final = timedelta(days=60)  # an order older than this is not expected to change any more
EARLY: Final = timedelta(days=1)  # renew before the end; also covers expiry dates without a zone
AGAIN: Final = timedelta(minutes=5)  # between two new access tokens


class CJDropshipping:
    """A Supplier whose signed webhooks are received as well."""

    meta = Meta(
        name="cjdropshipping",
        label="CJdropshipping",
        hosts=frozenset({"developers.cjdropshipping.com"}),
        polls_per_minute=60,  # one call a second on the free plan
        can=frozenset({Can.PURCHASES, Can.HOOKS}),
        fields=(
            Field(
                name="api_key",
                label="API key",
                secret=True,
                help="In CJ under My CJ, Authorization, API. It connects all stores of that CJ account.",
            ),
        ),
        basis="API v2 documentation; shapes written from it, no vendor schema exists",
        docs="https://developers.cjdropshipping.com/en/api/introduction.html",
        proven="documented only",
        steps=(
            "In CJ open My CJ, Authorization, API and generate an API key.",
            "Enter it here: it reads the orders of all stores of that CJ account.",
        ),
        limits=(
            "One to six calls a second, by the plan at CJ; Doorstep makes one.",
            "Points of the day: reading orders and numbers costs none, switching webhooks on costs ten.",
            "CJ suspends the API of an account that bought nothing for 30 days.",
            "Orders older than 60 days are not read again.",
        ),
        gaps=(
            "CJ tells scans by webhook only; without a public address your carrier account tracks the parcels.",
            "CJ closes a webhook that fails for two hours: switch it on again by connecting once more.",
            "Most times of CJ name no zone and are read as UTC, as its documentation says for the time of dispatch.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUSES
    unseen = tracks.UNSEEN

    def check(self, account: Account) -> Flow[Checked]:
        """Reads one order, and how fast CJ may be asked. ``external_id`` is a hash: the openId signs webhooks and stays
        secret.
        """
        first = _get("/shopping/order/list", (("pageNum", "1"), ("pageSize", "1")))
        orders.page((yield _signed(first, account)))
        pace = envelope.pace((yield _signed(_get("/setting/get", ()), account)))
        who = account.credentials["open_id"] or account.credentials["api_key"]
        return Checked(
            external_id=hashlib.sha256(b"cjdropshipping:" + who.encode()).hexdigest()[:16],
            label="CJdropshipping",
            notes=(Message(id="cjdropshipping.pace", values={"calls": pace}),) if pace else (),
        )

    def stale(self, account: Account) -> bool:
        """An access token lives 15 days."""
        return not _valid(account.credentials, "access_token", account.now)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """By the refresh token while that is good, else by the API key. Raises Denied; Busy within the five minutes."""
        before = account.credentials
        if _valid(before, "refresh_token", account.now):
            answer = yield _post("/authentication/refreshAccessToken", {"refreshToken": before["refresh_token"]})
            with contextlib.suppress(Denied, Refused):  # a refresh token can be revoked: the API key is still good
                return envelope.tokens(answer, before)
        asked = before.get("access_token_asked_at", "")
        left = datetime.fromisoformat(asked) + AGAIN - account.now if asked else timedelta(0)
        if left > timedelta(0):
            raise _too_soon(left)
        answer = yield _post("/authentication/getAccessToken", {"apiKey": before["api_key"]})
        try:
            return envelope.tokens(answer, before) | {"access_token_asked_at": account.now.isoformat()}
        except Busy as trouble:  # somebody else has asked with this key
            raise _too_soon(AGAIN) from trouble
        except Refused as trouble:
            raise Denied(trouble.said, message=Message(id="cjdropshipping.key_refused")) from trouble

    def purchases(self, account: Account, since: datetime | None) -> Flow[None]:
        """All orders that may have changed since; then whole orders where the list left out the goods; then the local
        numbers of what still has only a platform number.
        """
        oldest = since - REACH if since else None
        listed: dict[str, orders.Listed] = {}
        for page in range(1, PAGES + 1):
            query = (("pageNum", str(page)), ("pageSize", str(PAGE)))
            request = _get("/shopping/order/list", query, what="purchases", subject=f"page {page}")
            count, found = orders.page((yield _signed(request, account)))
            listed |= {one.ref: one for one in found}
            if count < PAGE or _all_before(found, oldest):
                break
        for ref in [one.ref for one in listed.values() if not one.whole]:
            yield _signed(_detail(ref), account)
        yield from _ask_local_numbers(account, listed.values())

    def purchase(self, account: Account, ref: str) -> Flow[None]:
        """One order with its local number. Raises NotFound."""
        one = orders.detailed((yield _signed(_detail(ref), account)))
        yield from _ask_local_numbers(account, [one])

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """Order and logistics news to ``address``. CJ wants products and stock named as well: they are switched off.
        CJ signs with the account's openId, so ``secret`` is not used.
        """
        topics = {"product": "CANCEL", "stock": "CANCEL", "order": "ENABLE", "logistics": "ENABLE"}
        body = {topic: {"type": verb, "callbackUrls": [address]} for topic, verb in topics.items()}
        request = _post("/webhook/set", body, changes=True)
        envelope.opened((yield _signed(request, account)))
        return {}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """``sign`` is base64 HMAC-SHA256 of the raw body under the openId. The openId that CJ puts into the body is
        taken out before anything is stored. ``messageId`` tells repetitions. A message that leaves out what the order
        list tells is a knock.
        """
        key = account.credentials.get("open_id", "")
        expected = signing.hmac_base64(key, delivery.body)
        if not key or not signing.same(expected, delivery.headers.get("sign", "")):
            raise Denied(message=Message(id="cjdropshipping.bad_signature"))
        body, message, whole = envelope.without_secret(delivery.body)
        told = Answer(what="push", body=body, received_at=delivery.received_at)
        return Received(answer=told if whole else None, key=message, knock=not whole)

    def read(self, answer: Answer) -> Facts:
        """Purchases of ``purchases`` and ``purchase``, tracks of ``numbers``, either of a ``push``."""
        if answer.what not in READERS:
            raise Broken(f"no reader for {answer.what!r}")
        return READERS[answer.what](answer)


def _valid(credentials: Mapping[str, str], token: str, now: datetime) -> bool:
    expires = credentials.get(f"{token}_expires_at", "")
    return bool(credentials.get(token)) and bool(expires) and datetime.fromisoformat(expires) - EARLY > now


def _too_soon(left: timedelta) -> Busy:
    return Busy(retry_after=left.total_seconds(), message=Message(id="cjdropshipping.token_wait"))


def _ask_local_numbers(account: Account, listed: Iterable[orders.Listed]) -> Flow[None]:
    """The courier's numbers of all platform numbers, some at a time."""
    numbers = sorted({one.platform_number for one in listed if one.platform_number})
    for first in range(0, len(numbers), NUMBERS):
        asked = numbers[first : first + NUMBERS]
        text = ",".join(asked)
        query = tuple(("trackNumber", one) for one in asked)
        request = _get("/logistic/trackInfo", query, what="numbers", subject=text, context={"numbers": text})
        tracks.numbers((yield _signed(request, account)))


def _all_before(found: Sequence[orders.Listed], oldest: datetime | None) -> bool:
    """The page is too old to go on. Newest first is usual but not documented: a rising page never ends a list."""
    times = [one.placed_at for one in found if one.placed_at]
    return oldest is not None and bool(times) and times[0] >= times[-1] and max(times) < oldest


def _detail(ref: str) -> Request:
    return _get("/shopping/order/getOrderDetail", (("orderId", ref),), what="purchase", subject=ref)


def _get(
    path: str,
    query: tuple[tuple[str, str], ...],
    *,
    what: str = "",
    subject: str = "",
    context: Mapping[str, str] | None = None,
) -> Request:
    return Request(method="GET", url=BASE + path, query=query, what=what, subject=subject, context=context or {})


def _post(path: str, body: Mapping[str, object], *, changes: bool = False) -> Request:
    headers = {"content-type": "application/json"}
    return Request(method="POST", url=BASE + path, headers=headers, body=msgspec.json.encode(body), changes=changes)


def _signed(request: Request, account: Account) -> Request:
    return replace(request, headers={**request.headers, "CJ-Access-Token": account.credentials["access_token"]})


def _pushed(answer: Answer) -> Facts:
    """ORDER is a purchase, LOGISTIC a track. ORDERSPLIT tells neither the store's order nor ids of the order list: the
    next poll brings its parts. Other types are none of our business.
    """
    push = envelope.decode(answer.body, envelope.Push)
    if push.type == "ORDER":
        return orders.pushed(push.params)
    return tracks.pushed(push.params) if push.type == "LOGISTIC" else Facts()


READERS: Final[Mapping[str, Callable[[Answer], Facts]]] = {
    "purchases": orders.purchases,
    "purchase": orders.purchase,
    "numbers": tracks.numbers,
    "push": _pushed,
}

CONNECTOR: Supplier = CJDropshipping()
