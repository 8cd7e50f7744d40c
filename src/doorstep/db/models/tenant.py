"""What exists before a tenant is known: people who log in, workspaces, and the doors that lead into them."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

from doorstep.db.ids import new_id


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password the account can only be entered by a reset link."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):
    """Somebody who can log in. What they may do depends on their memberships only."""

    username = None  # type: ignore[assignment]  # the e-mail address is the name
    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[assignment,misc]  # AbstractUser types its manager for usernames


class Workspace(models.Model):
    """One business (or household): the tenant. ``tz`` is an IANA zone, ``country`` ISO 3166-1 alpha-2 or ''.

    ``closing_at``: when it is erased (null = it stays), as ``closing_by`` asked.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    kind = models.TextField(default="business")
    name = models.TextField()
    tz = models.TextField(default="UTC")
    locale = models.TextField(default="en")
    country = models.TextField(default="")
    second_factor = models.BooleanField(default=False)  # everybody who works here needs one
    closing_at = models.DateTimeField(null=True)
    closing_by = models.TextField(default="")


class Membership(models.Model):
    """Who may do what in a workspace: ``core.roles``."""

    ws = models.BigIntegerField()
    user_id = models.BigIntegerField(db_index=True)
    role = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "user_id"], name="membership_uq")]


class Door(models.Model):
    """An unguessable way in before the tenant is known. Only the hash of its token is stored (``app.doors``)."""

    id = models.BigIntegerField(primary_key=True, default=new_id)
    kind = models.TextField()  # page | hook | mail | thread | lookup | agent | api | ical | domain | invite
    token_sha256 = models.BinaryField()
    ws = models.BigIntegerField()
    target_id = models.BigIntegerField()  # page: order; api, ical, invite: the user, 0 = a command; others: connection
    label = models.TextField(default="")  # agent: whom it was given to; api: what it is for; invite: the mail address
    scopes = models.TextField(default="")  # api: what it may do, between blanks (app.api_keys); invite: the role
    hint = models.TextField(default="")  # api: the end of the key, by which a person knows it again
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "token_sha256"], name="door_uq")]
        indexes: ClassVar = [models.Index(fields=["ws", "kind", "target_id"], name="door_target_ix")]


class Tries(models.Model):
    """How often something was tried in a window of time (``app.tries``): every process counts here. Hot."""

    key = models.TextField(primary_key=True)  # <what>:<whose>
    window = models.BigIntegerField()  # the number of the window, counted from 1970
    used = models.IntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["window"], name="tries_window_ix")]


class Cached(models.Model):
    """What Django's cache holds: django-allauth counts logins there. The columns are Django's own."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)


class Export(models.Model):
    """Everything of a workspace, packed as a file in pieces (``app.privacy.export``). ``total``: tables and files to
    pack, 0 = not known yet; ``lease_until`` is machine seconds. Failed: ``ended_at`` without ``bytes``.
    """

    id = models.BigIntegerField(primary_key=True, default=new_id)
    ws = models.BigIntegerField(db_index=True)
    actor = models.TextField()
    asked_at = models.DateTimeField()
    packed = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    lease_until = models.FloatField(default=0)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)


class ExportPiece(models.Model):
    """A piece of a packed file, in the order of ``place``."""

    ws = models.BigIntegerField()
    export_id = models.BigIntegerField()
    place = models.IntegerField()
    body = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ws", "export_id", "place"], name="export_piece_uq")]
