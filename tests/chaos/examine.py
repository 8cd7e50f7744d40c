"""What a Doorstep that is not running has on disk, as JSON: ``python -m tests.chaos.examine``, in its environment."""

import json
import os
import sys
from hashlib import sha256

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")
django.setup()

from doorstep.app import audit, doors, vault  # noqa: E402 - needs Django
from doorstep.app.inbox import answer_of  # noqa: E402
from doorstep.db.models import Connection, Feed, Inbox, Outbox, Push, Schedule, Workspace  # noqa: E402


def examine() -> dict[str, object]:
    """Everything that the test asks about."""
    shop = Connection.objects.get(kind="store", connector="woocommerce")
    return {
        "hook": doors.hook_url(shop),
        "secret": vault.unseal(shop.credentials_enc)["hook_secret"],
        "inbox": [sha256(answer_of(row).body).hexdigest() for row in Inbox.objects.iterator()],
        "mails": [answer_of(row).body.decode(errors="replace") for row in Inbox.objects.filter(headers__what="mail")],
        "unread": Inbox.objects.filter(state="new").count(),
        "bad": [row.error for row in Inbox.objects.filter(state="bad")],
        "connections": {one.label: one.state for one in Connection.objects.all()},
        "pushes": [[one.state, one.reason] for one in Push.objects.all()],
        "outbox": [[one.lane, one.state, one.error] for one in Outbox.objects.exclude(state="done")],
        "leased": Outbox.objects.exclude(lease_token=0).count()
        + Feed.objects.exclude(lease_token=0).count()
        + Schedule.objects.exclude(lease_token=0).count(),
        "audit": all(audit.unbroken(one.id) for one in Workspace.objects.all()),
    }


sys.stdout.write(json.dumps(examine()))
