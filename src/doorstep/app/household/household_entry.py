"""Coming in with an e-mail address and a code that is mailed to it: whoever has the code has the mailbox. No word is
said about whether the address was here before.

What is under way is a plain mapping, kept in the visitor's session: the address, a keyed hash of the code, until when.
Tries are counted beside it (``app.shopper.lookup``), so that many windows have no more of them than one.
"""

import hmac
import secrets
from typing import Final, TypedDict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from doorstep.app import clock, tries
from doorstep.app.household.households import Refused, mark_of
from doorstep.app.members import workspaces
from doorstep.app.say import say
from doorstep.app.telling import notify
from doorstep.core.message import Message, Value
from doorstep.db.ids import new_id
from doorstep.db.models import User

DIGITS: Final = 8
GOOD_S: Final = 600.0  # of the machine's seconds


class UnderWay(TypedDict):
    """A code that was sent. ``until`` in machine seconds."""

    email: str
    salt: str
    code: str
    until: float


def send(email: str, address: str) -> UnderWay:
    """Mail a code; ``address`` is the visitor's, to count by. Raises Refused."""
    # As orders know it (``app.household.grants``): the mail goes to who is meant.
    email = email.strip().casefold()[:254]
    try:
        validate_email(email)
    except ValidationError:
        raise Refused("my.enter.no_address") from None
    if not tries.allow({"address": address, "mail": email}):
        raise Refused("my.enter.too_many")
    code, salt = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}", secrets.token_hex(16)
    values: dict[str, Value] = {
        "code": f"{code[:4]} {code[4:]}",
        "minutes": int(GOOD_S // 60),
        "site": settings.PUBLIC_URL,
    }
    subject = say(Message(id="letter.code.subject", values=values))
    body = say(Message(id="letter.code.body", values=values))
    try:
        notify.send(notify.Letter(to=(email,), subject=subject, body=body, mark=mark_of(new_id())))
    except (OSError, ValueError):
        raise Refused("my.enter.not_sent") from None
    return UnderWay(email=email, salt=salt, code=_hash(salt, code), until=clock.machine() + GOOD_S)


def check(under_way: UnderWay, typed: str, address: str) -> str:
    """The address that is proven by what was typed. Raises Refused."""
    if not tries.allow({"code": under_way["salt"], "address": address}):
        raise Refused("my.enter.too_many")
    if clock.machine() > under_way["until"]:
        raise Refused("my.enter.old")
    bare = "".join(one for one in typed if one.isdecimal() and one.isascii())
    if not hmac.compare_digest(_hash(under_way["salt"], bare), under_way["code"]):
        raise Refused("my.enter.wrong")
    return under_way["email"]


def proven(email: str) -> User:
    """The user of an address that was just proven; made when it is new."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - needs Django to be set up

    with transaction.atomic():
        user = workspaces.user_of(email)
        EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user


def has_proven(user: User) -> bool:
    """Whether somebody has shown that their address is theirs. That an owner typed it for them is no proof."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - needs Django to be set up

    return bool(EmailAddress.objects.filter(user=user, email=user.email.casefold(), verified=True).exists())


def _hash(salt: str, code: str) -> str:
    return hmac.digest(settings.SECRET_KEY.encode(), f"entry:{salt}:{code}".encode(), "sha256").hex()
