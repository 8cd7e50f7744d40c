"""Orders by anything that a person may have in hand: the order's number, the buyer's name or address, the beginning or
the end of a tracking number. Every way is one index, and none brings more than so many orders.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from django.db import connection

from doorstep.core.number import normalize

MOST: Final = 500  # orders by each way; who finds more has to say more
SHORTEST_PART: Final = 4  # of a tracking number, so that a search by its end stays meaningful
_LAST: Final = "\U0010ffff"
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Text in the order of its bytes, which is how the indexes are sorted (text_pattern_ops on PostgreSQL).
_BETWEEN: Final = {"sqlite": "{0} >= %s AND {0} < %s", "postgresql": "{0} ~>=~ %s AND {0} ~<~ %s"}


def name_keys(name: str) -> tuple[str, str]:
    """How a name is looked for: from its first word on, and from its last; without case and accents."""
    words = _plain(name).split()
    return " ".join(words), " ".join(words[-1:] + words[:-1])


def number_end(number: str) -> str:
    """How the end of an order's number is looked for: backwards, letters and digits only."""
    return "".join(one for one in _plain(number) if one.isalnum())[::-1]


def found(ws: int, query: str) -> set[int]:
    """Ids of the orders that a query may mean."""
    return {one for sql, values in _ways(ws, query.strip()) for one in _ids(sql, values)}


def _ways(ws: int, words: str) -> Iterator[tuple[str, list[Any]]]:
    """Each way as a statement that gives order ids."""
    between, bare = _BETWEEN[connection.vendor], words.lstrip("#")
    stores = "store_id IN (SELECT id FROM doorstep_connection WHERE ws = %s AND kind = 'store')"
    order = "SELECT id FROM doorstep_order WHERE ws = %s AND"
    for beginning in sorted({bare, f"#{bare}", bare.upper(), f"#{bare.upper()}"} if bare else ()):
        yield f"{order} {stores} AND {between.format('number')}", [ws, ws, *_from(beginning)]
        yield f"{order} {stores} AND external_id = %s", [ws, ws, beginning]
    if end := number_end(words):
        yield f"{order} {between.format('number_end')}", [ws, *_from(end)]
    named, _ = name_keys(words)
    for column in ("name_key", "name_turned", "email_key") if named else ():
        people = f"SELECT id FROM doorstep_person WHERE ws = %s AND {between.format(column)} LIMIT {MOST}"  # noqa: S608 - a column's name
        yield f"{order} person_id IN ({people})", [ws, ws, *_from(named)]
    yield from _by_number(ws, normalize(words))


def _by_number(ws: int, norm: str) -> Iterator[tuple[str, list[Any]]]:
    """By the beginning of a tracking number, and by its end."""
    if len(norm) < SHORTEST_PART or not set(norm) <= set(_LETTERS):
        return
    for column, text in (("norm", norm), ("norm_reversed", norm[::-1])):
        after = _after(text)
        numbers = f"SELECT id FROM doorstep_number WHERE ws = %s AND {column} >= %s"  # noqa: S608 - a column's name
        numbers += f" AND {column} < %s" if after else ""
        parcels = "SELECT parcel_id FROM doorstep_parcelnumber WHERE ws = %s AND until IS NULL AND number_id IN"
        parcels += f" ({numbers} LIMIT {MOST})"
        orders = f"SELECT order_id FROM doorstep_parcelline WHERE ws = %s AND parcel_id IN ({parcels})"  # noqa: S608 - as above
        yield orders, [ws, ws, ws, text, *([after] if after else [])]


def _ids(sql: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {MOST}", values)
        return [row[0] for row in cursor.fetchall()]


def _from(text: str) -> tuple[str, str]:
    """The bounds of what begins with a text."""
    return text, text + _LAST


def _after(text: str) -> str:
    """The first text of digits and capitals behind all that begin with this one, '' if there is none. Digits come
    before letters in every language's order, so it holds for whatever order a database has.
    """
    while text.endswith(_LETTERS[-1]):
        text = text[:-1]
    return text[:-1] + _LETTERS[_LETTERS.index(text[-1]) + 1] if text else ""


def _plain(text: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))
