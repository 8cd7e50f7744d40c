"""Correos (Spain): its locator, asked about one parcel at a time with the merchant's own user.

Source: Correos' own shop plug-in and the clients beside it (the canonical locator). An event has a code, of which
Correos publishes no list, and a Spanish text, by which it is read. Times are by the clock of the place, without an
offset. One bad event never spoils an answer.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.answers import place
from doorstep.connectors.asking import Asked
from doorstep.connectors.contract import Account, Answer, Can, Carrier, Facts, Field, Meta, Request
from doorstep.connectors.scans import Reader, asked, decoded, european, history, not_found, scan, trouble
from doorstep.core.event import TrackingEvent, when
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track

_META: Final = Meta(
    name="correos",
    label="Correos (Spain)",
    hosts=frozenset({"localizador.correos.es"}),
    polls_per_minute=60,
    can=frozenset({Can.TRACK}),
    fields=(
        Field(name="user", label="User", help="Of the web services in your contract with Correos."),
        Field(name="password", label="Password", secret=True),
    ),
    basis="the requests and answers of Correos' own shop plug-in (canonical locator)",
    docs="https://www.correos.es/es/es/empresas/ecommerce",
    carriers=frozenset({"correos"}),
    proven="documented only",
    steps=("Ask your contact at Correos for the user and password of its web services (localizador).",),
    limits=("One number in each question.",),
    gaps=(
        "Correos publishes no list of its codes: events are read by their Spanish text.",
        "Times are told without an offset: their order is sure, their instants are not.",
        "Correos Express is another company with another interface and is not answered.",
    ),
)
_FINE: Final = frozenset({None, "", "0"})


class _Scan(msgspec.Struct, rename="camel"):
    fec_evento: str | None = None
    hor_evento: str | None = None
    cod_evento: str | None = None
    des_texto_resumen: str | None = None
    des_texto_ampliado: str | None = None
    unidad: str | None = None


class _Error(msgspec.Struct, rename="camel"):
    cod_error: str | None = None
    des_error: str | None = None


class _Parcel(msgspec.Struct, rename="camel"):
    cod_envio: str | None = None
    error: _Error | None = None
    eventos: list[msgspec.Raw] | None = None


def tracked(answer: Answer) -> Facts:
    """The parcels of an answer. Raises the Trouble that a bad answer is; what Correos has an error for, it does not
    know.
    """
    numbers = asked(answer)
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(number) for number in numbers))
    if problem := trouble(answer, "", _META.label):
        raise problem
    single = answer.body.lstrip()[:1] == b"{"
    raws = [msgspec.Raw(answer.body)] if single else decoded(answer, list[msgspec.Raw], _META.label)
    reader = Reader("correos")
    return reader.facts(reader.each(raws, _Parcel, lambda parcel: _track(parcel, numbers, reader)))


def _track(parcel: _Parcel, numbers: Sequence[str], reader: Reader) -> Track:
    """Raises ValueError for a parcel that does not say which it is."""
    number = numbers[0] if len(numbers) == 1 else parcel.cod_envio or ""
    if not number or (parcel.eventos is None and parcel.error is None):
        raise ValueError("no number" if not number else "no eventos")
    error, raws = parcel.error or _Error(), parcel.eventos or ()
    if error.cod_error not in _FINE and not raws:
        return not_found(number, error.des_error or "")
    events = reader.scans(number, raws, lambda raw: _event(raw, reader), newest_first=None)
    return history(number, "correos", events, len(raws))


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan, strict=False)
    words = found.des_texto_resumen or found.des_texto_ampliado or ""
    return scan(
        "correos",
        when(european(f"{found.fec_evento or ''} {found.hor_evento or ''}")),
        reader.meaning({}, "", words, language="es"),
        text=words,
        code=found.cod_evento or "",
        place=place(None, None, found.unidad),
    )


def _question(account: Account, numbers: Sequence[TrackingNumber]) -> Request:
    """``indUltEvento`` N: all events, not only the last."""
    user, password = account.settings.get("user", ""), account.credentials.get("password", "")
    return Request(
        method="GET",
        url=f"https://localizador.correos.es/canonico/eventos_envio_servicio_auth/{quote(numbers[0].text, safe='')}",
        query=(("codIdioma", "ES"), ("indUltEvento", "N")),
        headers={"authorization": signing.basic(user, password), "accept": "application/json"},
    )


CONNECTOR: Carrier = Asked(
    meta=_META,
    question=_question,
    tracked=tracked,
    sample="PQ000000000000000000000",  # no parcel
    known_by="user",
    status={},
)
