"""How the mails of known senders name things: ``senders.toml`` as values, and whose shop a mail speaks for."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from doorstep.connectors.mail.words import Phrases
from doorstep.core.number.directory import carrier_named, carrier_of_host


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One row of ``senders.toml``. ``known``: False for the row that stands for everybody else."""

    merchant: str = ""
    shops: bool = False
    carrier: bool = False
    orders: re.Pattern[str] | None = None
    labels: Phrases | None = None
    keys: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    never_words: Phrases | None = None
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """A shop whose mails are known by name: its domains, and how it names things."""

    domains: tuple[str, ...]
    sender: Sender


ANYBODY: Final = Sender(known=False)
_LEGAL: Final = re.compile(r"\W+(?:gmbh|inc|ltd|llc|s\.?r\.?l|s\.?a|b\.?v|ab|oy|sp\. z o\.?o)\.?$", re.IGNORECASE)
# A carrier's mail names the shop it delivers for: "your House of Fraser parcel", "Ihr Paket von Müller".
_PARCEL: Final = (
    "parcel|package|order|shipment|sendung|paket|colis|envoi|commande|pedido|envío|pacco|ordine|paczka|przesyłka|pakket|"
    "encomenda|paketet"
)
_SHOP: Final = r"(?-i:([A-Z0-9][^\n:,!?]{1,38}?))"
_VERB: Final = (
    "is|has|was|will|ist|wurde|wird|est|a été|ha|è|jest|została|zostanie|foi|är|har|wordt|kommt|finns|kommer|arrives?|"
    "llega|wartet|liegt|czeka|arriva|ligt"
)
_FOR_SHOP: Final = (
    re.compile(
        rf"\byour (?!(?:parcel|order|package|shipment|delivery)\b){_SHOP} (?:parcel|order|package|shipment)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:{_PARCEL}) (?:from|von|de|da|di|od|van|från) {_SHOP}(?=[:,.!?\n]| (?:{_VERB})\b|$)", re.IGNORECASE
    ),
)
_ROLE: Final = re.compile(
    r"\b(?:no-?reply|do-?not-?reply|service|support|orders?|shipping|customer care|versand|notifications?|via .*)\b"
    r"|[<>\"]",
    re.IGNORECASE,
)


def sender_of(domain: str) -> Sender:
    """The row of a domain or of one above it."""
    labels = domain.split(".")
    tried = (_BY_DOMAIN.get(".".join(labels[start:])) for start in range(len(labels) - 1))
    return next(filter(None, tried), ANYBODY)


def merchant_of(sender: Sender, name: str, domain: str, subject: str) -> str:
    """Whose shop a mail speaks for: our name of a known one, else its own; '' if nothing tells."""
    if sender.merchant:
        return sender.merchant
    if sender.carrier or (not sender.known and carrier_of_host(domain)):
        shops = (_tidy(one[1]) for pattern in _FOR_SHOP if (one := pattern.search(subject)))
        return next((one for one in shops if sum(map(str.isdigit, one)) < 4 and not carrier_named(one)), "")
    called = _tidy(_ROLE.sub(" ", name)) if "@" not in name else ""
    if called or sender.shops:
        return called
    labels = domain.split(".")
    return labels[-3 if len(labels) > 2 and len(labels[-2]) <= 3 else -2] if len(labels) > 1 else ""


def merchants() -> dict[str, Merchant]:
    """Every shop with rows of its own, by our name of it."""
    found: dict[str, Merchant] = {}
    for domain, sender in _BY_DOMAIN.items():
        if name := sender.merchant:
            before = found[name].domains if name in found else ()
            found[name] = Merchant(domains=(*before, domain), sender=sender)
    return found


def _tidy(text: str) -> str:
    return _LEGAL.sub("", " ".join(text.split())).strip(" -–|,.'’")


def _made(row: dict[str, Any]) -> Sender:
    never = frozenset(row.get("never", ()))
    words = [one for one in never if " " in one]
    return Sender(
        merchant=row.get("merchant", ""),
        shops=row.get("shops", False),
        carrier="merchant" not in row and not row.get("shops"),
        orders=re.compile("|".join(row["orders"])) if row.get("orders") else None,
        labels=Phrases(row["labels"]) if row.get("labels") else None,
        keys=frozenset(row.get("keys", ())),
        never=never,
        never_words=Phrases(words) if words else None,
    )


def _rows() -> Iterator[tuple[str, Sender]]:
    data = tomllib.loads(resources.files(__package__).joinpath("senders.toml").read_text(encoding="utf-8"))
    for row in data.values():
        sender = _made(row)
        yield from ((one, sender) for one in row["domains"])


_BY_DOMAIN: Final = dict(_rows())
