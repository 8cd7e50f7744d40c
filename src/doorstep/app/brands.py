"""How the pages of a store look: name, words, logo, two colours, ways to reach the merchant. Colours are the merchant's
only as far as they can be read.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from doorstep.app.audit import record
from doorstep.app.pictures import NotAPicture, clean
from doorstep.core import colour
from doorstep.core.message import Message
from doorstep.db.models import Brand, Connection, Workspace

MOST_LOGO_KB: Final = 200
MOST_FRAMES: Final = 10
_LONGEST: Final = {
    "name": 60,
    "words": 400,
    "phone": 40,
    "email": 254,
    "site": 300,
    "support_to": 300,
    "accounts_at": 300,
}
SUPPORT: Final = ("", "mail", "link", "chat")
_HOURS: Final = (1, 24 * 14)
_CLIENT: Final = re.compile(r"[A-Za-z0-9_-]{8,100}")
_PHONE: Final = re.compile(r"[+()0-9 ./-]{5,40}")
_HOST: Final = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
# What is behind text and buttons by day and by night, and the quietest text that stands on it: page.css.
_DAY: Final = {"card": "#ffffff", "quiet": "#67625a"}
_NIGHT: Final = {"card": "#1f1e1b", "ground": "#171614", "quiet": "#a8a196"}
_NIGHT_DEPTH: Final = 0.9  # how much black is in the merchant's ground by night: cards stand out from it


class Wrong(ValueError):
    """The form cannot be kept; ``messages`` says what is wrong, by field."""

    def __init__(self, messages: Mapping[str, Message]) -> None:
        super().__init__(", ".join(messages))
        self.messages = messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a page needs. ``key`` '' = no brand of its own; ``site`` an https address, '' = none."""

    name: str
    key: str = ""
    words: str = ""
    coloured: bool = False
    logo: bool = False
    phone: str = ""
    email: str = ""
    site: str = ""
    support: str = ""  # one of SUPPORT, which leads to ``support_to``
    support_to: str = ""
    powered: bool = True
    frames: tuple[str, ...] = ()  # origins that may show the look-up in a frame

    @property
    def dialled(self) -> str:
        """The phone number as a telephone takes it."""
        return "".join(one for one in self.phone if one in "+0123456789")

    @property
    def ways(self) -> bool:
        """Whether the merchant can be reached in another way than by the page."""
        return bool(self.phone or self.email or self.site)


def look(ws: int, store_id: int) -> Look:
    """The look of a store's pages. One query where it has none of its own."""
    label = Connection.objects.filter(ws=ws, id=store_id).values_list("label", flat=True).first()
    label = label or Workspace.objects.get(id=ws).name
    row = of(ws, store_id)
    return look_of(row, label) if row else Look(name=label)


def look_of(row: Brand, label: str) -> Look:
    """The look that a brand gives."""
    return Look(
        name=row.name or label,
        key=row.key,
        words=row.words,
        coloured=bool(row.colour or row.ground),
        logo=bool(row.logo_kind),
        phone=row.phone,
        email=row.email,
        site=row.site,
        support=row.support,
        support_to=row.support_to,
        powered=row.powered,
        frames=tuple(row.frames),
    )


def of(ws: int, store_id: int) -> Brand | None:
    """The brand of a store, without the logo's bytes."""
    return Brand.objects.filter(ws=ws, store_id=store_id).defer("logo").first()


def is_open(ws: int, store_id: int) -> bool:
    """Whether shoppers may see their orders of a store in the app, as its merchant wants it now."""
    business = Workspace.objects.filter(id=ws, kind="business", closing_at=None).exists()
    connected = Connection.objects.filter(ws=ws, id=store_id, kind="store").exclude(state="removed").exists()
    return business and connected and Brand.objects.filter(ws=ws, store_id=store_id, app=True).exists()


def lets_sign_in(key: str) -> Brand | None:
    """The brand of a store, named ``<workspace>-<store>``, whose merchant lets shoppers sign in with their account at
    the shop; None for every other, and where the app is closed.
    """
    ws, _, store_id = key.partition("-")
    if not settings.SHOPPER_APP or not (ws.isdecimal() and store_id.isdecimal() and len(key) < 50):
        return None
    row = of(int(ws), int(store_id))
    return row if row and row.accounts_client and is_open(row.ws, row.store_id) else None


def by_key(key: str) -> Brand | None:
    """The brand that has this address now."""
    return Brand.objects.filter(key=key).first()


def style(colour_said: str, ground_said: str) -> str:
    """A style sheet with the two colours (``#rrggbb`` or ''), corrected until everything on them can be read."""
    day = _variables(colour_said, ground_said, night=False)
    night = _variables(colour_said, ground_said, night=True)
    return f":root{{{day}}}@media(prefers-color-scheme:dark){{:root{{{night}}}}}" if day else ""


def by_day(colour_said: str, ground_said: str) -> dict[str, str]:
    """The corrected colours of the day, for what knows no style sheet's variables: ``g`` the ground, ``a`` buttons,
    ``ai`` what is written on them; those that were said.
    """
    said = _variables(colour_said, ground_said, night=False)
    parts = (one.removeprefix("--").partition(":") for one in said.split(";") if one)
    return {name: value for name, _, value in parts}


def corrected(colour_said: str, ground_said: str) -> bool:
    """Whether a colour cannot be used as it is by day: the merchant is told."""
    day = _variables(colour_said, ground_said, night=False)
    return any(one and one not in day for one in (colour_said, ground_said))


