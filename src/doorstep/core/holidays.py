"""Days on which a whole country gets no parcels: believed until own deliveries have shown better.

Only holidays of the whole country, as its law lists them; regional ones and bridge days are left to what is learned.
A token is a date (``1225``), days from Easter Sunday (``E-2`` = Good Friday), or the n-th weekday of a month
(``11:4:3`` = the fourth Thursday of November, Monday being 0; ``05:-1:0`` = the last Monday of May).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

_HOLIDAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AT": "0101 0106 0501 0815 1026 1101 1208 1225 1226 E1 E39 E50 E60",
        "AU": "0101 0126 0425 1225 1226 E-2 E1",
        "BE": "0101 0501 0721 0815 1101 1111 1225 E1 E39 E50",
        "BR": "0101 0421 0501 0907 1012 1102 1115 1225 E-2",
        "CA": "0101 0701 1225 E-2 09:1:0 10:2:0",
        "CH": "0101 0801 1225 E39",
        "CZ": "0101 0501 0508 0705 0706 0928 1028 1117 1224 1225 1226 E-2 E1",
        "DE": "0101 0501 1003 1225 1226 E-2 E1 E39 E50",
        "DK": "0101 1225 1226 E-3 E-2 E1 E39 E50",
        "ES": "0101 0106 0501 0815 1012 1101 1206 1208 1225 E-2",
        "FI": "0101 0106 0501 1206 1225 1226 E-2 E1 E39",
        "FR": "0101 0501 0508 0714 0815 1101 1111 1225 E1 E39 E50",
        "GB": "0101 1225 1226 E-2 E1 05:1:0 05:-1:0 08:-1:0",
        "HU": "0101 0315 0501 0820 1023 1101 1225 1226 E-2 E1 E50",
        "IE": "0101 0317 1225 1226 E1 05:1:0 06:1:0 08:1:0 10:-1:0",
        "IT": "0101 0106 0425 0501 0602 0815 1101 1208 1225 1226 E1",
        "LU": "0101 0501 0623 0815 1101 1225 1226 E1 E39 E50",
        "MX": "0101 0501 0916 1225",
        "NL": "0101 0427 1225 1226 E1 E39 E50",
        "NO": "0101 0501 0517 1225 1226 E-3 E-2 E1 E39 E50",
        "NZ": "0101 0102 0206 0425 1225 1226 E-2 E1",
        "PL": "0101 0106 0501 0503 0815 1101 1111 1225 1226 E1 E60",
        "PT": "0101 0425 0501 0610 0815 1005 1101 1201 1208 1225 E-2",
        "SE": "0101 0106 0501 0606 1225 1226 E-2 E1 E39",
        "US": "0101 0619 0704 1225 01:3:0 05:-1:0 09:1:0 11:4:3",
    }
)


@cache
def holidays(country: str, year: int) -> frozenset[date]:
    """The holidays of a country (ISO 3166-1 alpha-2) in a year; none for a country that is not in the table."""
    return frozenset(_date(token, year) for token in _HOLIDAYS.get(country, "").split())


def _date(token: str, year: int) -> date:
    if token.startswith("E"):
        return easter(year) + timedelta(days=int(token[1:]))
    if ":" not in token:
        return date(year, int(token[:2]), int(token[2:]))
    month, which, weekday = map(int, token.split(":"))
    first = date(year, month, 1)
    days = [first + timedelta(days=at) for at in range((weekday - first.weekday()) % 7, 31, 7)]
    return [day for day in days if day.month == month][which - 1 if which > 0 else which]


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (Meeus, Jones and Butcher)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    leaps, left = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quarter, over = divmod(rest, 4)
    sunday = (32 + 2 * left + 2 * quarter - moon - over) % 7
    shift = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
