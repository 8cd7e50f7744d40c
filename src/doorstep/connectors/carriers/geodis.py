"""GEODIS: the search of its customer area (Zoom Client), asked about one consignment at a time.

Sources: published requests and answers of the service. Its codes are pairs, situation and justification, as French
carriers share them (INOVERT); a pair that is not in the table is read by its text. Times are by the clock of the place,
without an offset. One bad scan never spoils an answer.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Refused, Request
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    day,
    decoded,
    history,
    opened,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.message import Message
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Reason, Status

HOST: Final = "https://espace-client.geodis.com/services"
SERVICE: Final = "api/zoomclient/recherche-envoi"
LANGUAGE: Final = "en"
_META: Final = Meta(
    name="geodis",
    label="GEODIS",
    hosts=frozenset({"espace-client.geodis.com"}),
    polls_per_minute=30,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="identifier", label="API identifier", help="In the GEODIS customer area, under the web services."),
        Field(name="api_key", label="API key", secret=True, help="Shown beside it."),
    ),
    basis="published requests and answers of the GEODIS customer area (recherche-envoi)",
    docs="https://espace-client.geodis.com/services/",
    carriers=frozenset({"geodis"}),
    proven="vendor sample",
    steps=(
        "Sign in to the GEODIS customer area (espace-client.geodis.com) and ask for its web services.",
        "Copy the API identifier and the API key.",
    ),
    limits=("One number in each question.",),
    gaps=(
        "Only pairs of codes that are known for certain are in our table: the rest is read by its text.",
        "Times are told without an offset: their order is sure, their instants are not.",
    ),
)
_PAIRS: Final[Mapping[str, Meaning]] = {
    "COM/CFM": Meaning(Status.INFO_RECEIVED),
    "PCH/CFM": Meaning(Status.PICKED_UP),
    "EXP/CFM": Meaning(Status.IN_TRANSIT),
    "AAR/CFM": Meaning(Status.IN_TRANSIT),  # at the depot that delivers
    "RST/SOU": Meaning(Status.EXCEPTION),  # held there, for want of instructions
    "MLV/CFM": Meaning(Status.OUT_FOR_DELIVERY),
    "REN/NRV": Meaning(Status.ATTEMPT_FAILED, Reason.NOBODY_HOME),
    "REN/CAD": Meaning(Status.EXCEPTION, Reason.INCOMPLETE_ADDRESS),
    "REN/DIA": Meaning(Status.EXCEPTION, Reason.WRONG_ADDRESS),
    "LIV/CFM": Meaning(Status.DELIVERED),
    "LIV/GAR": Meaning(Status.DELIVERED),  # to the caretaker
    "LIV/REO": Meaning(Status.RETURNED),
    "SOL/REO": Meaning(Status.RETURNING),
}


class _Scan(msgspec.Struct, rename="camel"):
    date_suivi: str | None = None
    heure_suivi: str | None = None
    libelle_centre: str | None = None
    libelle_suivi: str | None = None
    code_situation_justification: str | None = None


class _Consignment(msgspec.Struct, rename="camel"):
    no_suivi: str | None = None
    date_livraison_prevue: str | None = None
    list_suivis: list[msgspec.Raw] | None = None


class _Said(msgspec.Struct, rename="camel"):
    ok: bool | None = None
    code_erreur: str | None = None
    texte_erreur: str | None = None
    contenu: _Consignment | None = None


def tracked(answer: Answer) -> Facts:
    """The consignment of an answer. Raises the Trouble that a bad answer is; GEODIS gives its reason in words only."""
    told = opened(answer, _Said)
    words = f"{told.code_erreur or ''} {told.texte_erreur or ''}".strip()
    if problem := trouble(answer, words, _META.label):
        raise problem
    if told.ok is False:
        raise Refused(words, message=Message(id="carrier.refused", values={"carrier": _META.label, "said": words}))
    found, numbers = decoded(answer, _Said, _META.label).contenu or _Consignment(), asked(answer)
    number = numbers[0] if numbers else found.no_suivi or ""
    if found.list_suivis is None or not number:
        raise broken(_META.label, "no listSuivis")
    reader, eta = Reader("geodis"), day(found.date_livraison_prevue)
    events = reader.scans(number, found.list_suivis, lambda raw: _event(raw, reader), newest_first=True)
    return reader.facts([history(number, "geodis", events, len(found.list_suivis), eta=(eta, eta))])


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    code, words = found.code_situation_justification or "", found.libelle_suivi or ""
    on, at = found.date_suivi or "", found.heure_suivi or ""
    return scan(
        "geodis",
        when(f"{on}T{at}" if on and at else on),
        reader.meaning(_PAIRS, code, words),
        text=words,
        code=code,
        place=place(None, None, found.libelle_centre),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    body = msgspec.json.encode({"noSuivi": numbers[0].text})
    return Request(
        method="POST",
        url=f"{HOST}/{SERVICE}",
        headers={"content-type": "application/json", "x-geodis-service": signature(account, body)},
        body=body,
    )


def signature(account: Account, body: bytes) -> str:
    """The account, the time in milliseconds, the language, and a SHA-256 over these, the key, the service and what is
    sent.
    """
    identifier, key = account.settings.get("identifier", ""), account.credentials.get("api_key", "")
    at = str(int(account.now.timestamp() * 1000))
    signed = f"{key};{identifier};{at};{LANGUAGE};{SERVICE};{body.decode()}"
    return f"{identifier};{at};{LANGUAGE};{hashlib.sha256(signed.encode()).hexdigest()}"


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="1G6CPLT3JB5U",  # of the published answers
    known_by="identifier",
    status=statuses(_PAIRS),
    unseen=frozenset({"LIV/GAR", "LIV/REO", "REN/CAD", "REN/DIA"}),
)
