"""Connections to the outside, what is polled from them, and a store's rules."""

from typing import ClassVar

from django.db import models

from doorstep.db.ids import new_id


class Connection(models.Model):
    """A connected store, supplier, carrier account or mailbox.

    ``state``: active | paused (by a person) | denied (credentials refused: waits for a person). ``state_reason`` is a
    Message as JSON. ``credentials_enc`` is opened by ``app.vault`` only. ``ws`` 0: the operator's
    (``app.connections.lending``).
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField()
    kind = models.TextField()  # store | supplier | carrier
    connector = models.TextField()
    external_id = models.TextField()
    label = models.TextField()
    base_url = models.TextField(default="")
    settings = models.JSONField(default=dict)
    credentials_enc = models.BinaryField(default=b"")
    cred_version = models.IntegerField(default=0)
    renewing_until = models.FloatField(default=0)  # machine seconds: somebody renews the credentials until then
    state = models.TextField(default="active")
    state_reason = models.JSONField(null=True)
    connected_at = models.DateTimeField()
    rank = models.IntegerField(default=0)  # carriers: the place that a person gave it among them; 0 = none
    pushed_at = models.DateTimeField(null=True)  # when its vendor last called us and was verified, to the hour
    untold = models.JSONField(null=True)  # Message: why its vendor, who could, does not tell by itself
    lent_id = models.BigIntegerField(default=0)  # the operator's account that is asked instead; 0 = this is an own one

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ws", "kind", "connector", "external_id"], name="connection_uq")
        ]


class Attempt(models.Model):
    """A person who was sent to a vendor's page to let Doorstep in (``app.connections.granting``), and has not come back
    yet.
    """

    ws = models.BigIntegerField()
    user_id = models.BigIntegerField()
    kind = models.TextField()
    connector = models.TextField()
    again = models.BigIntegerField(default=0)  # the connection to be connected once more
    state_sha256 = models.BinaryField(max_length=32, unique=True)
    sealed = models.BinaryField()  # what was typed, and the verifier: opened by app.vault only
    until = models.FloatField()  # machine seconds


class Feed(models.Model):
    """What is asked of a store or supplier again and again (orders, purchases), and how fresh it is.

    ``cursor`` is the instant up to which everything was read. ``answer``: ok | busy | denied | broken | not_found.
    """

    ws = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    name = models.TextField()  # orders | purchases
    cursor = models.DateTimeField(null=True)
    next_at = models.DateTimeField(db_index=True)
    lease_token = models.BigIntegerField(default=0)
    lease_until = models.FloatField(default=0)  # machine seconds (time.time), never the product's clock
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(default="")
    said = models.JSONField(null=True)  # Message: what went wrong
    failures = models.IntegerField(default=0)
    slots = models.JSONField(default=dict)  # question -> hash of its last answer

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "connection_id", "name"], name="feed_uq")]


class Budget(models.Model):
    """How much may be asked of a carrier account now: a bucket of calls that refills at the connector's pace, spent by
    all workers together. ``ready_at``: not before. ``failures``: turns in a row that brought no answer at all.
    """

    pk = models.CompositePrimaryKey("ws", "connection_id")
    ws = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    tokens = models.FloatField(default=0)
    filled_at = models.FloatField(default=0)  # machine seconds
    ready_at = models.FloatField(default=0)  # machine seconds
    failures = models.IntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    spare_at = models.FloatField(default=0)  # machine seconds: no calls before for what is in no hurry (resyncs)


class Pool(models.Model):
    """What may be asked of a vendor that counts everybody who asks from here together: one bucket of calls for all
    accounts of a connector, beside each account's own.
    """

    connector = models.TextField(primary_key=True)
    tokens = models.FloatField(default=0)
    filled_at = models.FloatField(default=0)  # machine seconds


class Calls(models.Model):
    """The last calls of a connection (``app.vendors.calls``), the oldest first: a list that never grows long."""

    pk = models.CompositePrimaryKey("ws", "connection_id")
    ws = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    last = models.JSONField(default=list)


class Health(models.Model):
    """How a carrier account answered within an hour of the product's clock (``app.vendors.health``): sums, one row an
    hour.
    """

    pk = models.CompositePrimaryKey("ws", "connection_id", "hour")
    ws = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    hour = models.DateTimeField()
    calls = models.IntegerField(default=0)  # batches that were asked about
    failed = models.IntegerField(default=0)  # of them, without a usable answer
    numbers = models.IntegerField(default=0)
    events = models.IntegerField(default=0)  # scans told, known ones too
    unknown = models.IntegerField(default=0)  # of them, in words that nobody has mapped
    unreadable = models.IntegerField(default=0)  # parts of answers that could not be read at all
    seconds = models.FloatField(default=0)  # real ones, of all calls together
    slowest = models.FloatField(default=0)


class StorePolicy(models.Model):
    """A version of a store's rules (``core.policy.Policy``). The newest version counts for what is not pushed yet."""

    ws = models.BigIntegerField()
    store_id = models.BigIntegerField()
    version = models.IntegerField()
    when = models.TextField(default="after_dispatch")
    delay_h = models.IntegerField(default=0)
    which = models.TextField(default="default")
    max_hold_h = models.IntegerField(null=True)  # null = as long as it takes
    first_scan_hold = models.BooleanField(default=False)
    mail_by = models.TextField(default="store")
    tell = models.TextField(default="nothing")
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "store_id", "version"], name="policy_uq")]
