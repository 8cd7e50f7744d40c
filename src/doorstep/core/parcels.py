"""Which parcels there are: a pure function of the set of claims about numbers, whatever order they came in.

A claim is "this source says that this number moves this parcel of its". Claims about the same number are about the same
parcel; a source's newer number for one of its parcels replaces the older one, and the history stays.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, NamedTuple

from doorstep.core.order import Line, Role

PERSON: Final = "person"  # the source of what a person typed
How = Literal["stated", "matched", "assumed"]
# The same number may be called differently by different sources. Most of them call every number a courier's (a store
# that echoes a CJP number, a mail), so the more specific word is the informed one.
_ROLES: Final = (Role.PLATFORM, Role.RETURN, Role.PIECE, Role.ALIAS, Role.LOCAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """A quantity of an order line that a claim puts into its parcel. ``line`` '' = of that order, but unknown which."""

    order: str
    line: str = ""
    qty: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One source says: this number moves this parcel.

    ``source`` is a connection id, or PERSON. ``group`` is the source's own name of the parcel (a purchase ref, a
    fulfillment ref); '' = the source has none, and the number itself is the parcel. Numbers of the same source, group
    and role replace each other: the one with the newest ``last_said`` is the current one. ``carrier`` is our code.
    Empty ``contents`` = not stated, of whichever of the orders. ``gone``: taken back, that source no longer says it; of
    a person: it is not this order's number, whoever else says so. ``legs``: the numbers of the group are stretches of
    one box's way (platform and last mile), not boxes.
    """

    source: str
    group: str = ""
    number: str
    role: Role = Role.LOCAL
    carrier: str = ""
    first_said: datetime
    last_said: datetime
    contents: tuple[Allotment, ...] = ()
    how: Literal["stated", "matched"] = "stated"
    by_person: bool = False
    gone: bool = False
    legs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldNumber:
    """A number of a parcel, from ``since`` until ``until`` (None = current). ``said_by``: the sources
    that say it now, or of a past number those that did, sorted. ``apart``: of a box of its own, one of several."""

    number: str
    role: Role
    carrier: str
    since: datetime
    until: datetime | None
    said_by: tuple[str, ...]
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a parcel holds of an order. ``line`` '' with ``qty`` 0 = of that order, contents unknown."""

    order: str
    line: str
    qty: int
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One parcel. ``groups`` are (source, group) pairs, '' groups named by their number: two results are about the same
    parcel if they share a group or a number. ``replaced`` are (old, new) numbers. All tuples are sorted. A parcel with
    no current number is history only and holds nothing.
    """

    groups: tuple[tuple[str, str], ...]
    numbers: tuple[HeldNumber, ...]
    contents: tuple[Part, ...]
    replaced: tuple[tuple[str, str], ...]


def assemble(lines: Mapping[str, Sequence[Line]], claims: Collection[Claim]) -> tuple[Parcel, ...]:
    """The parcels of a group of orders (``lines`` by order ref), the first heard of first."""
    histories = _histories(claims)
    parcels = [_parcel(told) for told in _joined(histories)]
    parcels.sort(key=lambda one: (one.heard, sorted(told.node for told in one.told)))
    contents = _allot(lines, parcels)
    return tuple(
        Parcel(groups=one.groups, numbers=one.numbers, contents=parts, replaced=one.replaced)
        for one, parts in zip(parcels, contents, strict=True)
    )


def shippable(line: Line) -> int:
    """How many pieces of a line have to reach the buyer."""
    return max(line.qty - line.qty_cancelled, 0) if line.needs_shipping else 0


Node = tuple[str, str, str]  # source, its name of the parcel, and without one the orders it was said of
_Holds = dict[str, dict[str, tuple[int, How]]]
_NOTHING: Final[tuple[int, How]] = (0, "assumed")


class _Told(NamedTuple):
    """A claim with its end. ``until`` None: the source says it now. ``next``: the number that took its place."""

    node: Node
    role: Role
    claim: Claim
    until: datetime | None
    next: str

    @property
    def counts(self) -> bool:
        """False if it was taken back without a replacement: a mistake, which binds nothing together."""
        return self.until is None or bool(self.next)


class _Draft(NamedTuple):
    """A parcel without its contents."""

    heard: datetime
    groups: tuple[tuple[str, str], ...]
    numbers: tuple[HeldNumber, ...]
    replaced: tuple[tuple[str, str], ...]
    told: tuple[_Told, ...]

    @property
    def moves(self) -> bool:
        return any(one.until is None for one in self.numbers)


def _histories(claims: Collection[Claim]) -> list[_Told]:
    """Every claim once, with its end."""
    roles = _roles(claims)
    slots: dict[tuple[Node, Role], dict[str, Claim]] = {}
    for claim in claims:
        slot = slots.setdefault((_node(claim), roles[claim.number]), {})
        slot[claim.number] = _same(slot.get(claim.number, claim), claim)
    told = [
        _ended(node, role, claim, tuple(slot.values()))
        for (node, role), slot in slots.items()
        for claim in slot.values()
    ]
    refused = _refused(one.claim for one in told)
    return [_heeding(one, refused) for one in told]


