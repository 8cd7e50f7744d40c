"""Carrier accounts of the operator, lent to every workspace. The account itself is a connection of nobody (``HOUSE``);
each workspace has a connection of its own that stands for it (``Connection.lent_id``), with its own schedule, answers
and ledger, and never sees the credentials, the calls or how much is left.

Only a carrier that keeps no list of numbers can be lent: where one does, a number that somebody follows already is
answered sooner than a new one, which would show that somebody does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from doorstep.app import clock, loop
from doorstep.app.audit import record
from doorstep.app.connections import connect
from doorstep.app.connections.connecting import ACTOR, NotPossible, form_fits
from doorstep.app.log import logger
from doorstep.app.settle.watching import watch_open_parcels
from doorstep.app.vendors.accounts import message_of
from doorstep.connectors.contract import Can, Meta, Trouble
from doorstep.connectors.registry import connector, connectors
from doorstep.core.message import Message
from doorstep.db.models import Budget, Connection, Workspace

log = logger(__name__)
HOUSE: Final = 0  # no workspace: their ids begin with a time
TAKEN_BACK: Final = "lend.taken_back"


def lend(name: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Test and save an account of the operator, and give it to every workspace. Raises NotPossible and Trouble."""
    meta = form_fits("carrier", name, form)
    if Can.FOLLOW in meta.can:
        raise NotPossible("lend.keeps_list", name=meta.label, others=", ".join(lendable()))
    checked = loop.call(connect.check("carrier", name, form))
    payer = connect.save(HOUSE, ACTOR, "carrier", name, form, checked)
    workspaces = list(Workspace.objects.order_by("id").values_list("id", flat=True))
    with transaction.atomic():
        back = _lent(payer.id).filter(Q(state="denied") | Q(state_reason__id=TAKEN_BACK))
        back.update(state="active", state_reason=None)
        _stand_for(payer, meta, workspaces)
        Budget.objects.filter(ws=HOUSE, connection_id=payer.id).update(failures=0, failing_since=None, ready_at=0.0)
    _route_anew(payer.id)
    return {"lent": payer.label, "id": str(payer.id), "workspaces": len(workspaces)}


def lendable() -> list[str]:
    """The connectors whose accounts can be lent, by name."""
    return sorted(name for name, one in connectors("carrier").items() if Can.FOLLOW not in one.meta.can)


def give(ws: int) -> None:
    """Give a new workspace what is lent to all. Part of the caller's transaction."""
    for payer in Connection.objects.filter(ws=HOUSE, kind="carrier").exclude(state="removed"):
        _stand_for(payer, connector("carrier", payer.connector).meta, [ws])


def take_back(payer_id: int) -> dict[str, Any]:
    """Forget the credentials, and have nobody ask any more. What was told stays. Raises NotPossible."""
    payer = Connection.objects.filter(ws=HOUSE, id=payer_id).exclude(state="removed").first()
    if payer is None:
        raise NotPossible("lend.unknown", id=str(payer_id))
    with transaction.atomic():
        connect.remove(HOUSE, payer.id, ACTOR)
        gone = {"state": "removed", "state_reason": asdict(Message(id=TAKEN_BACK))}
        _lent(payer.id).exclude(state="removed").update(**gone)
    _route_anew(payer.id)
    return {"taken_back": payer.label, "id": str(payer.id)}


def lent() -> list[dict[str, Any]]:
    """The operator's accounts, and how many workspaces ask them."""
    rows = Connection.objects.filter(ws=HOUSE, kind="carrier").exclude(state="removed").order_by("id")
    return [
        {
            "id": str(one.id),
            "connector": one.connector,
            "label": one.label,
            "state": one.state,
            "workspaces": _lent(one.id).filter(state="active").count(),
        }
        for one in rows
    ]


def payer(account: Connection) -> Connection | None:
    """The operator's account that a connection stands for; None = it is the workspace's own."""
    return Connection.objects.get(ws=HOUSE, id=account.lent_id) if account.lent_id else None


def refused(payer: Connection, trouble: Trouble) -> None:
    """The credentials of a lent account do not work: nobody asks it until the operator lends it anew."""
    mine = Connection.objects.filter(ws=HOUSE, id=payer.id, cred_version=payer.cred_version, state="active")
    with transaction.atomic():
        if not mine.update(state="denied", state_reason=asdict(message_of(trouble))):
            return
        waits = {"state": "denied", "state_reason": asdict(Message(id="lend.denied"))}
        _lent(payer.id).filter(state="active").update(**waits)
    log.error("lend.denied", connection_id=payer.id, connector=payer.connector)
    _route_anew(payer.id)


def _stand_for(payer: Connection, meta: Meta, workspaces: Iterable[int]) -> None:
    """A connection of each workspace that has none for this account yet; one that was removed by it stays removed."""
    has = set(_lent(payer.id).values_list("ws", flat=True))
    new = [
        Connection(
            ws=ws,
            kind="carrier",
            connector=payer.connector,
            external_id=f"lent:{payer.id}",
            label=meta.label,
            lent_id=payer.id,
            connected_at=clock.now(),
        )
        for ws in workspaces
        if ws not in has
    ]
    Connection.objects.bulk_create(new, ignore_conflicts=True)
    made = Connection.objects.filter(lent_id=payer.id, ws__in=[one.ws for one in new])
    Budget.objects.bulk_create([Budget(ws=one.ws, connection_id=one.id) for one in made], ignore_conflicts=True)
    for one in made:
        record(one.ws, ACTOR, "connection.lent", f"carrier:{one.id}", after={"connector": payer.connector})


def _lent(payer_id: int) -> Any:
    return Connection.objects.filter(lent_id=payer_id)


def _route_anew(payer_id: int) -> None:
    for ws in _lent(payer_id).values_list("ws", flat=True):
        watch_open_parcels(ws)
