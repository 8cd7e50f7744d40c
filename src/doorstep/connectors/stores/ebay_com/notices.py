"""eBay's notices: the question it asks an address, where it sends them, and whether one is really its own.

Each is signed with an elliptic-curve key that eBay names by an id. The connector cannot ask while a notice waits, so an
id it does not know is learned, the notice counts as a knock (nothing in it is believed), and ``renew`` fetches the key
before the flow that the knock started. From then on a notice whose signature does not fit is refused.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from doorstep.connectors.answers import convert, text
from doorstep.connectors.contract import Account, Answer, Delivery, Denied, Flow, NotFound, Received, Refused
from doorstep.connectors.stores.ebay_com.wire import application_token, data, request
from doorstep.core.message import Message

TOPIC: Final = "ORDER_CONFIRMATION"  # the only one of a seller's orders; every later change is polled
PATH: Final = "/commerce/notification/v1"
KEY: Final = "public_key "  # name of a credential, before the key's id
WANTED, NONE = "", "none"  # a key not fetched yet, and one that eBay does not have
AT_MOST: Final = 8  # keys kept; eBay changes its key rarely
# eBay signs with SHA-1 today and names the digest beside the key. Only ECDSA's own digest, no certificate, hangs on it.
DIGESTS: Final[Mapping[str, type[hashes.HashAlgorithm]]] = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256}


class _Signature(msgspec.Struct):
    kid: str
    signature: str


class _PublicKey(msgspec.Struct):
    key: str
    digest: str = "SHA1"


def answer_to(address: str, secret: str, query: Mapping[str, str]) -> bytes:
    """The answer to ``?challenge_code=``: its hash with our token and address, in this order. Raises Refused."""
    code = query.get("challenge_code", "")
    if not code or not secret:
        raise Refused("no challenge", message=Message(id="stores.refused", values={"said": "no challenge_code"}))
    asked = hashlib.sha256((code + secret + address).encode()).hexdigest()
    return msgspec.json.encode({"challengeResponse": asked})


def receive(account: Account, delivery: Delivery) -> Received:
    """Every notice is a knock: it names an order and tells nothing of it. Those of other topics are only accepted.
    Raises Denied.
    """
    signed = _signature(delivery.headers.get("x-ebay-signature", ""))
    name = KEY + signed.kid
    key = account.credentials.get(name, WANTED)
    if key == WANTED:
        known = sum(one.startswith(KEY) for one in account.credentials)
        if name not in account.credentials and known >= AT_MOST:
            raise Denied("another key", message=Message(id="stores.bad_signature"))
        learned = {} if name in account.credentials else {name: WANTED}
        return Received(answer=None, knock=True, learned=learned)
    if not _fits(key, signed.signature, delivery.body):
        raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
    return Received(answer=None, knock=_topic(delivery.body) == TOPIC)


def wanted(account: Account) -> list[str]:
    """Ids of the keys that are still to be fetched."""
    return [name.removeprefix(KEY) for name, key in account.credentials.items() if name.startswith(KEY) and not key]


def fetch_keys(account: Account) -> Flow[Mapping[str, str]]:
    """The wanted keys as credentials. One that eBay does not know is remembered as such: its notices are refused."""
    token = yield from application_token(account)
    found: dict[str, str] = {}
    for kid in wanted(account):
        answer = yield request(account, "GET", f"{PATH}/public_key/{kid}", token=token)
        try:
            key = convert(data(answer), _PublicKey)
            found[KEY + kid] = f"{key.digest} {key.key}"
        except (NotFound, Refused):
            found[KEY + kid] = NONE
    return found


def subscribe(account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
    """One destination (eBay asks its question while it is made) and one subscription of the seller, made or mended."""
    token = yield from application_token(account)
    yield from _alert(account, token)
    body = {
        "name": "Doorstep",
        "status": "ENABLED",
        "deliveryConfig": {"endpoint": address, "verificationToken": secret},
    }
    there = yield from _destination(account, token, address)
    if there:
        data((yield request(account, "PUT", f"{PATH}/destination/{there}", body=body, token=token)))
    else:
        answer = yield request(account, "POST", f"{PATH}/destination", body=body, token=token)
        data(answer)
        there = made(answer)
    yield from _subscription(account, there)
    return {"hook_secret": secret}


def made(answer: Answer) -> str:
    """The id of what a 201 created: the end of its ``Location``."""
    return answer.headers.get("location", "").partition("?")[0].rstrip("/").rpartition("/")[2]


def _alert(account: Account, token: str) -> Flow[None]:
    """eBay takes no destination before it knows whom to tell when the destination does not answer."""
    try:
        data((yield request(account, "GET", f"{PATH}/config", token=token)))
    except NotFound:
        email = account.settings.get("alert_email", "")
        if not email:
            raise Refused("no alert address", message=Message(id="ebay.no_alert_email")) from None
        data((yield request(account, "PUT", f"{PATH}/config", body={"alertEmail": email}, token=token)))


def _destination(account: Account, token: str, address: str) -> Flow[str]:
    """The id of the destination with this address, '' = none."""
    found = yield from _listed(account, "destination", token)
    return next((text(one.get("destinationId")) for one in found if address in _endpoint(one)), "")


def _endpoint(destination: Mapping[str, object]) -> tuple[str, ...]:
    config = destination.get("deliveryConfig")
    return (text(config.get("endpoint")),) if isinstance(config, dict) else ()


def _subscription(account: Account, destination: str) -> Flow[None]:
    for one in (yield from _listed(account, "subscription", None)):
        if (one.get("topicId"), one.get("destinationId")) == (TOPIC, destination):
            if one.get("status") != "ENABLED":
                path = f"{PATH}/subscription/{text(one.get('subscriptionId'))}/enable"
                data((yield request(account, "POST", path)))
            return
    payload = {"format": "JSON", "schemaVersion": "1.0", "deliveryProtocol": "HTTPS"}
    body = {"topicId": TOPIC, "status": "ENABLED", "payload": payload, "destinationId": destination}
    data((yield request(account, "POST", f"{PATH}/subscription", body=body)))


def _listed(account: Account, what: str, token: str | None) -> Flow[list[dict[str, object]]]:
    """The first hundred: an application has one destination per installation, a seller one subscription per topic."""
    answer = yield request(account, "GET", f"{PATH}/{what}", query=(("limit", "100"),), token=token)
    found = convert(data(answer), dict[str, object]).get(f"{what}s")
    return convert(found or [], list[dict[str, object]])


def _signature(header: str) -> _Signature:
    try:
        signed = msgspec.json.decode(base64.b64decode(header, validate=True), type=_Signature)
    except (ValueError, msgspec.DecodeError):
        raise Denied("no signature", message=Message(id="stores.bad_signature")) from None
    if not re.fullmatch(r"[A-Za-z0-9-]{8,64}", signed.kid):
        raise Denied("not an id of a key", message=Message(id="stores.bad_signature"))
    return signed


def _fits(key: str, signature: str, body: bytes) -> bool:
    """eBay signs the JSON without spaces. It is sent so; where something in between wrote it anew, it is made so."""
    digest, _, written = key.partition(" ")
    der = re.sub(r"-----[A-Z ]+-----|\s", "", written)
    try:
        public = load_der_public_key(base64.b64decode(der, validate=True))
        raw = base64.b64decode(signature, validate=True)
        bodies = {body, msgspec.json.encode(msgspec.json.decode(body))}
    except (ValueError, binascii.Error, UnsupportedAlgorithm, msgspec.DecodeError, RecursionError):
        return False
    if not isinstance(public, EllipticCurvePublicKey) or digest not in DIGESTS:
        return False
    return any(_verified(public, raw, one, DIGESTS[digest]()) for one in bodies)


def _verified(public: EllipticCurvePublicKey, signature: bytes, body: bytes, digest: hashes.HashAlgorithm) -> bool:
    try:
        public.verify(signature, body, ECDSA(digest))
    except InvalidSignature:
        return False
    return True


def _topic(body: bytes) -> str:
    found = msgspec.json.decode(body)
    metadata = found.get("metadata") if isinstance(found, dict) else None
    return text(metadata.get("topic")) if isinstance(metadata, dict) else ""
