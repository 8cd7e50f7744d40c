"""Writes the page about the APIs in the shapes of other systems: every operation, from the tables that answer."""

from importlib import import_module
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parent / "reference" / "compatibility.md"
HEAD: Final = """# APIs in the shapes of others

Programs that were written for AfterShip or 17TRACK work with Doorstep when they get another address and another key.
How to move: [from AfterShip](../how-to/move-from-aftership.md), [from 17TRACK](../how-to/move-from-17track.md). For new
programs take [Doorstep's own API](api.md): it knows orders, purchases and parcels, and these know numbers only.
This page is made from the code by `make docs`; do not edit it.

A key is one of Doorstep's, with the same scopes and the same limits for each minute. A number is shown when a parcel of
the workspace has it now, wherever it came from: a shop, a supplier, a mail, a program. Of a parcel with several numbers
each is shown, all with the status and the scans of the parcel. Statuses are those of
[the table of statuses](statuses.md) in the other system's words; what nobody has mapped is left empty, not guessed.

An `Idempotency-Key` is not looked at: neither system's clients send one, and a request that is sent twice does nothing
twice. A number that is followed already is not made again but refused with the other system's code for that.
"""
AFTERSHIP: Final = """## AfterShip

Below `/tracking/VERSION`, for every version from {first} on. The key stands in the header `{key}`. A signed request
(AES) is checked with the key as its secret; RSA is refused. Answers carry `x-ratelimit-limit`,
`x-ratelimit-remaining` and `x-ratelimit-reset`. `next_cursor` leads on in a list of up to {longest} trackings.
"""
CODES: Final = """
| HTTP status | `meta.code` | when |
| --- | --- | --- |
| 400 | 4001 | the request is no JSON |
| 400 | 4003 | the number is followed already; `data` is its tracking |
| 404 | 4004 | the tracking is not followed in this workspace |
| 400 | 4005 | the text does not look like a tracking number |
| 400 | 4007, 4009 | the tracking number, or another value, is missing |
| 400 | 4008 | a value or a parameter is not understood; nothing was done |
| 400 | 4010 | no courier is called so |
| 400 | 4013 | the carrier was asked a moment ago, or there is nobody to ask |
| 401 | 401 | the key is missing, unknown, expired or revoked, or the signature is wrong |
| 403 | 403 | the key lacks the scope, or a shop's order has the number |
| 404 | 404 | there is no such operation or version |
| 429 | 429 | too many requests in this minute |
"""
SEVENTEEN: Final = """## 17TRACK

Below `{root}`, each a POST with a list of up to {most} numbers. The key stands in the header `{token}`. Every number is
accepted or rejected by itself.
"""
REJECTIONS: Final = """
| code | when |
| --- | --- |
| -18010002 | the key is missing, unknown, expired or revoked (HTTP 401) |
| -18010005 | the key lacks the scope (HTTP 401), or a shop's order has the number |
| -18010012 | the request is no list of numbers, or the text does not look like one |
| -18010013 | there is no such operation (HTTP 404) |
| -18010014 | more than 40 numbers |
| -18019802, -18019910 | no carrier has this key |
| -18019803 | the number has this carrier already |
| -18019804 | `carrier_new` is missing |
| -18019805 | the number is registered with another carrier than `carrier_old` |
| -18019806 | the number is stopped |
| -18019811 | nothing of what was sent is kept |
| -18019901, -18019902 | the number is registered already; or is not |
| -18019904, -18019906 | the number is not stopped; or is stopped already |
| -18019909 | no carrier has been asked about the number yet |
"""


def page() -> str:
    """The whole page, ending in one newline."""
    from doorstep.cli.screen import load_keyless  # noqa: PLC0415 - loads Django, which the other pages do not need

    load_keyless()
    aftership = import_module("doorstep.web.compat.aftership.answering")
    seventeen = import_module("doorstep.web.compat.seventeen.answering")
    longest, most = aftership.trackings.LONGEST, seventeen.envelope.MOST
    first = AFTERSHIP.format(first=aftership.FIRST, key=aftership.KEY, longest=longest)
    operations = sorted(aftership.TABLE.values(), key=lambda one: (one.path, one.method))
    known = [[f"`{one.method} {one.path}`", f"`{one.scope}`", _line(one.about)] for one in operations]
    second = SEVENTEEN.format(root=seventeen.ROOT.rstrip("/"), most=most, token=seventeen.KEY)
    verbs = [[f"`{one.verb}`", f"`{one.scope}`", _line(one.about)] for one in seventeen.OPERATIONS.values()]
    rows = [HEAD, first, *_table(known), CODES, second, *_table(verbs), REJECTIONS]
    return "\n".join(rows)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(rows: list[list[str]]) -> list[str]:
    return [_row(["operation", "scope", "does"]), _row(["---"] * 3), *map(_row, rows)]


def _line(about: str) -> str:
    return " ".join(about.split())


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
