"""Endpoints: made, changed, paused, given a new secret, deleted. Whoever makes one is shown its secret, once."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from yarl import URL

from doorstep.app import addresses, clock, loop, vault
from doorstep.app.audit import record
from doorstep.app.webhooks import again, intents
from doorstep.app.webhooks.kinds import TEST
from doorstep.app.webhooks.shapes import SHAPES
from doorstep.core.message import Message
from doorstep.core.status import Status
from doorstep.db.models import Connection, Endpoint, Sending, SendingTry

OVERLAP: Final = timedelta(hours=24)  # after a rotation both secrets sign for so long
MOST: Final = 20  # of one workspace
LONGEST_URL: Final = 2000
LONGEST_LABEL: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants of an endpoint. Empty ``types``, ``store_ids``, ``statuses`` = everything."""

    url: str
    label: str = ""
    types: Collection[str] = ()
    store_ids: Collection[int] = ()
    statuses: Collection[str] = ()


def make(ws: int, wish: Wish, actor: str, *, shape: str = "doorstep", secret: str = "") -> tuple[int, str]:
    """A new endpoint, told what changes from now on: its id, and its secret, which nobody is shown again. ``secret``:
    one that receiver and vendor agreed on before, of shapes that have such. Raises ValueError with a Message.
    """
    now, values, drawn = clock.now(), _checked(ws, wish, shape), secret or SHAPES[shape].new_secret()
    with transaction.atomic():
        if Endpoint.objects.filter(ws=ws).count() >= MOST:
            raise ValueError(Message(id="webhook.too_many", values={"most": MOST}))
        made = Endpoint.objects.create(
            ws=ws,
            shape=shape,
            secrets_enc=vault.seal({"now": drawn}),
            made_at=now,
            state_since=now,
            next_at=now,
            **values,
        )
        again.catch_up(made, now)
        made.save()
        record(ws, actor, "webhook.make", f"endpoint:{made.id}", after=_traced(values))
        intents.forget(ws)
    return made.id, drawn


def change(ws: int, endpoint_id: int, wish: Wish, actor: str) -> None:
    """Tell it elsewhere, or something else, from now on. Raises Endpoint.DoesNotExist, ValueError with a Message."""
    with transaction.atomic():
        one = _locked(ws, endpoint_id)
        values, before = _checked(ws, wish, one.shape), _traced({name: getattr(one, name) for name in _CHANGED})
        for name, value in values.items():
            setattr(one, name, value)
        one.save(update_fields=list(_CHANGED))
        record(ws, actor, "webhook.change", f"endpoint:{one.id}", before=before, after=_traced(values))
        intents.forget(ws)


def pause(ws: int, endpoint_id: int, actor: str) -> None:
    """Tell it nothing until it is resumed; what happens meanwhile is told then. Raises Endpoint.DoesNotExist."""
    with transaction.atomic():
        one = _locked(ws, endpoint_id)
        if one.state == "active":
            _enter(one, "paused", None)
            record(ws, actor, "webhook.pause", f"endpoint:{one.id}")


def resume(ws: int, endpoint_id: int, actor: str) -> None:
    """Tell it again, first what happened since it was paused or switched off. Raises Endpoint.DoesNotExist."""
    with transaction.atomic():
        one = _locked(ws, endpoint_id)
        if one.state != "active":
            again.catch_up(one, one.state_since)
            one.failing_since = None
            one.next_at = clock.now()
            one.save()
            Sending.objects.filter(ws=ws, endpoint_id=one.id, state="due").update(due_at=clock.now(), tries=0)
            _enter(one, "active", None)
            record(ws, actor, "webhook.resume", f"endpoint:{one.id}")
    loop.wake(intents.BELL)


def switch_off(one: Endpoint, reason: Message) -> None:
    """It failed for too long. Part of the caller's transaction."""
    _enter(one, "off", reason)


def replay(ws: int, endpoint_id: int, since: datetime, actor: str) -> None:
    """Tell again what changed since an instant, under the webhook-ids of the first time. Raises Endpoint.DoesNotExist,
    ValueError with a Message for an instant to come.
    """
    if since > clock.now():
        raise ValueError(Message(id="webhook.replay_future"))
    with transaction.atomic():
        one = _locked(ws, endpoint_id)
        again.replay(one, since)
        one.save()
        record(ws, actor, "webhook.replay", f"endpoint:{one.id}", after={"since": since})
    loop.wake(intents.BELL)


