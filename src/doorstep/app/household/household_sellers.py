"""How the seller of a parcel is reached: the store's own ways where it is one of this installation, else what the
household knows. A way that does not work is marked, and said to be so (S9, S10).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from doorstep.app.brands import Look
from doorstep.db.models import Kept

WAYS: Final = ("phone", "email", "site", "other")
NAMED: Final = ("name", *WAYS)
LONGEST: Final = 200
_PAGE: Final = re.compile(r"https?://[^\s\"'<>]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to a seller; ``link`` '' = nothing a browser can open."""

    kind: str
    text: str
    link: str
    dead: bool


def ways(kept: Kept, brand: Look | None = None) -> tuple[Way, ...]:
    """The ways to the seller of an order: of its store, then of the household's own knowledge."""
    theirs = {"phone": brand.phone, "email": brand.email, "site": brand.site} if brand else {}
    found = {kind: theirs.get(kind) or str(kept.seller.get(kind, "")) for kind in WAYS}
    said = {kind: text for kind, text in found.items() if text}
    dead = set(kept.dead)
    return tuple(Way(kind=one, text=text, link=_link(one, text), dead=one in dead) for one, text in said.items())


def unreachable(found: tuple[Way, ...]) -> bool:
    """Whether there are ways, and none of them works."""
    return bool(found) and all(one.dead for one in found)


def write_down(ws: int, grant_id: int, order_id: int, form: Mapping[str, str]) -> None:
    """Keep what somebody typed about a seller; a way that was changed is taken to work again."""
    row, _ = Kept.objects.get_or_create(ws=ws, grant_id=grant_id, order_id=order_id)
    typed = {name: form.get(name, "").strip()[:LONGEST] for name in NAMED}
    changed = {name for name in WAYS if typed[name] != row.seller.get(name, "")}
    dead = [one for one in row.dead if one not in changed]
    seller = {name: text for name, text in typed.items() if text}
    Kept.objects.filter(ws=ws, id=row.id).update(seller=seller, dead=dead)


def mark(ws: int, grant_id: int, order_id: int, way: str, *, dead: bool) -> None:
    """Say that a way to the seller does not work, or does again."""
    if way in WAYS:
        row, _ = Kept.objects.get_or_create(ws=ws, grant_id=grant_id, order_id=order_id)
        others = [one for one in row.dead if one != way]
        Kept.objects.filter(ws=ws, id=row.id).update(dead=sorted([*others, way] if dead else others))


def _link(kind: str, text: str) -> str:
    """What a browser opens; never anything but a telephone, a mail or a page of the web."""
    if kind == "phone":
        dialled = "".join(one for one in text if one in "+0123456789")
        return f"tel:{dialled}" if dialled else ""
    if kind == "email":
        return f"mailto:{text}" if "@" in text and not set(text) & set("?&\r\n ") else ""
    address = text if "://" in text else f"https://{text}" if kind == "site" else ""
    return address if _PAGE.fullmatch(address) else ""