def _node(claim: Claim) -> Node:
    """What stays one parcel by its source's own word. Without a name the same number on two orders is said twice."""
    return claim.source, claim.group or claim.number, "" if claim.group else " ".join(sorted(_orders(claim)))


def _orders(claim: Claim) -> set[str]:
    return {part.order for part in claim.contents}


def _refused(claims: Iterable[Claim]) -> set[tuple[str, str]]:
    """(number, order) pairs that a person took back and did not type again; order '' = whichever."""
    last: dict[tuple[str, str], Claim] = {}
    for claim in claims:
        for order in (_orders(claim) or {""}) if claim.by_person else ():
            held = last.get((claim.number, order), claim)
            last[claim.number, order] = max(held, claim, key=lambda one: (one.last_said, not one.gone))
    return {pair for pair, claim in last.items() if claim.gone}


def _heeding(told: _Told, refused: set[tuple[str, str]]) -> _Told:
    """A person who takes a number back means that it is not this order's, whoever else says so: a store that echoes
    what it was given, or a mail, does not bring it back.
    """
    claim = told.claim
    orders = {order for number, order in refused if number == claim.number}
    left = tuple(part for part in claim.contents if part.order not in orders)
    if claim.by_person or not orders:
        return told
    if "" in orders or not left:
        return told._replace(until=told.until or claim.last_said, next="")
    return told._replace(claim=replace(claim, contents=left))


def _roles(claims: Collection[Claim]) -> dict[str, Role]:
    said: dict[str, set[Role]] = {}
    for claim in claims:
        said.setdefault(claim.number, set()).add(claim.role)
    return {number: min(roles, key=_ROLES.index) for number, roles in said.items()}


def _same(one: Claim, other: Claim) -> Claim:
    """Two tellings of the same claim: the newer one, said since the earlier."""
    return replace(max(one, other, key=_newness), first_said=min(one.first_said, other.first_said))


def _newness(claim: Claim) -> tuple[datetime, bool, bool, bool, str]:
    """Orders tellings of one claim. Without ``first_said``, which changes as tellings are put together."""
    content = repr((claim.role, claim.carrier, claim.contents))
    return claim.last_said, not claim.gone, *_strength(claim), content


def _strength(claim: Claim) -> tuple[bool, bool]:
    return claim.by_person, claim.how == "stated"


def _ended(node: Node, role: Role, claim: Claim, slot: tuple[Claim, ...]) -> _Told:
    """Numbers said at the same last time stand side by side; pieces always do."""
    later = [one for one in slot if one.last_said > claim.last_said and role is not Role.PIECE]
    if not claim.gone and all(one.gone for one in later):
        return _Told(node, role, claim, None, "")
    if not later:
        return _Told(node, role, claim, claim.last_said, "")
    heir = min(later, key=lambda one: (one.last_said, one.first_said, one.number))
    return _Told(node, role, claim, max(heir.first_said, claim.last_said), heir.number)


def _joined(histories: list[_Told]) -> list[list[_Told]]:
    """Claims by parcel: those of one group, and those of groups that share a number."""
    parent = {told.node: told.node for told in histories}

    def find(node: Node) -> Node:
        while parent[node] != node:
            node = parent[node]
        return node

    for nodes in _sharing(histories):
        for node in nodes:
            parent[find(node)] = find(nodes[0])
    parcels: dict[Node, list[_Told]] = {}
    for told in histories:
        parcels.setdefault(find(told.node), []).append(told)
    return list(parcels.values())


def _sharing(histories: list[_Told]) -> Iterator[list[Node]]:
    """Groups that share a number. A source that gives a past number of one group to another of its groups now has moved
    the number, and means two parcels. A number that was only ever taken back keeps its history in one place.
    """
    alive = {told.node for told in histories if told.counts}
    by_number: dict[str, list[_Told]] = {}
    for told in histories:
        by_number.setdefault(told.claim.number, []).append(told)
    for said in by_number.values():
        counting = [told for told in said if told.counts]
        now = {told.claim.source for told in counting if told.until is None}
        nodes = [told.node for told in counting if told.until is None or told.claim.source not in now]
        dead = [told.node for told in said if told.node not in alive]
        first = min(said, key=lambda told: (told.claim.first_said, told.node)).node
        yield nodes
        yield dead if nodes else [first, *dead]


def _parcel(told: list[_Told]) -> _Draft:
    links = {(one.claim.number, one.next): one.until for one in sorted(told, key=_by_end) if one.next and one.until}
    by_number: dict[str, list[_Told]] = {}
    for one in told:
        by_number.setdefault(one.claim.number, []).append(one)
    boxes = _boxes(told)
    numbers = [replace(_held(number, said, links), apart=number in boxes) for number, said in by_number.items()]
    return _Draft(
        heard=min(one.claim.first_said for one in told),
        groups=tuple(sorted({one.node[:2] for one in told})),
        numbers=tuple(sorted(numbers, key=lambda one: (one.since, one.number))),
        replaced=tuple(sorted(links)),
        told=tuple(told),
    )


