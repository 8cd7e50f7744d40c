"""How a number is told to a store: ``core.convert`` with what the ledger knows of the number and the order's page."""

import json
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from doorstep.app import doors
from doorstep.core.channel import Channel, Link, channel
from doorstep.core.convert import Given, Refusal, convert
from doorstep.core.message import Message
from doorstep.core.number import normalize
from doorstep.core.order import Role
from doorstep.core.parcels import HeldNumber
from doorstep.db.models import Connection, Door, Number

NAMES: Final = "carrier_names"  # of a store's settings: our code -> its name there, as JSON
SOME_PAGE = "https://"  # stands for the order's page where only its existence matters


def there(store: Connection) -> Channel:
    """What the store takes and shows: a connector may find one of several ways into a shop, and a person may have said
    what carriers are called there (``app.push.naming``).
    """
    known = channel(store.settings.get("channel") or store.connector)
    chosen = store.settings.get(NAMES)
    return replace(known, chosen=json.loads(chosen)) if chosen else known


def told(store: Connection, number: Number, role: str, page: str) -> Given | Refusal:
    """What the store would be told of this number. ``page``: the order's page, '' = none."""
    text = number.text if normalize(number.text) == number.norm else number.norm
    return convert(there(store), text, number.carrier, Role(role), page)


def why_not(store: Connection, order_id: int, held: HeldNumber, number: Number) -> Message | None:
    """Why the store would not take a number of the order, None = it would."""
    needs_link = there(store).link is Link.WITH_OTHER
    page = SOME_PAGE if needs_link and may_link(store.ws, order_id) else ""
    answer = told(store, number, held.role.value, page)
    return answer.reason if isinstance(answer, Refusal) else None


def may_link(ws: int, order_id: int) -> bool:
    """Whether the order's page may be linked: others can reach it, and nobody has closed it."""
    if urlsplit(settings.PUBLIC_URL).scheme != "https":
        return False
    doors_made = Door.objects.filter(ws=ws, kind="page", target_id=order_id)
    return not doors_made.exists() or doors_made.filter(revoked_at=None).exists()


def page_shown(ws: int, order_id: int) -> str:
    """The address of the order's page without making one, '' where it may not be linked."""
    if not may_link(ws, order_id):
        return ""
    made = Door.objects.filter(ws=ws, kind="page", target_id=order_id, revoked_at=None).first()
    return f"{settings.PUBLIC_URL}/t/{doors.token_of(made) if made else '…'}"


def page_for(store: Connection, order_id: int, number: Number) -> str:
    """The address of the order's page where it has to stand in for the carrier's own, else ''."""
    answer = told(store, number, Role.LOCAL.value, SOME_PAGE)
    if isinstance(answer, Given) and answer.url == SOME_PAGE and may_link(store.ws, order_id):
        return doors.page_url(store.ws, order_id)
    return ""
