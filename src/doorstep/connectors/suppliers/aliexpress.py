"""AliExpress, the open platform's methods for dropshippers: purchases with their numbers, and AliExpress's own scans.
How the gateway is asked is in the package ``ae``; so is what its answers mean.

Sources: the portal's descriptions of the methods (order, list), its page on authorization, and clients' recorded
answers for the tracking method. A dropshipper is a buyer with an app of the type "Dropshipper". The list knows orders
of the dropshipping programme only, by the time they were paid, never by change: open orders are read again and again.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from doorstep.connectors import grants
from doorstep.connectors.answers import instant, text
from doorstep.connectors.bought import broken
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Denied,
    Facts,
    Field,
    Flow,
    Grant,
    Meta,
    NotFound,
    Refused,
    Request,
    Supplier,
)
from doorstep.connectors.suppliers.ae import gateway, orders, tracks
from doorstep.core.message import Message
from doorstep.core.order import Purchase, PurchaseState
from doorstep.core.status import Status

AUTHORIZE: Final = f"https://{gateway.HOST}/oauth/authorize"
PAGE: Final = 50
CALLS: Final = 60  # an end for a list that is always full
SHORTEST: Final = timedelta(minutes=2)  # a full list of less time than this is taken as it is
YOUNG: Final = timedelta(days=12)  # most numbers come and change within this: read at every poll
REACH: Final = timedelta(days=75)  # the others, once a day
LONG: Final = timedelta(days=1)  # asked to look back further than this, everything open is read
EARLY: Final = timedelta(hours=1)  # renew before the end
ZONES: Final = timedelta(days=1)  # covers whatever zone the list's times are in
OPEN, RECEIVED = "Payment Completed", "Buyer Confirmed Receipt"
ENDED: Final = frozenset({PurchaseState.DELIVERED, PurchaseState.CANCELLED})


class AliExpress:
    """A Supplier that a person allows in on AliExpress's page, with tokens that are renewed."""

    meta = Meta(
        name="aliexpress",
        label="AliExpress",
        hosts=frozenset({gateway.HOST}),
        polls_per_minute=120,
        can=frozenset({Can.PURCHASES, Can.GRANT}),
        fields=(
            Field(name="app_key", label="App Key", help="In the AliExpress open platform, App Console, your app."),
            Field(name="app_secret", label="App Secret", secret=True, help="Beside the App Key."),
        ),
        basis="the portal's descriptions of aliexpress.trade.ds.order.get and aliexpress.ds.commissionorder.listbyindex"
        " (order and list); shapes of answers in clients' tests (tracking)",
        docs="https://openservice.aliexpress.com/doc/doc.htm",
        proven="vendor sample",
        steps=(
            "Register as a buyer on AliExpress and sign the dropshipping agreement in the DS Center.",
            "On openservice.aliexpress.com create a Drop Shipping app and enter Doorstep's callback address in it.",
            "Enter App Key and App Secret here, then allow access on AliExpress's page as that buyer.",
            "Ask AliExpress to launch the app: until then access ends after 48 hours and has to be allowed again.",
        ),
        limits=(
            "Orders paid within 12 days are read at every poll, older open ones once a day, for 75 days.",
            "The quota of calls a day belongs to the app; AliExpress shows it in the App Console.",
        ),
        gaps=(
            "Orders bought outside the dropshipping programme are not listed.",
            "AliExpress does not repeat the shop's order number: match each purchase to its order once, by its number.",
            "It tells that an order was sent, not when.",
            "It does not tell which goods are in which of several parcels.",
            "Times of orders carry no zone and are read as US Pacific time, as AliExpress documents for its sellers.",
            "The courier's number is told only where AliExpress's tracking gives it.",
        ),
    )
    status: Mapping[str, Status] = tracks.STATUSES
    unseen: Final = frozenset[str]()

    def authorize(self, account: Account, grant: Grant) -> str:
        """AliExpress has no PKCE; the state protects the way back."""
        query = {
            "response_type": "code",
            "force_auth": "true",
            "client_id": account.settings.get("app_key", ""),
            "redirect_uri": grant.redirect,
            "state": grant.state,
        }
        return f"{AUTHORIZE}?{urlencode(query)}"

    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
        """The code into tokens. Raises Denied when the person said no or the state is not ours."""
        asked = {"code": grants.code(grant, query)}
        return _tokens((yield gateway.token_call(account, "/auth/token/create", asked)), account)

    def stale(self, account: Account) -> bool:
        """The access token ends within the hour, and there is something to renew it with."""
        return bool(account.credentials.get("refresh_token")) and _over(account, "access_until", EARLY)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """Both tokens anew. Raises Denied when the refresh token is over, too: only a person can help then."""
        if _over(account, "refresh_until", timedelta(0)):
            raise Denied(message=Message(id="aliexpress.session_over"))
        asked = {"refresh_token": account.credentials.get("refresh_token", "")}
        return _tokens((yield gateway.token_call(account, "/auth/token/refresh", asked)), account)

    def check(self, account: Account) -> Flow[Checked]:
        """Lists the orders of the last two days. The account's id is the buyer's."""
        end = account.now
        orders.page((yield _list(account, OPEN, end - 2 * LONG, end)))
        user = account.credentials.get("user_id", "")
        if not user:
            raise Denied(message=Message(id="aliexpress.session_over"))
        return Checked(external_id=user, label="AliExpress")

    def purchases(self, account: Account, since: datetime | None) -> Flow[None]:
        """Open orders, the older ones only when asked to look back a day or more; and those received since."""
        now = account.now
        all_of_them = since is None or now - since > LONG
        found = yield from _between(account, OPEN, now - (REACH if all_of_them else YOUNG) - ZONES, now + ZONES)
        refs = dict.fromkeys(one.ref for one in found)
        for one in (yield from _between(account, RECEIVED, now - REACH - ZONES, now + ZONES)):
            if since is None or one.finished_at is None or one.finished_at > since - ZONES:
                refs[one.ref] = None
        for ref in refs:
            try:
                yield from self.purchase(account, ref)
            except (NotFound, Refused):  # listed, and not ours to read: the others go on
                continue

    def purchase(self, account: Account, ref: str) -> Flow[None]:
        """One order, and AliExpress's scans of its parcels. Raises NotFound, for another buyer's order as well."""
        if not ref.isdigit():
            raise NotFound(message=Message(id="aliexpress.order_id"))
        asked = {"single_order_query": f'{{"order_id": {int(ref)}}}'}
        method = "aliexpress.trade.ds.order.get"
        answer = yield gateway.call(account, method, asked, what="purchase", subject=ref, context={"order": ref})
        gateway.opened(answer)
        for one in _told(answer):
            numbers = " ".join(number.text for number in one.numbers)
            if numbers and one.state not in ENDED:
                gateway.opened((yield _tracking(account, ref, numbers)))

    def read(self, answer: Answer) -> Facts:
        """A ``purchase``, or the tracks of its ``tracking``."""
        if answer.what not in READERS:
            raise Broken(f"no reader for {answer.what!r}")
        return READERS[answer.what](answer)


