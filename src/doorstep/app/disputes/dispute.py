"""A dispute pack: everything known of one order, for a bank, a payment service or a marketplace to read and to check.

A ZIP file of ``order.pdf`` (for reading), ``order.json`` (the same, exact), the raw answers of stores, suppliers and
carriers that tell of this order alone, photos, and ``SHA256SUMS``: ``sha256sum -c SHA256SUMS`` checks every file, and
each raw answer's hash is the one that was kept when it came. The same ledger at the same time makes the same bytes.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from doorstep.app.audit import record
from doorstep.app.disputes import dispute_answers
from doorstep.app.disputes.dispute_answers import Answer
from doorstep.app.disputes.dispute_pdf import drawn
from doorstep.app.order.order_view import Given, OrderView, names, order_view
from doorstep.app.order.parcel_view import Held, Seen
from doorstep.app.say import say, text
from doorstep.app.shopper import views
from doorstep.app.telling import mailed
from doorstep.core.number import normalize
from doorstep.db.models import Change, Photo, ThreadMessage

SUMS: Final = "SHA256SUMS"
_BEGAN: Final = (1980, 1, 1, 0, 0, 0)  # a ZIP file's earliest: when it was packed is in the pack itself
_CHANGES: Final = 2000


def pack(ws: int, order_id: int, now: datetime, actor: str) -> tuple[str, bytes] | None:
    """(file name, the ZIP file) with an entry in the trail, or None when this workspace has no such order."""
    view = order_view(ws, order_id, now)
    if view is None:
        return None
    told = _answers(ws, view)
    files = dict(_files(ws, view, told, now))
    record(ws, actor, "order.dispute", f"order:{order_id}", after={"files": len(files)})
    return f"order-{_plain(view.order.number)}.zip", _zipped(files)


def facts(ws: int, view: OrderView, told: list[Answer], now: datetime) -> dict[str, Any]:
    """Everything that is known, as plain values. Times in ISO 8601."""
    order = view.order
    return {
        "as_of": now,
        "order": {
            "number": order.number,
            "store": view.store.label,
            "reference": order.external_id,
            "state": order.state,
            "placed_at": order.placed_at,
            "paid_at": order.paid_at,
            "transaction": order.transaction,
            "cancelled_at": order.cancelled_at,
        },
        "buyer": _buyer(view),
        "items": [{"title": row.line.title, "sku": row.line.sku, "quantity": row.line.qty} for row in view.matrix],
        "purchases": [
            {"supplier": name, "reference": one.external_id, "paid_at": one.paid_at, "sent_at": one.dispatched_at}
            for one, name in view.purchases
        ],
        "parcels": [_parcel(one, view.pushes.get(one.id, ())) for one in view.parcels],
        "mails": [asdict(one) for one in mailed.of_order(ws, order.id)],
        "page_opened": views.of_order(ws, order.id),
        "messages": _messages(ws, order.id),
        "photos": [
            {"at": one.at, "file": _photo(one)}
            for one in Photo.objects.filter(ws=ws, order_id=order.id).defer("body").order_by("id")
        ],
        "changes": _changes(ws, view),
        "answers": [{key: value for key, value in asdict(one).items() if key != "body"} for one in told],
    }


def _answers(ws: int, view: OrderView) -> list[Answer]:
    numbers = {one.id: normalize(one.text) for parcel in view.parcels for one in parcel.numbers}
    return dispute_answers.answers(ws, view.order, numbers, [one.id for one in view.parcels])


def _files(ws: int, view: OrderView, told: list[Answer], now: datetime) -> Iterator[tuple[str, bytes]]:
    known = facts(ws, view, told, now)
    yield "order.pdf", drawn(known)
    yield "order.json", json.dumps(known, indent=1, ensure_ascii=False, default=_written).encode()
    for one in told:
        if one.file:
            yield one.file, one.body
    for photo in Photo.objects.filter(ws=ws, order_id=view.order.id).order_by("id"):
        yield _photo(photo), bytes(photo.body)
    yield "README.txt", text("dispute.readme", sums=SUMS).encode()


def _zipped(files: dict[str, bytes]) -> bytes:
    sums = "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in sorted(files.items()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, body in (*files.items(), (SUMS, sums.encode())):
            info = zipfile.ZipInfo(name, _BEGAN)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            file.writestr(info, body)
    return packed.getvalue()


def _buyer(view: OrderView) -> dict[str, str]:
    person = view.person
    if person is None:
        return {}
    return {name: getattr(person, name) for name in ("name", "email", "phone", "postcode", "city", "country")}


def _parcel(seen: Seen, given: tuple[Given, ...]) -> dict[str, Any]:
    return {
        "status": seen.status,
        "reason": seen.reason,
        "since": seen.since,
        "buyer_says": {"mark": seen.mark, "at": seen.marked_at} if seen.mark else None,
        "numbers": [_number(one) for one in seen.numbers],
        "scans": [asdict(one) for one in reversed(seen.scans)],
        "taken_back": [asdict(one) for one in reversed(seen.lost)],
        "given_to_store": [
            {
                "number": one.number,
                "state": one.state,
                "at": one.changed_at,
                "why": say(one.reason) if one.reason else "",
                "store_shows": one.shown,
                "shown_by": one.shown_by,
            }
            for one in reversed(given)
        ],
    }


def _number(held: Held) -> dict[str, Any]:
    sayers = [*held.said_by, *([text("dispute.by_hand")] if held.by_hand else [])]
    return {
        "number": held.text,
        "carrier": held.carrier_name,
        "role": held.role,
        "since": held.since,
        "until": held.until,
        "replaced_by": held.replaced_by,
        "said_by": sayers,
        "link": held.link,
    }


def _messages(ws: int, order_id: int) -> list[dict[str, Any]]:
    rows = ThreadMessage.objects.filter(ws=ws, order_id=order_id).order_by("id")
    return [{"at": one.at, "by": "buyer" if one.by == "shopper" else "shop", "text": one.body} for one in rows]


def _changes(ws: int, view: OrderView) -> list[dict[str, Any]]:
    """What became different, in the order in which it was known."""
    rows = [*Change.objects.filter(ws=ws, subject="order", subject_id=view.order.id).order_by("id")[:_CHANGES]]
    parcels = [one.id for one in view.parcels]
    rows += Change.objects.filter(ws=ws, subject="parcel", subject_id__in=parcels).order_by("id")[:_CHANGES]
    rows.sort(key=lambda one: (one.known_at, one.id))
    who = names(ws, {one.actor for one in rows})
    return [
        {"at": one.known_at, "what": one.kind, "from": one.old, "to": one.new, "by": who.get(one.actor, "")}
        for one in rows
    ]


def _photo(photo: Photo) -> str:
    return f"photos/{photo.id}.{photo.kind.partition('/')[2]}"


def _plain(number: str) -> str:
    """Letters and digits that every file system takes."""
    return "".join(one if one.isascii() and one.isalnum() else "-" for one in number).strip("-") or "pack"


def _written(value: object) -> str:
    assert isinstance(value, (datetime, date))
    return value.isoformat()
