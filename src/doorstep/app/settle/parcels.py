"""Which parcels there are, written to the tables: ``core.parcels`` says it, this makes the rows agree."""

from collections import defaultdict
from datetime import datetime

from doorstep.app.ledger.changes import Cause, Noted
from doorstep.app.settle.cluster import Cluster, intent_keys
from doorstep.core.order import Line as CoreLine
from doorstep.core.order import Role
from doorstep.core.parcels import PERSON, Allotment, assemble
from doorstep.core.parcels import Claim as CoreClaim
from doorstep.core.parcels import Parcel as Plan
from doorstep.db.models import (
    ChannelState,
    Claim,
    Line,
    NumberLink,
    Outbox,
    Parcel,
    ParcelLine,
    ParcelNumber,
    Purchase,
    PurchaseLine,
    Push,
)


def arrange(cause: Cause, cluster: Cluster) -> None:
    """Make parcels, their numbers and contents what the claims say."""
    plans = assemble(core_lines(cluster), core_claims(cluster))
    free = {one: {row.number_id for row in cluster.held[one]} for one in sorted(cluster.parcels)}
    for plan in plans:
        numbers = {one.id for one in cluster.numbers_of(plan)}
        parcel = _best(cluster, free, numbers) or Parcel(ws=cluster.ws)
        purchase = cluster.purchase_of(plan)
        _write(cause, cluster, parcel, plan, purchase)
        cluster.plans.append((parcel, plan))
        free.pop(parcel.id, None)
    for parcel_id, numbers in free.items():
        _absorb(cluster, cluster.parcels[parcel_id], numbers)


def core_lines(cluster: Cluster) -> dict[str, list[CoreLine]]:
    """Lines by order, both named by their ids."""
    return {str(order): [_core_line(line) for line in cluster.lines[order]] for order in cluster.orders}


def _core_line(line: Line) -> CoreLine:
    return CoreLine(
        ref=str(line.id),
        qty=line.qty,
        sku=line.sku,
        title=line.title,
        qty_cancelled=line.qty_cancelled,
        needs_shipping=line.needs_shipping,
        item_class=line.item_class,
    )


def core_claims(cluster: Cluster) -> list[CoreClaim]:
    """All claims that belong to an order we know, and what carriers say of a second number."""
    matched = defaultdict(list)
    for line in cluster.purchase_lines:
        if line.order_id:
            matched[line.purchase_id].append(line)
    rows = [row for row in cluster.claims if row.order_id in cluster.orders or matched[row.purchase_id]]
    said = {row.number_id for row in rows if not row.gone}
    # A word taken back counts as history only where nobody else still says the number; a person's overrules them.
    rows = [row for row in rows if not row.gone or row.source == PERSON or row.number_id not in said]
    claims = [_core_claim(cluster, row, matched[row.purchase_id]) for row in rows]
    return claims + _last_mile(cluster, {one.number for one in claims})


def _core_claim(cluster: Cluster, row: Claim, matched: list[PurchaseLine]) -> CoreClaim:
    return CoreClaim(
        source=row.source,
        group=row.group,
        number=cluster.numbers[row.number_id].norm,
        role=Role(row.role),
        carrier=row.carrier,
        first_said=row.first_said,
        last_said=row.last_said,
        contents=_stated(cluster, row) if row.order_id else _matched(matched),
        how="stated" if row.order_id and row.contents else "matched",
        by_person=row.source == PERSON,
        gone=row.gone,
    )


def _stated(cluster: Cluster, row: Claim) -> tuple[Allotment, ...]:
    """What the source says is inside; without that, the parcel is at least of this order."""
    lines = {line.external_id: line for line in cluster.lines[row.order_id]}
    said = [(lines[ref], qty) for ref, qty in row.contents if ref in lines]
    order = str(row.order_id)
    return tuple(Allotment(order=order, line=str(line.id), qty=qty) for line, qty in said) or (Allotment(order=order),)


def _matched(lines: list[PurchaseLine]) -> tuple[Allotment, ...]:
    """What the purchase holds of each order; a line that cannot be told is "of that order"."""
    return tuple(
        Allotment(order=str(line.order_id), line=str(line.line_id), qty=line.qty)
        if line.line_id
        else Allotment(order=str(line.order_id))
        for line in sorted(lines, key=lambda one: one.external_id)
    )


def _last_mile(cluster: Cluster, known: set[str]) -> list[CoreClaim]:
    """A carrier named a second number for one we follow: both are said, as one parcel, by that carrier's account."""
    claims = []
    for watch in (one for watches in cluster.watches.values() for one in watches if one.last_mile_id):
        first, second = cluster.numbers[watch.number_id], cluster.numbers[watch.last_mile_id]
        if first.norm not in known or watch.last_mile_at is None:
            continue
        for number, carrier in ((first, ""), (second, watch.last_mile_carrier)):
            claims.append(
                CoreClaim(
                    source=f"{watch.connection_id}:last_mile",
                    group=first.norm,
                    number=number.norm,
                    carrier=carrier,
                    first_said=watch.last_mile_at,
                    last_said=watch.last_mile_at,
                    legs=True,
                )
            )
    return claims


def _best(cluster: Cluster, free: dict[int, set[int]], numbers: set[int]) -> Parcel | None:
    """The parcel that has most of these numbers; of two, the older."""
    shared = {id_: len(numbers & held) for id_, held in free.items() if numbers & held}
    return cluster.parcels[max(shared, key=lambda id_: (shared[id_], -id_))] if shared else None