def _variables(colour_said: str, ground_said: str, *, night: bool) -> str:
    base, towards = (_NIGHT, colour.WHITE) if night else (_DAY, colour.BLACK)
    said, ground = [], base.get("ground", "#f6f4f0")
    if ground_said:
        away = colour.BLACK if night else colour.WHITE
        wanted = colour.mix(ground_said, colour.BLACK, _NIGHT_DEPTH) if night else ground_said
        ground = colour.readable(wanted, base["quiet"], towards=away)
        said.append(f"--g:{ground}")
    if colour_said:
        shown = colour.readable(colour_said, base["card"], ground, towards=towards)
        said += [f"--a:{shown}", f"--ai:{colour.ink(shown)}"]
    return ";".join(said)


def save(ws: int, store_id: int, form: Mapping[str, Any], logo: bytes, actor: str) -> Brand:
    """Keep what the merchant typed; ``logo`` b"" = as it was, ``form["no_logo"]`` removes it. Raises Wrong."""
    values, wrong = read(form)
    kind, picture = "", b""
    if logo:
        try:
            kind, picture = _logo(logo)
        except Wrong as problem:
            wrong |= problem.messages
    if wrong:
        raise Wrong(wrong)
    with transaction.atomic():
        Connection.objects.select_for_update().filter(ws=ws, id=store_id).first()  # two first ones, one after the other
        row = Brand.objects.filter(ws=ws, store_id=store_id).first() or Brand(ws=ws, store_id=store_id)
        for name, value in values.items():
            setattr(row, name, value)
        if picture or form.get("no_logo"):
            row.logo, row.logo_kind = picture, kind
        row.key = secrets.token_urlsafe(16)
        row.save()
        record(ws, actor, "brand.change", f"connection:{store_id}", after=values)
    return row


def read(form: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Message]]:
    """The values of a form, and what is wrong with it by field."""
    values: dict[str, Any] = {name: str(form.get(name, "")).strip()[:most] for name, most in _LONGEST.items()}
    wrong: dict[str, Message] = {}
    for name in ("colour", "ground"):
        try:
            values[name] = colour.parse(str(form.get(name, "")))
        except ValueError:
            wrong[name] = Message(id="brand.no_colour")
    values["powered"] = bool(form.get("powered"))
    values["app"] = bool(form.get("app")) and settings.SHOPPER_APP
    values["accounts_client"] = str(form.get("accounts_client", "")).strip()[:200]
    values["support"] = str(form.get("support", "")) if form.get("support") in SUPPORT else ""
    values["support_to"] = values["support_to"] if values["support"] else ""
    values["answer_h"] = _within(str(form.get("answer_h", "")), *_HOURS)
    values["frames"] = origins(str(form.get("frames", "")))
    if values["answer_h"] is None:
        wrong["answer_h"] = Message(id="brand.no_hours", values={"least": _HOURS[0], "most": _HOURS[1]})
    if values["frames"] is None:
        wrong["frames"] = Message(id="brand.no_origin", values={"most": MOST_FRAMES})
    return values, wrong | _unreachable(values)


def origins(text: str) -> list[str] | None:
    """``https://shop.example`` of each line of a form; None where a line is no address of a site."""
    found = [_origin(line if "://" in line else f"https://{line}") for line in text.split()]
    kept = list(dict.fromkeys(one for one in found if one))
    return kept if all(found) and len(kept) <= MOST_FRAMES else None


def _origin(address: str) -> str:
    """``https://host`` or ``https://host:port`` of an address; '' where it is none of a public site."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").casefold(), parts.port
    except ValueError:
        return ""
    if parts.scheme != "https" or not _HOST.fullmatch(host) or parts.username is not None:
        return ""
    return f"https://{host}:{port}" if port else f"https://{host}"


def _unreachable(values: Mapping[str, Any]) -> dict[str, Message]:
    wrong = {}
    if values["phone"] and not _PHONE.fullmatch(values["phone"]):
        wrong["phone"] = Message(id="brand.no_phone")
    if values["email"] and not _is_mail(values["email"]):
        wrong["email"] = Message(id="brand.no_email")
    if values["site"] and not _origin(values["site"]):
        wrong["site"] = Message(id="brand.no_site")
    if (values["accounts_at"] or values["accounts_client"]) and not _origin(values["accounts_at"]):
        wrong["accounts_at"] = Message(id="brand.accounts.no_site")
    if values["accounts_at"] and not _CLIENT.fullmatch(values["accounts_client"]):
        wrong["accounts_client"] = Message(id="brand.accounts.no_client")
    if values["support"] == "mail" and not _is_mail(values["support_to"]):
        wrong["support_to"] = Message(id="slot.no_mail")
    if values["support"] in {"link", "chat"} and not _origin(values["support_to"]):
        wrong["support_to"] = Message(id="slot.no_link")
    return wrong


def _is_mail(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def _within(text: str, least: int, most: int) -> int | None:
    if not text:
        return 48
    return int(text) if text.isdecimal() and len(text) < 5 and least <= int(text) <= most else None


def _logo(raw: bytes) -> tuple[str, bytes]:
    if len(raw) > MOST_LOGO_KB << 10:
        raise Wrong({"logo": Message(id="brand.logo_too_big", values={"most": MOST_LOGO_KB})})
    try:
        return clean(raw)
    except NotAPicture:
        raise Wrong({"logo": Message(id="brand.no_logo")}) from None
