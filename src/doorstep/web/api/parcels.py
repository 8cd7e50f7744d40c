"""Parcels, one by one and by the thousand; what they did on their way."""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta as Limits

from doorstep.app.receive import many_parcels
from doorstep.app.receive.many_parcels import Wish
from doorstep.app.records import numbers, resyncs
from doorstep.app.records.page import Page, Said
from doorstep.app.records.parcels import Parcel, Wanted
from doorstep.app.records.parcels import parcel as one_parcel
from doorstep.app.records.parcels import parcels as some_parcels
from doorstep.app.say import say
from doorstep.app.track import resync
from doorstep.core.status import Status
from doorstep.web.api.kinds import Id, Short, Text, whole
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, Listed, Made, Shown, route


class ParcelsQuery(Listed, kw_only=True, forbid_unknown_fields=True):
    """Which parcels. ``carrier`` is our code."""

    status: Status | None = None
    carrier: Short | None = None
    closed: bool | None = None
    order_id: Id | None = None
    number_id: Id | None = None


class EventsQuery(Listed, kw_only=True, forbid_unknown_fields=True):
    """Whose scans: of a parcel, an order or a number. One of them has to be named."""

    parcel_id: Id | None = None
    order_id: Id | None = None
    number_id: Id | None = None


class ParcelWish(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A parcel to follow. ``order`` is the store's id or number of an order that is there; without it the parcel is of
    no connected shop, and ``reference`` is what its order is called.
    """

    number: Text
    carrier: Short = ""
    order: Short = ""
    reference: Short = ""


class ManyParcels(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Parcels to follow."""

    parcels: Annotated[list[ParcelWish], Limits(min_length=1, max_length=many_parcels.MOST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAnswer:
    """What becomes of a row: ``new``, ``known`` (it is followed already) or ``refused`` (``problem`` says why). The
    order of a new parcel of no shop is found by its ``external_id`` as soon as it was read.
    """

    index: int
    state: Literal["new", "known", "refused"]
    number: str
    order_id: str | None
    external_id: str | None
    problem: Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyAnswers:
    """What becomes of all rows. ``import_id`` leads to how far they are in the ledger; null where nothing is new."""

    import_id: str | None
    new: int
    known: int
    refused: int
    rows: list[RowAnswer]


@route("GET", "/parcels", "parcels:read", steady=True)
def list_parcels(ask: Ask, query: ParcelsQuery) -> Page[Parcel]:
    """Parcels, the one heard of last first."""
    wanted = Wanted(
        status=query.status,
        carrier=query.carrier,
        closed=query.closed,
        order_id=whole(query.order_id),
        number_id=whole(query.number_id),
    )
    return some_parcels(ask.ws, wanted, query.limit, query.cursor, ask.fields)


@route("GET", "/parcels/{parcel_id}", "parcels:read", steady=True)
def get_parcel(ask: Ask, query: Shown, parcel_id: int) -> Parcel:
    """One parcel."""
    found = one_parcel(ask.ws, parcel_id, ask.fields)
    if found is None:
        raise Declined("not_found")
    return found


@route("POST", "/parcels/bulk", "parcels:write", status=202)
def add_parcels(ask: Ask, body: ManyParcels) -> Made[ManyAnswers]:
    """Follow up to 10,000 parcels. Every row is judged and answered by itself; what is new is in the ledger soon after:
    the import says how far it is, and can be undone.
    """
    wishes = [
        Wish(number=one.number, carrier=one.carrier, order=one.order, reference=one.reference) for one in body.parcels
    ]
    import_id, told = many_parcels.bring(ask.ws, wishes, ask.actor)
    rows = [
        RowAnswer(
            index=one.place,
            state=one.state,
            number=one.number,
            order_id=str(one.order_id) if one.order_id else None,
            external_id=one.external_id or None,
            problem=Said(code=one.why.id, text=say(one.why)) if one.why else None,
        )
        for one in told
    ]
    states = [one.state for one in told]
    answers = ManyAnswers(
        import_id=str(import_id) if import_id else None,
        new=states.count("new"),
        known=states.count("known"),
        refused=states.count("refused"),
        rows=rows,
    )
    return Made(answers, f"/imports/{import_id}" if import_id else "/imports")


@route("POST", "/parcels/{parcel_id}/resync", "resyncs:write", status=201)
def resync_parcel(ask: Ask, parcel_id: int) -> Made[resyncs.Resync]:
    """Have the parcel's carriers asked now: once in five minutes, whoever asks; once a day when it is done."""
    asked = resync.ask_parcel(ask.ws, parcel_id, "api", ask.actor)
    made = resyncs.one(ask.ws, asked.resync_id) if asked.accepted else None
    if made is None:
        raise Declined("not_now", asked.message)
    return Made(made, f"/resyncs/{made.id}")


@route("GET", "/events", "parcels:read", steady=True)
def list_events(ask: Ask, query: EventsQuery) -> Page[numbers.Event]:
    """Scans as each source said them, in the order in which they became known: what is new is always at the end."""
    if sum(one is not None for one in (query.parcel_id, query.order_id, query.number_id)) != 1:
        raise Declined("refused", numbers.WHOSE)
    if query.number_id is not None:
        ids = [int(query.number_id)]
    else:
        ids = numbers.number_ids(ask.ws, parcel_id=whole(query.parcel_id), order_id=whole(query.order_id))
    return numbers.events(ask.ws, ids, query.limit, query.cursor)
