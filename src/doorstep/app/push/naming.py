"""What carriers are called in one store: the channel's own names, and a person's word where the shop differs."""

import json
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from doorstep.app.audit import record
from doorstep.app.ledger import told
from doorstep.core.channel import Carriers, Named, called_already, carrier_name, channel
from doorstep.core.message import Message
from doorstep.core.number import carrier, carriers
from doorstep.db.models import Connection, Number, Push

LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A carrier in a store. ``usual``: what the channel calls it; ``chosen``: a person's word, '' = none; ``numbers``:
    of this store that it carries.
    """

    code: str
    name: str
    usual: Named
    chosen: str
    numbers: int


def called(store: Connection) -> list[Called]:
    """The carriers of the store's numbers and those that were named by a person, the most used first."""
    there = told.there(store)
    given = Push.objects.filter(ws=store.ws, store_id=store.id).values("number_id")
    numbers = Number.objects.filter(ws=store.ws, id__in=given).exclude(carrier="")
    used = {row["carrier"]: row["n"] for row in numbers.values("carrier").annotate(n=Count("id"))}
    plain = channel(there.name)
    known = {one.code for one in carriers()}
    found = [
        Called(
            code=code,
            name=carrier(code).name,
            usual=carrier_name(plain, code),
            chosen=there.chosen.get(code, ""),
            numbers=used.get(code, 0),
        )
        for code in {*used, *there.chosen} & known
    ]
    return sorted(found, key=lambda one: (-one.numbers, one.name))


def choose(ws: int, store_id: int, code: str, name: str, actor: str) -> None:
    """This carrier is called so in this store from now on; '' = as the channel calls it. Raises ValueError with a
    Message for another carrier's name (nobody is told of one that did not ship it), and Connection.DoesNotExist.
    """
    name = " ".join(name.split())
    if code not in {one.code for one in carriers()} or len(name) > LONGEST:
        raise ValueError(Message(id="naming.what"))
    with transaction.atomic():
        rows = Connection.objects.select_for_update().exclude(state="removed")
        store = rows.get(ws=ws, id=store_id, kind="store")
        there = told.there(store)
        if there.carriers is Carriers.NONE:
            raise ValueError(Message(id="naming.no_field", values={"channel": there.label or store.label}))
        other = called_already(there, code, name) if name else ""
        if other:
            values = {"name": name, "other": carrier(other).name, "carrier": carrier(code).name}
            raise ValueError(Message(id="naming.another", values=values))
        names = {one: said for one, said in {**there.chosen, code: name}.items() if said}
        store.settings = {**store.settings, told.NAMES: json.dumps(names)}
        store.save(update_fields=["settings"])
        record(ws, actor, "carrier.name", f"store:{store_id}", {"name": there.chosen.get(code, "")}, {"name": name})
