"""Where an answer leads: which operations take the ids that stand in it, as the OpenAPI document says it.

Nothing is listed: ``GET /webhooks/{webhook_id}`` answers with a Webhook, so the id of a Webhook is a ``webhook_id``
everywhere, and every path that has one in it is open to whoever made one or has a list of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from doorstep.app.records.page import Page
from doorstep.web.api.route import Route, row_of

Links = dict[str, dict[str, Any]]
FIRST: Final = "$response.body#/data/0"
WHOLE: Final = "$response.body#"
_MADE: Final = {201, 202}


def links(one: Route, every: Iterable[Route]) -> Links:
    """What can be done next with what was made, or with the first row of a list; empty for all other answers."""
    if one.status not in _MADE and get_origin(one.answer) is not Page:
        return {}
    several = list(every)
    found = dict(_ids(row_of(one.answer), FIRST if row_of(one.answer) is not one.answer else WHOLE, _kinds(several)))
    known = {name: f"$request.path.{name}" for name in one.names if name not in found} | found
    return {
        to.name: {"operationId": to.name, "parameters": {name: known[name] for name in to.names}}
        for to in several
        if set(to.names) & set(found) and set(to.names) <= set(known)
    }


def _kinds(every: Iterable[Route]) -> dict[type, str]:
    """What the id of a type is called in paths."""
    at = {one.path: one for one in every if one.method == "GET"}
    found = {}
    for path, one in at.items():
        if path.endswith("}") and len(one.names) == 1:
            found[row_of(one.answer)] = one.names[0]
            above = at.get(path.rpartition("/")[0])
            if above:
                found[row_of(above.answer)] = one.names[0]
    return found


def _ids(kind: Any, where: str, kinds: Mapping[type, str]) -> Iterator[tuple[str, str]]:
    """(name of the id in paths, where it stands in the answer) of a row and of what is in it."""
    hints = get_type_hints(kind)
    for name in (one.name for one in fields(kind)):
        hint = hints[name]
        inner = next(iter(set(get_args(hint)) - {type(None)}), None) if get_origin(hint) in {Union, UnionType} else hint
        if name == "id" and kind in kinds:
            yield kinds[kind], f"{where}/id"
        elif name in kinds.values():
            yield name, f"{where}/{name}"
        elif is_dataclass(inner) and inner in kinds:
            yield from _ids(inner, f"{where}/{name}", kinds)
