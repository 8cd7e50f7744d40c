"""Who moves parcels: names and spellings, sites, tracking links, partners.

``carriers.csv`` are the carriers that are known well: their numbers, links, partners. ``named.csv`` are the others that
vendors list, so that whatever a shop or a supplier writes has one code; it is read only when the first does not answer.
One carrier a row; lists inside a cell are separated by spaces (aliases by ``;``). What single vendors call a carrier is
in ``vendor_keys``.
"""

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from doorstep.core.number.vendor_keys import carriers_spelled

# Names that are also everyday words: taken only when they are the whole text.
_EVERYDAY = re.compile(
    "ac[st]|apc|aras|best|bonds|bring|cdl|cj|cne|cpc|dao|dtd|dx|flyt|general post office|jd|janio|landmark|lettermail|"
    "lex|northline|oca|osm|passport|pb|pilot|posten|ppl|sf|sfc|spx|tcs|toll|uds|veho|we post|winit|xpo"
)
_PLACED = re.compile("([A-Z]{2})_([A-Z0-9_]+)")
_ANYONES_PAGE = "https://t.17track.net/en#nums={number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierInfo:
    """One carrier.

    ``family`` is the code of the brand it belongs to (``dpd`` for ``dpd_uk``), ``country`` the only country it works
    from, '' = several. ``s10`` are the countries whose S10 numbers it issues. ``link`` has one ``{number}``; '' = no
    page of the carrier that takes the number is known. ``partners`` often carry the last mile. ``suppliers`` ship with
    it.
    """

    code: str
    name: str
    family: str
    country: str
    s10: tuple[str, ...]
    seventeen_track: tuple[int, ...]
    sites: tuple[str, ...]
    link: str
    aliases: tuple[str, ...]
    partners: tuple[str, ...]
    suppliers: tuple[str, ...]

    @property
    def site(self) -> str:
        """The carrier's own site, '' if none is known."""
        return f"https://www.{self.sites[0]}/" if self.sites else ""

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages (ISO 639-1) of the country it works from, the most spoken first; empty if it works from several."""
        return _languages().get(self.country, ())


@cache
def carrier(code: str) -> CarrierInfo:
    """The carrier of one of our codes; KeyError if it is none."""
    return _carrier(_known().get(code) or _named()[code])


def carriers() -> tuple[CarrierInfo, ...]:
    """Every carrier that is known well, in the order of the table: the best known first."""
    return tuple(map(carrier, _known()))


def all_carriers() -> tuple[CarrierInfo, ...]:
    """Those of ``carriers``, then those of which little more than the name is known."""
    return (*carriers(), *map(carrier, _named()))


def carrier_named(text: str, *, country: str = "") -> str:
    """The code of a carrier from any spelling of its code, name, alias or key at a vendor, with or without something
    in parentheses, with or without its country before it as vendors write it (``CN_YANWEN``); '' if nobody has that
    name, or several have and ``country`` (ISO 3166) does not tell which.
    """
    squeezed = _squeezed(text)
    if not country and (text in _known() or (squeezed not in _spellings() and text in _named())):
        return text
    whole = _named_so(squeezed, country)
    if whole or not text:
        return whole
    placed = _PLACED.fullmatch(text)
    if placed and (code := _named_so(_squeezed(placed[2]), placed[1])) and _row(code)["country"] == placed[1]:
        return code
    return _named_so(_squeezed(re.sub(r"\([^()]*\)", " ", text)), country)


def well_known(text: str) -> str:
    """The code of a well-known carrier from any spelling of its code, name or alias; '' if none is called so."""
    return _spellings().get(_spelling(text), "")


def carriers_in(text: str) -> tuple[str, ...]:
    """Codes of the well-known carriers named anywhere in running text, in order of appearance, longest names first."""
    if whole := well_known(text):
        return (whole,)
    words = _spelling(text).split()
    found: dict[str, None] = {}
    start = 0
    while start < len(words):
        code, taken = _name_at(words, start)
        if code:
            found[code] = None
        start += taken
    return tuple(found)


def carriers_said(text: str) -> tuple[str, ...]:
    """The carriers that a field for a carrier's name means: the one with that name, else those named in it."""
    whole = carrier_named(text)
    return (whole,) if whole else carriers_in(text)


def tracking_link(code: str, number: str, *, anyone: bool = False) -> str:
    """The carrier's own page about a number, or its brand's where that serves all countries; '' if the code or the page
    is not known. With ``anyone`` 17TRACK's page instead of nothing for every carrier that we know.
    """
    if code not in _known() and code not in _named():
        return ""
    info = carrier(code)
    brand = carrier(info.family) if info.family else info
    template = info.link or ("" if brand.country else brand.link)
    if anyone and not template:
        key = key_of(code)
        template = _ANYONES_PAGE if key is None else f"{_ANYONES_PAGE}&fc={key}"
    return template.replace("{number}", quote(number, safe=""))


def carrier_by_key(key: int) -> str:
    """Our code for a 17TRACK carrier key; '' if nobody has it."""
    return _keys().get(str(key), "")


def key_of(code: str) -> int | None:
    """The 17TRACK key to register a carrier's number with, its brand's where it has none; None if there is none."""
    row = _row(code)
    keys = row["seventeen_track"].split()
    if keys:
        return int(keys[0])
    return key_of(row["family"]) if row["family"] else None


def carrier_of_country(country: str) -> str:
    """The designated postal operator that issues a country's S10 numbers (two letters); '' if there is none."""
    return _operators().get(country, "")