def rotate(ws: int, endpoint_id: int, actor: str) -> str:
    """A new secret; the former one signs beside it for ``OVERLAP``. Raises Endpoint.DoesNotExist, ValueError with a
    Message while an earlier rotation is not over: a third secret would end the first one too early.
    """
    with transaction.atomic():
        one = _locked(ws, endpoint_id)
        held = vault.unseal(one.secrets_enc)
        if _former(one, held):
            raise ValueError(Message(id="webhook.rotating"))
        drawn = SHAPES[one.shape].new_secret()
        one.secrets_enc = vault.seal({"now": drawn, "former": held["now"]})
        one.former_until = clock.now() + OVERLAP
        one.save(update_fields=["secrets_enc", "former_until"])
        record(ws, actor, "webhook.rotate", f"endpoint:{one.id}")
    return drawn


def end_overlap(ws: int, endpoint_id: int, actor: str) -> None:
    """Sign with the newest secret only, from now on. Raises Endpoint.DoesNotExist."""
    with transaction.atomic():
        one = _locked(ws, endpoint_id)
        held = vault.unseal(one.secrets_enc)
        one.secrets_enc, one.former_until = vault.seal({"now": held["now"]}), None
        one.save(update_fields=["secrets_enc", "former_until"])
        record(ws, actor, "webhook.end_overlap", f"endpoint:{one.id}")


def delete(ws: int, endpoint_id: int, actor: str) -> None:
    """Forget it, what it was to be told, and its log. Raises Endpoint.DoesNotExist."""
    with transaction.atomic():
        one = _locked(ws, endpoint_id)
        for model in (Sending, SendingTry):
            model._default_manager.filter(ws=ws, endpoint_id=one.id).delete()
        Endpoint.objects.filter(ws=ws, id=one.id).delete()
        record(ws, actor, "webhook.delete", f"endpoint:{endpoint_id}")
        intents.forget(ws)


def live_secrets(one: Endpoint) -> list[str]:
    """The secrets to sign with, the newest first. Raises vault.WrongKey."""
    held = vault.unseal(one.secrets_enc)
    return [held["now"], *_former(one, held)]


def off(ws: int) -> list[Endpoint]:
    """The endpoints that were switched off, for those who can mend them."""
    return list(Endpoint.objects.filter(ws=ws, state="off").order_by("id"))


_CHANGED: Final = ("url", "label", "types", "store_ids", "statuses")


def _former(one: Endpoint, held: Mapping[str, str]) -> list[str]:
    alive = one.former_until is not None and clock.now() < one.former_until
    return [held["former"]] if alive and "former" in held else []


def _locked(ws: int, endpoint_id: int) -> Endpoint:
    return Endpoint.objects.select_for_update().get(ws=ws, id=endpoint_id)


def _enter(one: Endpoint, state: str, reason: Message | None) -> None:
    one.state, one.state_since = state, clock.now()
    one.state_reason = asdict(reason) if reason else None
    one.save(update_fields=["state", "state_since", "state_reason"])
    intents.forget(one.ws)


def _checked(ws: int, wish: Wish, shape: str) -> dict[str, object]:
    """What is stored of a wish. Raises ValueError with a Message."""
    able = SHAPES[shape].types - {TEST}
    stores = {str(one) for one in Connection.objects.filter(ws=ws, kind="store").values_list("id", flat=True)}
    chosen = {str(one) for one in wish.store_ids}
    for wrong, key in (
        (set(wish.types) - able, "webhook.no_type"),
        (chosen - stores, "webhook.no_store"),
        (set(wish.statuses) - {one.value for one in Status}, "webhook.no_status"),
    ):
        if wrong:
            raise ValueError(Message(id=key, values={"name": min(wrong)[:60]}))
    return {
        "url": check_url(wish.url),
        "label": " ".join(wish.label.split())[:LONGEST_LABEL],
        "types": sorted(set(wish.types)),
        "store_ids": sorted(chosen),
        "statuses": sorted(set(wish.statuses)),
    }


def check_url(text: str) -> str:
    """An address that may be told. Where its name leads is looked at whenever a socket is opened (``app.http``). Raises
    ValueError with a Message.
    """
    try:
        url = URL(text.strip()).with_fragment(None)
        host, port = url.host or "", url.port or 0
    except ValueError:
        url, host, port = URL(), "", 0
    if not host or url.scheme not in {"https", "http"} or len(str(url)) > LONGEST_URL:
        raise ValueError(Message(id="webhook.no_url"))
    if url.user or url.password:
        raise ValueError(Message(id="webhook.url_password"))
    if url.scheme == "http" and not addresses.allowed(host, port):
        raise ValueError(Message(id="webhook.no_tls", values={"host": host}))
    if addresses.literal(host):
        try:
            addresses.permit(host, port, host)
        except addresses.PrivateAddress:
            raise ValueError(Message(id="trouble.private_address", values={"host": host})) from None
    return str(url)


def _traced(values: Mapping[str, object]) -> dict[str, object]:
    return {name: values[name] for name in _CHANGED}