def _boxes(told: list[_Told]) -> set[str]:
    """Pieces, and couriers' numbers that one source gives side by side for one parcel."""
    live = [one for one in told if one.until is None]
    beside = Counter(one.node for one in live if one.role is Role.LOCAL)
    legs = {one.claim.number for one in live if one.claim.legs}
    pieces = {one.claim.number for one in live if one.role is Role.PIECE}
    return pieces | {one.claim.number for one in live if one.role is Role.LOCAL and beside[one.node] > 1} - legs


def _by_end(told: _Told) -> datetime:
    return told.until or told.claim.last_said


def _held(number: str, said: list[_Told], links: Mapping[tuple[str, str], datetime]) -> HeldNumber:
    """One number with what all sources say of it. A source's replacement ends it for those that only repeat the old."""
    claims = [one.claim for one in said]
    speaking = [one.claim for one in said if one.until is None] or claims
    until = None if any(one.until is None for one in said) else max(map(_by_end, said))
    replaced = max((at for (old, _), at in links.items() if old == number), default=None)
    renewed = max((at for (_, new), at in links.items() if new == number), default=None)
    if until is None and replaced and not _insisted(said, replaced) and (renewed is None or renewed < replaced):
        until = replaced
    return HeldNumber(
        number=number,
        role=said[0].role,
        carrier=_carrier(speaking),
        since=min(claim.first_said for claim in claims),
        until=until,
        said_by=tuple(sorted({claim.source for claim in speaking})),
    )


def _insisted(said: list[_Told], replaced: datetime) -> bool:
    """True if a person gave the number again after it had been replaced."""
    return any(one.until is None and one.claim.by_person and one.claim.first_said > replaced for one in said)


def _carrier(claims: list[Claim]) -> str:
    """A person's word, else the newest word of any source that names one."""
    named = [claim for claim in claims if claim.carrier]
    best = max(named, key=lambda one: (one.by_person, one.last_said, one.source, one.carrier), default=None)
    return best.carrier if best else ""


def _allot(lines: Mapping[str, Sequence[Line]], parcels: Sequence[_Draft]) -> list[tuple[Part, ...]]:
    """What each parcel holds: as stated or matched; what is left over goes to the first parcel nobody spoke for."""
    wanted = {order: {line.ref: qty for line in told if (qty := shippable(line))} for order, told in lines.items()}
    known = [_known(parcel, wanted) if parcel.moves else {} for parcel in parcels]
    for order, needs in wanted.items():
        rest = {
            line: qty - sum(one.get(order, {}).get(line, _NOTHING)[0] for one in known) for line, qty in needs.items()
        }
        left: dict[str, tuple[int, How]] = {line: (qty, "assumed") for line, qty in rest.items() if qty > 0}
        for holds in known:
            if order in holds and not holds[order]:
                holds[order] = left or {"": _NOTHING}
                left = {}
    return [_parts(one) for one in known]


def _known(parcel: _Draft, wanted: Mapping[str, Mapping[str, int]]) -> _Holds:
    """The parcel's orders, each with what somebody says it holds of it ({}: nobody does)."""
    named = {part.order for one in parcel.told if one.counts for part in one.claim.contents}
    live = {one.number for one in parcel.numbers if one.until is None}
    return {
        order: _best(order, needs, parcel.told, live) for order, needs in wanted.items() if order in named or not named
    }


def _best(order: str, needs: Mapping[str, int], told: tuple[_Told, ...], live: set[str]) -> dict[str, tuple[int, How]]:
    """The word of the best source: of current numbers before past ones, a person's, stated, matched, the newest. Its
    groups add up (two purchases in one box); another source's word of the same goods does not.
    """

    def weight(claim: Claim) -> tuple[bool, bool, bool, datetime, str]:
        return claim.number in live, *_strength(claim), claim.last_said, repr(claim)

    by_node: dict[Node, Claim] = {}
    for one in told:
        if one.counts and any(part.order == order and part.line in needs for part in one.claim.contents):
            by_node[one.node] = max(by_node.get(one.node, one.claim), one.claim, key=weight)
    if not by_node:
        return {}
    best = max(by_node.values(), key=weight)
    total: Counter[str] = Counter()
    for claim in by_node.values():
        if claim.source == best.source and (claim.number in live) == (best.number in live):
            for part in claim.contents:
                total[part.line] += part.qty if part.order == order and part.line in needs else 0
    return {line: (min(qty, needs[line]), best.how) for line, qty in total.items() if qty > 0}


def _parts(holds: _Holds) -> tuple[Part, ...]:
    return tuple(
        Part(order=order, line=line, qty=qty, how=how)
        for order in sorted(holds)
        for line, (qty, how) in sorted(holds[order].items())
    )
