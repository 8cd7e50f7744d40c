"""Who moves parcels: names and spellings, sites, tracking links, partners, and 17TRACK's keys.

The table is ``carriers.csv``, one carrier a row; lists inside a cell are separated by spaces (aliases by ``;``). It is
read when first asked for.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

# Names that are also everyday words: taken only when they are the whole text.
_EVERYDAY = re.compile(
    "ac[st]|apc|aras|best|bonds|bring|cdl|cj|cne|dao|dtd|dx|flyt|jd|janio|landmark|lex|northline|oca|osm|passport|pb|posten|"
    "ppl|sf|sfc|spx|tcs|toll|uds|veho|we post|winit|xpo"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierInfo:
    """One carrier.

    ``family`` is the code of the brand it belongs to (``dpd`` for ``dpd_uk``), ``country`` the only country it works
    from, '' = several. ``s10`` are the countries whose S10 numbers it issues. ``link`` has one ``{number}``; '' = the
    carrier has no page that takes the number. ``partners`` often carry the last mile. ``suppliers`` ship with it.
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


def carrier(code: str) -> CarrierInfo:
    """The carrier of one of our codes; KeyError if it is none."""
    return _table()[code]


def carriers() -> tuple[CarrierInfo, ...]:
    """Every carrier in the order of the table: the best known first."""
    return tuple(_table().values())


def carrier_named(text: str) -> str:
    """The code of a carrier from any spelling of its code, name or alias, with or without something in parentheses;
    '' if nobody has that name.
    """
    whole = _spellings().get(_spelling(text))
    return whole or _spellings().get(_spelling(re.sub(r"\([^()]*\)", " ", text)), "")


def carriers_in(text: str) -> tuple[str, ...]:
    """Codes of the carriers named anywhere in running text, in order of appearance, longest names first."""
    whole = carrier_named(text)
    if whole or not text:
        return (whole,) if whole else ()
    words = _spelling(text).split()
    found: dict[str, None] = {}
    start = 0
    while start < len(words):
        code, taken = _name_at(words, start)
        if code:
            found[code] = None
        start += taken
    return tuple(found)


def tracking_link(code: str, number: str) -> str:
    """The carrier's own page about a number; '' if the code or the page is not known."""
    info = _table().get(code)
    return info.link.replace("{number}", quote(number, safe="")) if info else ""


def carrier_by_key(key: int) -> str:
    """Our code for a 17TRACK carrier key; '' if we do not name that carrier."""
    return _keys().get(key, "")


def key_of(code: str) -> int | None:
    """The 17TRACK key to register a carrier's number with, its brand's where it has none; None if there is none."""
    info = _table().get(code)
    if info and not info.seventeen_track and info.family:
        return key_of(info.family)
    return info.seventeen_track[0] if info and info.seventeen_track else None


def carrier_of_country(country: str) -> str:
    """The designated postal operator that issues a country's S10 numbers (two letters); '' if there is none."""
    return _operators().get(country, "")


def carrier_of_host(host: str) -> str:
    """The carrier a web host or mail domain belongs to (``www.ups.com`` → ``ups``); '' if it is nobody's."""
    labels = host.strip().lower().rstrip(".").split(".")
    return next(filter(None, (_hosts().get(".".join(labels[start:])) for start in range(len(labels)))), "")


def related(one: str, other: str) -> bool:
    """Whether two codes are the same carrier, or one is the brand that the other belongs to."""
    return bool(one and other) and (one == other or _family(one) == other or _family(other) == one)


def _family(code: str) -> str:
    info = _table().get(code)
    return info.family if info else ""


@cache
def _table() -> Mapping[str, CarrierInfo]:
    with Path(__file__).with_name("carriers.csv").open(encoding="utf-8", newline="") as rows:
        return {row["code"]: _carrier(row) for row in csv.DictReader(rows)}


def _carrier(row: Mapping[str, str]) -> CarrierInfo:
    return CarrierInfo(
        code=row["code"],
        name=row["name"],
        family=row["family"],
        country=row["country"],
        s10=tuple(row["s10"].split()),
        seventeen_track=tuple(int(key) for key in row["seventeen_track"].split()),
        sites=tuple(row["sites"].split()),
        link=row["link"],
        aliases=tuple(filter(None, row["aliases"].split(";"))),
        partners=tuple(row["partners"].split()),
        suppliers=tuple(row["suppliers"].split()),
    )


def _spelling(text: str) -> str:
    """Lower-case words with single spaces: case, punctuation and dashes do not distinguish names."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


@cache
def _spellings() -> Mapping[str, str]:
    spellings: dict[str, str] = {}
    for info in carriers():
        for text in (info.code, info.name, *info.aliases):
            spelling = _spelling(text)
            spellings.setdefault(spelling, info.code)
            spellings.setdefault(spelling.replace(" ", ""), info.code)
    return spellings


def _name_at(words: list[str], start: int) -> tuple[str, int]:
    """The longest carrier name that begins at a word: its code and how many words it takes ('', 1 if none does)."""
    for taken in range(min(5, len(words) - start), 0, -1):
        spelling = " ".join(words[start : start + taken])
        if not _EVERYDAY.fullmatch(spelling) and (code := _spellings().get(spelling)):
            return code, taken
    return "", 1


@cache
def _keys() -> Mapping[int, str]:
    return {key: info.code for info in carriers() for key in info.seventeen_track}


@cache
def _operators() -> Mapping[str, str]:
    return {country: info.code for info in carriers() for country in info.s10}


@cache
def _hosts() -> Mapping[str, str]:
    return dict(_pairs_of_hosts())


def _pairs_of_hosts() -> Iterator[tuple[str, str]]:
    """Hosts of links first, so that a carrier's own site wins where two carriers share a tracking page."""
    for info in reversed(carriers()):
        if info.link:
            yield info.link.split("/")[2].removeprefix("www."), info.code
    for info in reversed(carriers()):
        yield from ((site, info.code) for site in info.sites)
