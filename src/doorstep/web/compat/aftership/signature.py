"""Requests that are signed ("AES" in the SDKs: HMAC-SHA256 over what is asked). The secret is the key itself, which
comes along: Doorstep keeps no secret of a key, only its hash. So a signature proves nothing more than the key does; one
that is wrong still says that something on the way changed the request.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from doorstep.core.message import Message
from doorstep.web.api.problem import Declined

HMAC: Final = "as-signature-hmac-sha256"
RSA: Final = "as-signature-rsa-sha256"
_JS: Final = "!'()*~"  # what querystring.escape leaves as it is
_KINDS: Final = frozenset({HMAC, RSA})


def check(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raises Declined for a wrong signature, and for one of a kind that cannot be checked here. ``headers`` in lower
    case; ``query`` as it was sent.
    """
    if RSA in headers:
        raise Declined("no_key", Message(id="compat.no_rsa"))
    if HMAC not in headers:
        return
    secret = headers.get("as-api-key", "")
    said = headers[HMAC].encode()
    told = [_signed(secret, method, resource, headers, body) for resource in _resources(path, query)]
    if not any(hmac.compare_digest(one, said) for one in told):
        raise Declined("no_key", Message(id="compat.bad_signature"))


def _resources(path: str, query: str) -> list[str]:
    """The address with its parameters in order. The SDKs write a blank in different ways."""
    if not query:
        return [path]
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return [f"{path}?{urlencode(pairs)}", f"{path}?{urlencode(pairs, quote_via=quote, safe=_JS)}"]


def _signed(secret: str, method: str, resource: str, headers: Mapping[str, str], body: bytes) -> bytes:
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest().upper() if body else ""
    named = sorted((name, value.strip()) for name, value in headers.items() if name.startswith("as-"))
    lines = (
        method,
        md5,
        headers.get("content-type", "") if body else "",
        headers.get("date", ""),
        "\n".join(f"{name}:{value}" for name, value in named if name not in _KINDS),
        resource,
    )
    return base64.b64encode(hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).digest())
