"""One-legged OAuth 1.0a (RFC 5849) as WooCommerce demands it on plain http: HMAC-SHA256, empty token secret."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import parse_qsl, quote, unquote

from aiohttp import web

from sandbox.clock import Clock

WINDOW = timedelta(minutes=15)
REMEMBERED = 100_000  # nonces: more than are used within the window
NEEDED = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")


class BadSignature(Exception):
    """Why the store refuses the call, in the store's words."""


def signature(method: str, url: str, parameters: Iterable[tuple[str, str]], secret: str) -> str:
    """base64 HMAC-SHA256 over the base string."""
    base = base_string(method, url, parameters)
    return b64encode(hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()).decode()


def base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """RFC 5849 section 3.4.1. ``parameters`` of query and header without oauth_signature; ``url`` without its query."""
    pairs = sorted((_encode(name), _encode(value)) for name, value in parameters)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method.upper(), _encode(url), _encode(joined)))


class Gate:
    """Lets in who signs with the shop's key. Remembers nonces."""

    def __init__(self, *, key: str, secret: str, clock: Clock) -> None:
        self._key = key
        self._secret = secret
        self._clock = clock
        self._nonces: dict[tuple[str, str], None] = {}

    def check(self, request: web.Request) -> None:
        """Raises BadSignature unless the call is signed, fresh and not a repetition."""
        pairs = [*parse_qsl(request.url.raw_query_string, keep_blank_values=True), *_from_header(request)]
        said = dict(pairs)
        missing = [name for name in NEEDED if not said.get(name)]
        if missing:
            raise BadSignature(f"Missing OAuth parameters: {', '.join(missing)}")
        if said["oauth_consumer_key"] != self._key:
            raise BadSignature("Consumer key is invalid.")
        if said["oauth_signature_method"] != "HMAC-SHA256":
            raise BadSignature("Invalid signature - signature method is invalid.")
        url = f"{request.scheme}://{request.host}{request.rel_url.raw_path}"
        wanted = signature(request.method, url, [pair for pair in pairs if pair[0] != "oauth_signature"], self._secret)
        if not hmac.compare_digest(wanted, said["oauth_signature"]):
            raise BadSignature("Invalid signature - provided signature does not match.")
        self._check_fresh(said["oauth_timestamp"], said["oauth_nonce"])

    def _check_fresh(self, timestamp: str, nonce: str) -> None:
        # The window is 15 real minutes: networks do not get faster because the demo's days do.
        if not timestamp.isdigit() or abs(int(timestamp) - self._clock.now().timestamp()) > (
            WINDOW.total_seconds() * self._clock.rate
        ):
            raise BadSignature("Invalid timestamp.")
        if (timestamp, nonce) in self._nonces:
            raise BadSignature("Invalid nonce - nonce has already been used.")
        self._nonces[timestamp, nonce] = None
        if len(self._nonces) > REMEMBERED:
            del self._nonces[next(iter(self._nonces))]


def _encode(text: str) -> str:
    return quote(text, safe="-._~")


def _from_header(request: web.Request) -> list[tuple[str, str]]:
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "oauth":
        return []
    parts = (part.strip().partition("=") for part in rest.split(","))
    return [(unquote(name), unquote(value.strip('"'))) for name, _, value in parts if name != "realm"]