def carrier_of_host(host: str) -> str:
    """The carrier a web host or mail domain belongs to (``www.ups.com`` → ``ups``); '' if it is nobody's or more than
    one's.
    """
    labels = host.strip().lower().rstrip(".").split(".")
    names = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    known = next(filter(None, map(_hosts().get, names)), "")
    return known or next(filter(None, map(_hosts_of_named().get, names)), "")


def related(one: str, other: str) -> bool:
    """Whether two codes are the same carrier, or one is the brand that the other belongs to."""
    return bool(one and other) and (one == other or _row(one)["family"] == other or _row(other)["family"] == one)


_Row = Mapping[str, str]
_NOBODY: _Row = {"seventeen_track": "", "family": ""}


def _row(code: str) -> _Row:
    return _known().get(code) or _named().get(code, _NOBODY)


@cache
def _known() -> Mapping[str, _Row]:
    return dict(_rows("carriers.csv"))


@cache
def _named() -> Mapping[str, _Row]:
    return dict(_rows("named.csv"))


def _rows(file: str) -> Iterator[tuple[str, _Row]]:
    with Path(__file__).with_name(file).open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        head = next(rows)
        for row in rows:
            yield row[0], dict(zip(head, row, strict=True))


@cache
def _languages() -> Mapping[str, tuple[str, ...]]:
    rows = tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8"))
    return {country: tuple(languages.split()) for country, languages in rows.items()}


def _carrier(row: _Row) -> CarrierInfo:
    return CarrierInfo(
        code=row["code"],
        name=row["name"],
        family=row["family"],
        country=row["country"],
        s10=tuple(row.get("s10", "").split()),
        seventeen_track=tuple(int(key) for key in row["seventeen_track"].split()),
        sites=tuple(row["sites"].split()),
        link=row.get("link", ""),
        aliases=tuple(_aliases(row)),
        partners=tuple(row.get("partners", "").split()),
        suppliers=tuple(row.get("suppliers", "").split()),
    )


def _aliases(row: _Row) -> Iterator[str]:
    return filter(None, row["aliases"].split(";"))


def _spelling(text: str) -> str:
    """Lower-case words with single spaces: case, punctuation and dashes do not distinguish names."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _squeezed(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text.casefold()))


def _named_so(squeezed: str, country: str) -> str:
    """Whoever has a name without its spaces, the well-known first; in a country, whoever has it there."""
    known = _spellings().get(squeezed, "")
    if not squeezed or (known and country in ("", _row(known)["country"])):
        return known
    named = _spellings_of_named().get(squeezed, ())
    spelled = carriers_spelled(squeezed)
    here = [code for code in named if country and _row(code)["country"] == country]
    here += [code for place, code in spelled if country and place == country]
    return _only(here) or known or _only(named or [code for place, code in spelled if not place])


def _only(codes: Sequence[str]) -> str:
    return codes[0] if len(set(codes)) == 1 else ""


@cache
def _spellings() -> Mapping[str, str]:
    """Every spelling of the well-known carriers, with single spaces and without any."""
    spellings: dict[str, str] = {}
    for code, row in _known().items():
        for text in (code, row["name"], *_aliases(row)):
            spelling = _spelling(text)
            spellings.setdefault(spelling, code)
            spellings.setdefault(spelling.replace(" ", ""), code)
    return spellings


@cache
def _spellings_of_named() -> Mapping[str, Sequence[str]]:
    """Every spelling of the others, without spaces; and with the country behind it where nobody is called so."""
    spellings: dict[str, list[str]] = {}
    placed: dict[str, list[str]] = {}
    for code, row in _named().items():
        for text in {_squeezed(text) for text in (code, row["name"], *_aliases(row))}:
            spellings.setdefault(text, []).append(code)
            placed.setdefault(text + row["country"].lower(), []).append(code)
    return placed | spellings


def _name_at(words: list[str], start: int) -> tuple[str, int]:
    """The longest carrier name that begins at a word: its code and how many words it takes ('', 1 if none does)."""
    for taken in range(min(5, len(words) - start), 0, -1):
        spelling = " ".join(words[start : start + taken])
        if not _EVERYDAY.fullmatch(spelling) and (code := _spellings().get(spelling)):
            return code, taken
    return "", 1


@cache
def _keys() -> Mapping[str, str]:
    rows = (*_known().items(), *_named().items())
    return {key: code for code, row in rows for key in row["seventeen_track"].split()}


@cache
def _operators() -> Mapping[str, str]:
    return {country: code for code, row in _known().items() for country in row["s10"].split()}


@cache
def _hosts() -> Mapping[str, str]:
    return dict(_pairs_of_hosts())


def _pairs_of_hosts() -> Iterator[tuple[str, str]]:
    """Hosts of links first, so that a carrier's own site wins where two carriers share a tracking page."""
    for code, row in reversed(list(_known().items())):
        if row["link"]:
            yield row["link"].split("/")[2].removeprefix("www."), code
    for code, row in reversed(list(_known().items())):
        yield from ((site, code) for site in row["sites"].split())


@cache
def _hosts_of_named() -> Mapping[str, str]:
    """Sites that only one of the less known carriers has."""
    owners: dict[str, list[str]] = {}
    for code, row in _named().items():
        for site in row["sites"].split():
            owners.setdefault(site, []).append(code)
    return {site: codes[0] for site, codes in owners.items() if len(codes) == 1}
