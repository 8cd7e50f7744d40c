"""Shoppers of the app: coming in as a person does, with the code from the mail."""

import re
from typing import Any

from django.core import mail
from django.test import Client

from doorstep.app.household import household_entry, households
from doorstep.db.models import User, Workspace


def code_of(message: Any) -> str:
    """The code in a mail."""
    found = re.search(r"\d{4} \d{4}", message.body)
    assert found
    return found.group()


def come_in(email: str, client: Client | None = None, **more: str) -> Client:
    """By the form, the mail and the code."""
    client = client or Client()
    client.post("/my/enter", {"email": email, **more})
    answer = client.post("/my/code", {"code": code_of(mail.outbox[-1])})
    assert answer.status_code == 302, answer.content.decode()
    return client


def at_home(email: str) -> tuple[Client, Workspace]:
    """Somebody with a household who is signed in, without the way through the mail."""
    user = household_entry.proven(email)
    home = households.ensure(user, locale="en", tz="Europe/Lisbon")
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client, home


def text(client: Client, path: str) -> str:
    """A page that is there."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()
