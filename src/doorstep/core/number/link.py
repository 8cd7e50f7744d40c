"""Numbers in links: carriers' own tracking pages, aggregators', and links that wrap another link."""

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from doorstep.core.number.directory import carrier, carrier_named, carrier_of_host, related
from doorstep.core.number.format import Bare, Fit, fits
from doorstep.core.number.look_alike import plausible
from doorstep.core.number.text import normalize

# Query keys (lower case, without punctuation and trailing digits) that name a tracking number on any host, and those
# that do on a carrier's own host if the value has the form of its numbers.
_TELLING = re.compile(
    r"awb(number)?|nums|(qtc)?tlabels|(selected)?trc?knu?m|trknbr|waybill(no)?|"
    r"track(ing|ed)?(id|identifier|code|no|nums?|numbers?)?"
)
_OWN = re.compile(
    r"barcode|cn|code|colli|cons?|consignment(number)?|documentcode|idc?|inquirynumber|item(code|id)|logisticsno|lt|"
    r"mailno(list)?|match|no|numbers?|obje[ct]+s?|okurijono|p|parcel(id|numbers?)?|piececode|q|ref(erence)?|"
    r"search(for|id)?|shipment(id)?|shippingnumber|sid|tlc|snr"
)
_SEVERAL = re.compile(r"[,;|\s+]+")
_DEEPEST = 3


def number_in_link(url: str) -> tuple[str, str] | None:
    """The tracking number that a link is about and our code of the carrier whose page it is ('' if a page of somebody
    else's); None if it is about none. Of several numbers the first. Links inside links are followed without asking
    anyone. Never raises.
    """
    return _number_in(url, _DEEPEST)


def host_of(url: str) -> str:
    """The host of a link, lower case; '' if it has none."""
    parts = _split(url)
    return (parts.hostname or "") if parts else ""


def _number_in(url: str, depth: int) -> tuple[str, str] | None:
    parts = _split(url)
    if not parts or not parts.hostname:
        return None
    code = carrier_of_host(parts.hostname)
    pairs = list(_pairs(parts))
    segments = list(_segments(parts))
    named = code or next(filter(None, map(carrier_named, segments)), "")
    number = _in_template(url, code) or _in_pairs(pairs, code) or _in_segments(segments, code)
    if number:
        return number, named
    inner = (value for _, value in pairs if "://" in value) if depth else ()
    return next(filter(None, (_number_in(value, depth - 1) for value in inner)), None)


def _split(url: str) -> SplitResult | None:
    url = url.strip().strip("<>")
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host = parts.hostname or ""
    except ValueError:  # a broken IPv6 host, or characters that no host may have
        return None
    return parts if "." in host else None


def _pairs(parts: SplitResult) -> Iterator[tuple[str, str]]:
    """Keys (as ``_TELLING`` and ``_OWN`` have them) and values of the query, and of a query inside the fragment."""
    for query in (parts.query, parts.fragment.partition("?")[2] or parts.fragment):
        for key, value in parse_qsl(query, max_num_fields=None):
            yield "".join(re.findall("[a-z0-9]", key.lower())).rstrip("0123456789"), value


def _segments(parts: SplitResult) -> Iterator[str]:
    for path in (parts.path, parts.fragment.partition("?")[0]):
        yield from (unquote(segment) for segment in reversed(path.split("/")) if segment)


def _in_template(url: str, code: str) -> str:
    """The number in the place where the carrier's own link has it."""
    found = _template(code).search(url) if code and carrier(code).link else None
    return _one(unquote(found[1])) if found else ""


@cache
def _template(code: str) -> re.Pattern[str]:
    before, _, after = carrier(code).link.removeprefix("https://www.").removeprefix("https://").partition("{number}")
    return re.compile(re.escape(before) + "([^/?&#]+)" + re.escape(after), re.IGNORECASE)


def _in_pairs(pairs: list[tuple[str, str]], code: str) -> str:
    for key, value in pairs:
        number = _one(value)
        own = code and _OWN.fullmatch(key) and any(related(fit.carrier, code) for fit in fits(number))
        if number and (own or _TELLING.fullmatch(key)):
            return number
    return ""


def _in_segments(segments: list[str], code: str) -> str:
    """A part of the path that has a format of the host's carrier, or on any host one that is telling by itself."""
    for segment in segments:
        number = normalize(segment)
        if any(_belongs(fit, code) for fit in fits(number)):
            return number
    return ""


def _belongs(fit: Fit, code: str) -> bool:
    if code and related(fit.carrier, code):
        return True
    return fit.format.bare is Bare.CERTAIN or (fit.format.bare is Bare.LIKELY and bool(fit.format.prefix))


def _one(value: str) -> str:
    """The first of the numbers in a value, normalized; '' if it cannot be one."""
    whole = normalize(value)
    first = whole if fits(whole) else normalize(_SEVERAL.split(value.strip())[0])
    return first if plausible(first) else ""