def _write(cause: Cause, cluster: Cluster, parcel: Parcel, plan: Plan, purchase: Purchase | None) -> None:
    """Make the rows of a parcel agree with its plan; what agrees already is not written again."""
    new, purchase_id = parcel.version == 0, purchase.id if purchase else None
    if new:
        cluster.sheet.add(parcel)
        first = plan.numbers[0].number if plan.numbers else ""
        cluster.sheet.note(cause, Noted("parcel", parcel.id, "parcel.found", new=first))
    if new or parcel.purchase_id != purchase_id:
        parcel.purchase_id = purchase_id
        parcel.version += 1
        cluster.sheet.put(parcel, "purchase_id", "version")
    _write_numbers(cause, cluster, parcel, plan)
    _write_contents(cluster, parcel, plan)
    _write_channel(cluster, parcel, plan)


def _write_numbers(cause: Cause, cluster: Cluster, parcel: Parcel, plan: Plan) -> None:
    wanted = {
        (cluster.number(held.number).id, held.role.value, held.since, held.until, ",".join(held.said_by)): held
        for held in plan.numbers
    }
    rows = cluster.held.get(parcel.id, [])
    if {(one.number_id, one.role, one.since, one.until, one.said_by) for one in rows} == set(wanted):
        return
    for row in rows:
        cluster.sheet.drop(row)
    cluster.held[parcel.id] = [
        cluster.sheet.add(
            ParcelNumber(
                ws=cluster.ws, parcel_id=parcel.id, number_id=id_, role=role, since=since, until=until, said_by=by
            )
        )
        for id_, role, since, until, by in wanted
    ]
    for held in plan.numbers:
        cluster.sheet.note(cause, Noted("parcel", parcel.id, "parcel.number", new=held.number, at=held.role.value))
    for old, new in plan.replaced:
        _link(cause, cluster, old, new, next(h.since for h in plan.numbers if h.number == new))
        cluster.sheet.note(cause, Noted("parcel", parcel.id, "parcel.number_replaced", old=old, new=new))


def _link(cause: Cause, cluster: Cluster, old: str, new: str, since: datetime) -> None:
    link = (cluster.number(old).id, cluster.number(new).id, "replaced_by")
    if link not in cluster.links:
        cluster.links.add(link)
        from_id, to_id, kind = link
        cluster.sheet.add(
            NumberLink(ws=cluster.ws, from_id=from_id, to_id=to_id, kind=kind, said_by=cause.actor, known_at=since)
        )


def _write_contents(cluster: Cluster, parcel: Parcel, plan: Plan) -> None:
    wanted = {(int(part.order), int(part.line or 0), part.qty, part.how) for part in plan.contents}
    rows = cluster.parts.get(parcel.id, [])
    if {(one.order_id, one.line_id, one.qty, one.how) for one in rows} == wanted:
        return
    for row in rows:
        cluster.sheet.drop(row)
    cluster.parts[parcel.id] = [
        cluster.sheet.add(
            ParcelLine(ws=cluster.ws, parcel_id=parcel.id, order_id=order, line_id=line, qty=qty, how=how)
        )
        for order, line, qty, how in sorted(wanted)
    ]


def _write_channel(cluster: Cluster, parcel: Parcel, plan: Plan) -> None:
    """What the store itself shows for this parcel: the channel's own field, never mixed with our status."""
    numbers = {one.id for one in cluster.numbers_of(plan)}
    said = [row for row in cluster.claims if row.shown and not row.gone and row.number_id in numbers]
    for order_id, claim in {row.order_id: row for row in sorted(said, key=lambda one: one.last_said)}.items():
        row = cluster.shown.get((order_id, parcel.id))
        if row is None:
            row = ChannelState(ws=cluster.ws, order_id=order_id, parcel_id=parcel.id)
            cluster.shown[order_id, parcel.id] = cluster.sheet.add(row)
        if (row.shown, row.seen_at) != (claim.shown, claim.last_said):
            row.shown, row.seen_at = claim.shown, claim.last_said
            cluster.sheet.put(row, "shown", "seen_at")


def _absorb(cluster: Cluster, parcel: Parcel, numbers: set[int]) -> None:
    """Two parcels turned out to be one: the other one lives on and takes over what was sent."""
    heir = next((one for one, plan in cluster.plans if numbers & {n.id for n in cluster.numbers_of(plan)}), None)
    for row in (*cluster.held.pop(parcel.id, ()), *cluster.parts.pop(parcel.id, ())):
        cluster.sheet.drop(row)
    mine = [one for one in cluster.pushes if one.parcel_id == parcel.id]
    if heir is not None:
        for push in mine:
            _hand_over(cluster, push, heir)
    if heir is not None or not mine:
        cluster.sheet.drop(parcel)


def _hand_over(cluster: Cluster, push: Push, heir: Parcel) -> None:
    """What was not sent yet is decided anew, for both together; what was, counts as given before."""
    if push.state in {"held", "due"}:
        meant = cluster.outbox.get(("push", push.store_id, intent_keys(push)[0]))
        if meant is not None and meant.state == "due":
            Outbox.objects.filter(ws=meant.ws, id=meant.id, state="due").delete()
            del cluster.outbox["push", push.store_id, intent_keys(push)[0]]
        cluster.pushes.remove(push)
        cluster.sheet.drop(push)
        return
    theirs = [one for one in cluster.pushes if one.order_id == push.order_id and one.parcel_id == heir.id]
    push.version, push.parcel_id = push.version + len(theirs), heir.id
    cluster.sheet.put(push, "version", "parcel_id")
