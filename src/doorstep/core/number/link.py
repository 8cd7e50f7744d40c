"""Numbers in links: carriers' own tracking pages, aggregators', and links that wrap another link."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from doorstep.core.number.directory import (
    carrier,
    carrier_by_key,
    carrier_named,
    carrier_of_host,
    related,
    well_known,
)
from doorstep.core.number.format import Bare, Fit, fits
from doorstep.core.number.look_alike import plausible
from doorstep.core.number.text import normalize
from doorstep.core.number.vendor_keys import carrier_at

# Query keys (lower case, without punctuation and trailing digits) that name a tracking number on any host; those that
# do on a carrier's own host if the value has the form of its numbers, elsewhere if that form is telling by itself; and
# those that name the carrier.
_TELLING = re.compile(
    r"awb(number)?|nums|(qtc)?tlabels|(selected|(str)?orig)?trc?knu?m|trknbr|waybill(no)?|"
    r"(str)?(orig)?track(ing|ed)?(id|identifier|code|nos?|nums?|numbers?(input)?)?"
)
_OWN = re.compile(
    r"b|barcode|cn|code|coli?s?part|colli|cons?|consignment(number)?|documentcode|(formatted)?parcelcodes?|idc?|"
    r"inquirynumber|items?(code|id)?|listenumeros(lt)?|logisticsno|lt|mailno(list)?|match|no|nspediz|numbers?|numero|"
    r"obje[ct]t?o?s?|okurijono|p|parcel(id|numbers?)?|piececode|pin|pknr|pno|pnum|q|query|ref(erence)?|requestno|"
    r"search(for|id)?|shipment(id)?|shippingnumber|sid|snr|tc|tlc"
)
_CARRIER = re.compile(r"carrier(code|name)?|courier(code|name)?|express|shippingcompany|slug")
_SEVERAL = re.compile(r"[,;|/\s+]+")
_WRAPPED = re.compile(r"https?:/.+")
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
    number = _in_template(url, code) or _in_pairs(pairs, code) or _in_segments(segments, code)
    if number:
        return number, code or _named_by(parts.hostname, pairs, segments)
    wrapped = _WRAPPED.search(unquote(parts.path))
    inner = [wrapped[0]] if wrapped else [value for _, value in pairs if "://" in value]
    return next(filter(None, (_number_in(value, depth - 1) for value in inner if depth)), None)


def _named_by(host: str, pairs: list[tuple[str, str]], segments: list[str]) -> str:
    """The carrier that a link of somebody else names itself; '' if it names none."""
    if host.endswith(".aftership.com") and (code := _first(carrier_at("aftership", part) for part in segments)):
        return code
    if host.endswith(".17track.net") and (code := _first(_by_key(value) for key, value in pairs if key == "fc")):
        return code
    return _first(carrier_named(value) for key, value in pairs if _CARRIER.fullmatch(key)) or _first(
        map(well_known, segments)
    )


def _first(codes: Iterable[str]) -> str:
    return next(filter(None, codes), "")


def _by_key(value: str) -> str:
    return carrier_by_key(int(value)) if value.isascii() and value.isdigit() else ""


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
        if number and (_TELLING.fullmatch(key) or (_OWN.fullmatch(key) and _is_theirs(number, code))):
            return number
    return ""


def _is_theirs(number: str, code: str) -> bool:
    """Whether a number has a format of the host's carrier or of who hands to it, or on any host a telling one."""
    partners = carrier(code).partners if code else ()
    return any(
        _belongs(fit, code) or any(related(fit.carrier, partner) for partner in partners) for fit in fits(number)
    )


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
    """The first of the numbers in a value, normalized; '' if it cannot be one. What else a link puts behind the number
    (``3SABCD1234567-NL-1234AB``) is left out where the number alone has a form.
    """
    whole = normalize(value)
    if not fits(whole):
        first = _SEVERAL.split(value.strip())[0]
        alone = normalize(first.partition("-")[0])
        whole = alone if fits(alone) else normalize(first)
    return whole if plausible(whole) else ""