def _told(answer: Answer) -> tuple[Purchase, ...]:
    """The order of a good answer; of one in an odd shape nothing, so that the others are read. Raises NotFound."""
    try:
        return orders.purchase(answer).purchases
    except Broken:
        return ()


def _over(account: Account, ends: str, early: timedelta) -> bool:
    """Whether a token ends within ``early``, or nobody knows when."""
    until = instant(account.credentials.get(ends))
    return until is None or until - early <= account.now


def _tokens(answer: Answer, account: Account) -> Mapping[str, str]:
    """Credentials to save. A renewal may leave out the refresh token; the old one stays then."""
    said = gateway.opened(answer)
    access, ends = text(said.get("access_token")), _ends(said, "expire_time", "expires_in", account.now)
    if not access or ends is None:
        raise broken(gateway.LABEL, "no token")
    told = {"access_token": access, "access_until": ends.isoformat()}
    user = text(said.get("user_id")) or text(said.get("seller_id"))
    told |= {"user_id": user} if user else {}
    refresh = _ends(said, "refresh_token_valid_time", "refresh_expires_in", account.now)
    if text(said.get("refresh_token")) and refresh:
        told |= {"refresh_token": text(said["refresh_token"]), "refresh_until": refresh.isoformat()}
    return told


def _ends(said: Mapping[str, object], at: str, in_seconds: str, now: datetime) -> datetime | None:
    """When a token ends: as said in milliseconds since 1970, else in seconds from now."""
    stamp, seconds = text(said.get(at)), text(said.get(in_seconds))
    if stamp.isdigit() and len(stamp) <= 14:
        return datetime.fromtimestamp(int(stamp) / 1000, UTC)
    return now + timedelta(seconds=int(seconds)) if seconds.isdigit() and len(seconds) <= 10 else None


def _between(account: Account, status: str, start: datetime, end: datetime) -> Flow[list[orders.Listed]]:
    """The orders of a span. A full list may hide some, so its span is halved: how its pages go on is told differently
    in different places, what its times mean is not.
    """
    spans, found = [(start, end)], []
    for _ in range(CALLS):
        if not spans:
            break
        start, end = spans.pop()
        count, rows = orders.page((yield _list(account, status, start, end)))
        if count < PAGE or end - start < SHORTEST:
            found += rows
        else:
            middle = start + (end - start) / 2
            spans += [(start, middle), (middle, end)]
    return found


def _list(account: Account, status: str, start: datetime, end: datetime) -> Request:
    told = {"page_size": str(PAGE), "page_no": "1", "status": status}
    told |= {"start_time": _written(start), "end_time": _written(end)}
    return gateway.call(account, "aliexpress.ds.commissionorder.listbyindex", told)


def _written(at: datetime) -> str:
    return at.astimezone(orders.pacific()).strftime("%Y-%m-%d %H:%M:%S")


def _tracking(account: Account, ref: str, numbers: str) -> Request:
    asked, context = {"ae_order_id": ref, "language": "en_US"}, {"order": ref, "numbers": numbers}
    method = "aliexpress.ds.order.tracking.get"
    return gateway.call(account, method, asked, what="tracking", subject=ref, context=context)


READERS: Final[Mapping[str, Callable[[Answer], Facts]]] = {
    "purchase": orders.purchase,
    "tracking": tracks.tracking,
}

CONNECTOR: Supplier = AliExpress()
