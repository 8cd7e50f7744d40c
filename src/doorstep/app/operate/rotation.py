"""A new key: credentials are sealed with it, addresses hashed with it, every session ends. Former keys stay behind it
in the key file, because the links and webhook addresses that people and vendors hold were made with them.

The file is written first. Whatever the machine does then, both keys open everything, and the command finishes the work
when it is run again.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction

from doorstep.app import clock, vault
from doorstep.app.audit import record
from doorstep.app.merge.orders import email_hash
from doorstep.app.operate import keyfile
from doorstep.core.message import Message
from doorstep.db.models import Attempt, Connection, Door, Endpoint, Person, Postbox, Workspace

SHOWN: Final = ("page", "lookup", "agent", "invite")  # doors whose links Doorstep makes again when they are shown
_BATCH: Final = 1000


class NotPossible(Exception):
    """Nothing was changed; ``message`` says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.message = Message(id=key)


def rotate(*, close_links: bool) -> dict[str, Any]:
    """Take a new key into use, or finish what an earlier call began. Nothing else may run on this database.

    ``close_links`` also closes every link that was made with a former key, of pages, look-ups and suppliers: for when
    the key has been read by somebody. Raises NotPossible when the key comes from DOORSTEP_SECRET, with none before it.
    """
    place = Path(settings.DATA_DIR) / "key"
    kept_here = place.exists() and keyfile.read(place) == vault.secrets()
    begun = _is_behind()
    if not begun and not kept_here:
        raise NotPossible("rotate.environment")
    if not begun:
        keyfile.put_before(place)
        reread()
    with transaction.atomic():
        lost = [one.label for one in Connection.objects.order_by("ws", "id") if not _seal_again(one)]
        lost += [one.url for one in Endpoint.objects.order_by("ws", "id") if not _sign_again(one)]
        lost += [one.address for one in Postbox.objects.order_by("ws", "id") if not _keep_again(one)]
        people = sum(_hash_again(some) for some in _batches())
        _seal_factors()
        Attempt.objects.all().delete()  # an authorization half way is begun anew
        Session.objects.all().delete()
        closed = _close() if close_links else 0
        for ws in Workspace.objects.values_list("id", flat=True):
            record(ws, "cli", "key.rotate", f"workspace:{ws}")
    return {"finished_earlier": begun, "people": people, "links_closed": closed, "unreadable": lost}


def reread() -> None:
    """Let this process know the keys anew."""
    from doorstep import settings as own  # noqa: PLC0415 - the module, not what Django makes of it

    own.secrets_of_this.cache_clear()


def _is_behind() -> bool:
    sealed = Connection.objects.exclude(credentials_enc=b"").values_list("credentials_enc", flat=True)
    signing = Endpoint.objects.values_list("secrets_enc", flat=True)
    opening = Postbox.objects.values_list("secret_enc", flat=True)
    if any(_is_former(one) for one in (*sealed, *signing, *opening)):
        return True
    last = Person.objects.exclude(email_hash=b"").order_by("id").last()
    return last is not None and bytes(last.email_hash) != email_hash(last.email)


def _is_former(sealed: bytes | memoryview) -> bool:
    """Whether a former key opens it; what no key opens is lost, and waits for nobody."""
    if vault.is_current(sealed):
        return False
    with contextlib.suppress(vault.WrongKey):
        vault.unseal(sealed)
        return True
    return False


def _seal_again(one: Connection) -> bool:
    try:
        one.credentials_enc = vault.seal(vault.unseal(one.credentials_enc)) if one.credentials_enc else b""
    except vault.WrongKey:
        return False
    one.save(update_fields=["credentials_enc"])
    return True


def _sign_again(one: Endpoint) -> bool:
    try:
        one.secrets_enc = vault.seal(vault.unseal(one.secrets_enc))
    except vault.WrongKey:
        return False
    one.save(update_fields=["secrets_enc"])
    return True


def _keep_again(one: Postbox) -> bool:
    try:
        one.secret_enc = vault.seal(vault.unseal(one.secret_enc))
    except vault.WrongKey:
        return False
    one.save(update_fields=["secret_enc"])
    return True


def _seal_factors() -> None:
    """Secrets of authenticator apps and seeds of recovery codes; one that no key opens is left to its owner."""
    for one in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN):
        for name in {"secret", "seed"} & one.data.keys():
            with contextlib.suppress(vault.WrongKey):
                one.data[name] = vault.seal(vault.unseal(one.data[name].encode())).decode()
        one.save(update_fields=["data"])


def _batches() -> Iterator[list[Person]]:
    after = 0
    while some := list(Person.objects.filter(id__gt=after).exclude(email_hash=b"").order_by("id")[:_BATCH]):
        yield some
        after = some[-1].id


def _hash_again(people: list[Person]) -> int:
    for one in people:
        one.email_hash = email_hash(one.email)
    return Person.objects.bulk_update(people, ["email_hash"])


def _close() -> int:
    return Door.objects.filter(kind__in=SHOWN, revoked_at=None).update(revoked_at=clock.now())
