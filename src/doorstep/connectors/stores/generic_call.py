"""The call that a merchant describes: address, headers and body with named places, and where the answer has the id.

Places are ``{number}`` and so on. In an address they are percent-encoded, in a body they are the inside of a JSON
string; ``{lines}`` and ``{notify}`` stand for whole JSON values.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Final
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

import msgspec

from doorstep.connectors.answers import text
from doorstep.connectors.contract import Account, Refused, Shipment
from doorstep.core.message import Message

PLACES: Final = (
    *("order", "number", "carrier", "carrier_code", "url", "shipped_at", "key", "replaces", "former"),
    *("lines", "notify"),
)
METHODS: Final = ("POST", "PUT", "PATCH")
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*)")
_OURS: Final = frozenset({"content-length", "content-type", "host", "idempotency-key", "transfer-encoding"})


def values(account: Account, shipment: Shipment) -> Mapping[str, object]:
    """What each place stands for."""
    return {
        "order": shipment.order,
        "number": shipment.number,
        "carrier": shipment.carrier_name,
        "carrier_code": shipment.carrier,
        "url": shipment.url,
        "shipped_at": (shipment.shipped_at or account.now).astimezone(UTC).isoformat(timespec="seconds"),
        "key": shipment.key,
        "replaces": shipment.replaces,
        "former": shipment.former,
        "lines": [{"line": one.line, "quantity": one.qty} for one in shipment.contents],
        "notify": shipment.notify,
    }


def address(account: Account, template: str, told: Mapping[str, object]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The address without its query, and the query. Raises Refused for another host than the shop's own."""
    filled = _PLACE.sub(lambda found: quote(_spelled(_known(found[1], told)), safe=""), template.strip())
    home = account.base_url.strip().rstrip("/")
    home = home if "://" in home else f"https://{home}"
    url = urlsplit(urljoin(f"{home}/", filled) if "://" in filled else f"{home}/{filled.lstrip('/')}")
    if url.hostname != urlsplit(home).hostname or url.scheme != urlsplit(home).scheme:
        raise Refused(filled, message=Message(id="generic.other_host", values={"url": filled}))
    return f"{url.scheme}://{url.netloc}{url.path}", tuple(parse_qsl(url.query, keep_blank_values=True))


def body(template: str, told: Mapping[str, object]) -> bytes:
    """The body as it is sent. Raises Refused where it is no JSON."""
    filled = _PLACE.sub(lambda found: _written(_known(found[1], told)), template).encode()
    try:
        msgspec.json.decode(filled)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(str(error), message=Message(id="generic.not_json", values={"said": str(error)})) from error
    return filled


def headers(lines: str) -> dict[str, str]:
    """``Name: value`` of each line. Raises Refused, without repeating what may be secret."""
    found = [(place, _HEADER.fullmatch(one.strip())) for place, one in enumerate(lines.splitlines(), 1) if one.strip()]
    for place, header in found:
        if header is None or header[1].lower() in _OURS:
            raise Refused("a header", message=Message(id="generic.bad_header", values={"line": place}))
    return {header[1]: header[2].strip() for _, header in found if header}


def method(account: Account) -> str:
    """POST where nothing was chosen. Raises Refused for what does not change anything."""
    chosen = (account.settings.get("call_method") or "POST").strip().upper()
    if chosen not in METHODS:
        raise Refused(chosen, message=Message(id="generic.bad_method", values={"method": chosen}))
    return chosen


def at_path(found: object, path: str) -> str:
    """The scalar at ``data.shipment.id`` (``0`` is the first of a list); '' where there is none."""
    for step in filter(None, path.strip().split(".")):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return ""
    return text(found)


def _known(name: str, told: Mapping[str, object]) -> object:
    if name not in told:
        values = {"place": name, "places": ", ".join(told)}
        raise Refused(name, message=Message(id="generic.unknown_place", values=values))
    return told[name]


def _spelled(value: object) -> str:
    """For an address: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _written(value: object) -> str:
    """JSON; of a text only the inside of the quotes, which are in the template."""
    written = msgspec.json.encode(value).decode()
    return written[1:-1] if isinstance(value, str) else written
