"""What a workspace is called and where it is: kept from a form, or said what is wrong with it."""

import zoneinfo
from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from doorstep.app.audit import record
from doorstep.app.tongues import NAMES
from doorstep.core.message import Message
from doorstep.db.models import Workspace

FIELDS: Final = ("name", "tz", "locale", "country")
_LONGEST: Final = {"name": 60, "tz": 60, "locale": 16, "country": 2}


class Wrong(ValueError):
    """The form cannot be kept; ``messages`` says what is wrong, by field."""

    def __init__(self, messages: Mapping[str, Message]) -> None:
        super().__init__(", ".join(messages))
        self.messages = messages


def zones() -> list[str]:
    """The zones that can be chosen."""
    return sorted(one for one in zoneinfo.available_timezones() if "/" in one or one == "UTC")


def values_of(workspace: Workspace) -> dict[str, str]:
    """What the form shows."""
    return {one: getattr(workspace, one) for one in FIELDS}


def save(ws: int, form: Mapping[str, Any], actor: str) -> None:
    """Keep the form. Raises Wrong."""
    values, wrong = read(form)
    if wrong:
        raise Wrong(wrong)
    with transaction.atomic():
        before = values_of(Workspace.objects.select_for_update().get(id=ws))
        if before != values:
            Workspace.objects.filter(id=ws).update(**values)
            record(ws, actor, "workspace.change", f"workspace:{ws}", before, values)


def read(form: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Message]]:
    """The values of a form, and what is wrong with it by field."""
    values = {one: str(form.get(one, "")).strip()[:most] for one, most in _LONGEST.items()}
    values["country"] = values["country"].upper()
    wrong = {}
    if not values["name"]:
        wrong["name"] = Message(id="workspace.no_name")
    if values["tz"] not in zoneinfo.available_timezones():
        wrong["tz"] = Message(id="workspace.no_zone")
    if values["locale"] not in NAMES:
        wrong["locale"] = Message(id="workspace.no_locale")
    if values["country"] and not (values["country"].isascii() and values["country"].isalpha()):
        wrong["country"] = Message(id="workspace.no_country")
    return values, wrong
