"""What a Doorstep says of itself, as JSON: ``python -m tests.chaos.examine``, in its environment."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")
django.setup()

from doorstep.app import audit, doors, vault  # noqa: E402 - needs Django
from doorstep.db.models import Connection, Inbox, Outbox, Workspace  # noqa: E402


def examine() -> dict[str, object]:
    """Everything that the tests ask about."""
    shop = Connection.objects.get(kind="store", connector="woocommerce")
    return {
        "hook": doors.hook_url(shop),
        "secret": vault.unseal(shop.credentials_enc)["hook_secret"],
        "bad": [row.error for row in Inbox.objects.filter(state="bad")],
        "connections": {one.label: one.state for one in Connection.objects.all()},
        "outbox": [[one.lane, one.state, one.error] for one in Outbox.objects.exclude(state="done")],
        "audit": all(audit.unbroken(one.id) for one in Workspace.objects.all()),
    }


sys.stdout.write(json.dumps(examine()))
