"""Writes the page of webhooks: every type of event with what it says, and an example of everything that is told."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parent / "reference" / "webhooks.md"
MARK: Final = "msg_5f2d8c0b1e7a49d3a6b80c4e9f17d235"
AT: Final = datetime(2026, 3, 1, 9, tzinfo=UTC)
HEAD: Final = """# Webhooks

Doorstep tells programs of yours what changes: it sends each endpoint a signed POST, and the endpoint answers
with a 2xx status that it has it. [How to receive them](../how-to/receive-webhooks.md) begins with the first
one; this page says what holds for all. It is made from the code by `make docs`; do not edit it.

## A request

| header | says |
| --- | --- |
| `webhook-id` | what this message is called: the same on every repetition, in a replay, and for every endpoint |
| `webhook-timestamp` | when this request was signed, in seconds since 1970 |
| `webhook-signature` | one per live secret: `v1,` and base64 of HMAC-SHA256 over id, time and body with dots between |

They are those of [Standard Webhooks](https://www.standardwebhooks.com) 1.0; any of its libraries checks them,
and so does `doorstep.client.webhooks.verify`, which needs nothing but Python. A secret begins with `whsec_`, is
shown once, and is kept encrypted. After *New secret* both secrets sign for {overlap} hours; a second rotation
waits until that is over or was ended by a person.

The body is JSON in UTF-8: `id` (the webhook-id), `type`, `version` ("{version}"; new fields may come in a
version, nothing goes), `timestamp` (when the change became known), `change` (`old` and `new`, see the table),
`object`, and `data`: what the change is about, **as it stands when the request is sent**, in the shape of the
[API](api.md). So a message that comes late never tells old news: what it is about is up to date, and `change`
says which change it reports.

An endpoint has {timeout} seconds to answer. Redirects are not followed, and private addresses are refused when
the socket is opened, whatever a name led to before.

## Order, and again

What concerns one thing (a parcel, an order) is told in the order in which it happened: the next message about
it waits until the one before was taken or given up. Messages about different things come side by side and in
any order.

What is not taken comes again after {schedule}: each up to a quarter sooner, so that what failed together does
not come back together. `Retry-After` of up to an hour is waited for. After {tries} tries a message is given up;
a replay sends it again. An endpoint that fails {patience} times in a row is left alone for a while (seconds at
first, five minutes at most).

An endpoint that took nothing for {days} days is switched off: its owners get one mail, and *Today* says so. One
that answers 410 is switched off at once. While an endpoint is paused or off nothing is sent; when it is
switched on again it is first told what changed meanwhile ({kept} days at most). *Tell it again* (`POST
/api/v1/webhooks/{{id}}/replay`) sends everything since a moment once more, under the same ids.

A message is written down in the same transaction as its change: neither is ever there without the other. A
crash between sending and noting that it was taken repeats the message under its id, so **leave out an id that
you have**.

The log keeps for {kept} days when each request was sent, which try it was, its status, how long it took, and
the first {said} characters of the answer without what looks like a secret or an address.

## Fairness

Endpoints take turns. A process has {turns} turns under way at once, {of_one} of one workspace at most; a turn
begins no request after {turn} seconds, and goes to the end of the line. However slow the endpoints of one
workspace are, the others have the rest of the turns, and an endpoint waits at most {bound} seconds for each
{rest} slow endpoints of others that are before it.

## Which

An endpoint may choose types, stores, and, of `parcel.status` and `parcel.scan`, the statuses it wants to hear
of. Where nothing is chosen it is told everything, also types that a later version brings. A message about a
parcel, a number or a purchase concerns the stores whose orders are in it.

There are no messages about findings: they are computed when somebody asks, and time alone makes them, so there
is no moment at which one begins. Ask for them when a parcel's status changes, or with its ETag now and then.

## Types
"""
OBJECTS: Final = """
## Examples

One for each kind of thing. `endpoint.test` comes when you press *Send a test event*.
"""
WORDS: Final[dict[str, tuple[Any, Any]]] = {  # what a word of ``kinds.Kind`` looks like, as old and as new
    "": (None, None),
    "number": ("LX123456785CN", "9261290100130739674442"),
    "order_number": (None, "1001"),
    "instant": (None, "2026-03-01T09:00:00+00:00"),
    "state": ("placed", "shipped"),
    "status": ("picked_up", "in_transit"),
    "status_told": (None, "in_transit"),
    "mark": ("received", "received"),
    "carrier": (None, "china_post"),
    "number_id": (None, "382934071993713305"),
    "reason": (None, "push.cancelled"),
}


def page() -> str:
    """The whole page, ending in one newline."""
    from doorstep.app.say import text  # noqa: PLC0415 - needs the settings
    from doorstep.app.webhooks.kinds import KINDS  # noqa: PLC0415

    rows = []
    for one in KINDS:
        old, new = example(one)
        change = json.dumps({"old": old, "new": new})
        rows.append(f"| `{one.type}` | {text(f'webhook.type.{one.type}')} | `{one.object}` | `{change}` |")
    table = ["| type | when | `object` | `change`, for example |", "| --- | --- | --- | --- |", *rows]
    blocks = [
        f"### {name}\n\n```json\n{json.dumps(json.loads(body), indent=2, ensure_ascii=False)}\n```\n"
        for name, body in samples().items()
    ]
    return "\n".join((HEAD.format(**facts()), *table, OBJECTS, *blocks))


def example(kind: Any) -> tuple[Any, Any]:
    """What a change of this kind says, for example."""
    new = WORDS[kind.new][1]
    return (new if kind.type == "parcel.scan" else WORDS[kind.old][0]), new


def facts() -> dict[str, Any]:
    """What the code says of itself."""
    from doorstep.app.process import work  # noqa: PLC0415 - needs the settings
    from doorstep.app.webhooks import endpoints, errands, history, post, turns  # noqa: PLC0415
    from doorstep.app.webhooks.shapes import own  # noqa: PLC0415

    rest = work.AT_ONCE - turns.OF_ONE
    return {
        "overlap": round(endpoints.OVERLAP.total_seconds() / 3600),
        "version": own.VERSION,
        "timeout": f"{post.TIMEOUT_S:g}",
        "schedule": ", ".join(map(span, errands.SCHEDULE)),
        "tries": len(errands.SCHEDULE) + 1,
        "patience": turns.PATIENCE,
        "days": errands.FAILING.days,
        "kept": history.KEPT.days,
        "said": history.SAID,
        "turns": work.AT_ONCE,
        "of_one": turns.OF_ONE,
        "turn": f"{turns.TURN_S:g}",
        "rest": rest,
        "bound": f"{turns.TURN_S + post.TIMEOUT_S:g}",
    }


def span(one: Any) -> str:
    """A time in words."""
    seconds = round(one.total_seconds())
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def samples() -> dict[str, bytes]:
    """A body for each kind of thing, by its name: made by the code that makes those that are sent."""
    from doorstep.app.webhooks.kinds import KINDS, TEST  # noqa: PLC0415 - needs the settings
    from doorstep.app.webhooks.shapes import News  # noqa: PLC0415
    from doorstep.app.webhooks.shapes.own import OWN  # noqa: PLC0415

    shown = {"order.state": order(), "parcel.status": parcel(), "number.carrier": number()}
    shown |= {"purchase.dispatched": purchase(), "push.accepted": push(), "connection.denied": connection()}
    told = {one.type: (one.object, *example(one)) for one in KINDS}
    told[TEST] = ("endpoint", None, None)
    shown[TEST] = {"id": "382934071993713311", "label": "Warehouse screen"}
    made = {}
    for name, about in shown.items():
        kind, old, new = told[name]
        told_of = {"mark": MARK, "type": name, "at": AT, "old": old, "new": new, "object": kind, "about": about}
        made[name] = OWN.body(News(ws=1, subject_id=1, **told_of))
    return made


def order() -> Any:
    from doorstep.app.records.orders import Line, Order  # noqa: PLC0415 - needs the settings
    from doorstep.core.order import OrderState  # noqa: PLC0415

    line = Line(
        id="382934071993713303", ref="501", sku="LAMP-1", title="Lamp", quantity=2, cancelled=0, needs_shipping=True
    )
    return Order(
        id="382934071993713302", number="1001", store_id="382934071993713301", external_id="1001",
        state=OrderState.SHIPPED, placed_at=datetime(2026, 2, 24, 9, tzinfo=UTC),
        paid_at=datetime(2026, 2, 24, 9, tzinfo=UTC), cancelled_at=None, ship_by=None, before_connection=False,
        lines=[line], parcels=["382934071993713304"],
    )  # fmt: skip


def parcel() -> Any:
    from doorstep.app.records.parcels import NumberOfParcel, Parcel  # noqa: PLC0415 - needs the settings
    from doorstep.core.status import Status  # noqa: PLC0415

    held = NumberOfParcel(
        id="382934071993713305", text="LX123456785CN", carrier="china_post", role="local",
        since=datetime(2026, 2, 26, 9, tzinfo=UTC), until=None,
    )  # fmt: skip
    return Parcel(
        id="382934071993713304", status=Status.IN_TRANSIT, reason="", responsible="", action_by="",
        status_since=AT, first_scan_at=datetime(2026, 2, 27, 3, 36, tzinfo=UTC), last_event_at=AT,
        carrier="china_post", origin="CN", destination="PT", eta_from=None, eta_to=None, mark="", closed_at=None,
        purchase_id="382934071993713306", orders=["382934071993713302"], numbers=[held],
    )  # fmt: skip


def number() -> Any:
    from doorstep.app.records.numbers import Number  # noqa: PLC0415 - needs the settings

    return Number(
        id="382934071993713305", text="LX123456785CN", normalized="LX123456785CN", carrier="china_post",
        carrier_by="recognized", generation=0, link="", parcels=["382934071993713304"],
    )  # fmt: skip


def purchase() -> Any:
    from doorstep.app.records.purchases import Purchase, PurchaseLine  # noqa: PLC0415 - needs the settings
    from doorstep.core.order import PurchaseState  # noqa: PLC0415

    line = PurchaseLine(
        id="382934071993713307", sku="V-1", title="Lamp", quantity=2, order_id="382934071993713302", how="reference"
    )
    return Purchase(
        id="382934071993713306", supplier_id="382934071993713308", external_id="260620000000000002",
        state=PurchaseState.DISPATCHED, method="CJPacket Ordinary", stock="",
        ordered_at=datetime(2026, 2, 24, 10, tzinfo=UTC), paid_at=datetime(2026, 2, 24, 10, 30, tzinfo=UTC),
        ships_out_by=None, dispatched_at=AT, dispatch_evidence="time", protection_ends_at=None, lines=[line],
    )  # fmt: skip


def push() -> Any:
    from doorstep.app.records.pushes import Push  # noqa: PLC0415 - needs the settings

    return Push(
        id="382934071993713309", store_id="382934071993713301", order_id="382934071993713302",
        parcel_id="382934071993713304", number_id="382934071993713305", number="LX123456785CN", version=1,
        state="accepted", reason=None, hold_until=None, remote_id="91", changed_at=AT,
    )  # fmt: skip


def connection() -> Any:
    from doorstep.app.records.connections import Connection  # noqa: PLC0415 - needs the settings
    from doorstep.app.records.page import Said  # noqa: PLC0415

    return Connection(
        id="382934071993713310", kind="carrier", connector="seventeen_track", label="17TRACK", base_url="",
        state="denied", reason=Said(code="trouble.denied", text="The credentials are refused."), connected_at=AT,
        asked_at=AT, answered_at=None, next_at=None, answer="denied", can=["follow", "track"],
    )  # fmt: skip


def write() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")
