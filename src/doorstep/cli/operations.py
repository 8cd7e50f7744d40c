"""A command for each operation of the API, made from the client's typed methods: what one takes is an argument or an
option, what it answers a table. Each group of them is an address of the API (``doorstep orders``).
"""

import functools
import inspect
import json
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from typer.core import TyperGroup

from doorstep.cli.groups import GROUPS
from doorstep.cli.here import Key, Server, Workspace, doorstep
from doorstep.cli.screen import AsJson, show
from doorstep.core.message import Message

USUAL: Final = 50  # rows on a terminal
PAGE: Final = 50  # rows that every list gives at once
_SAYS_OF_WHAT: Final = frozenset({"to", "of", "from"})
_COMMON: Final = {"server": Server, "api_key": Key, "workspace": Workspace, "as_json": AsJson}
_SCALARS: Final = (str, int, bool)


class Operations(TyperGroup):
    """The operations of one address. They are looked at when one is asked for: most commands need none."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names; what only looks comes first."""
        names = [command_name(self._group, one) for one in GROUPS[self._group]]
        return sorted(names, key=lambda one: {"list": 0, "show": 1}.get(one, 2))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name."""
        for one in GROUPS[self._group]:
            if command_name(self._group, one) == cmd_name:
                return _command(cmd_name, one)
        return None

    @property
    def _group(self) -> str:
        return self.name or ""


def command_name(group: str, operation: str) -> str:
    """What an operation is called within its group: ``list_orders`` is ``orders list``, ``get_order`` ``orders show``,
    ``add_number_to_order`` ``orders add-number``.
    """
    verb, *rest = operation.split("_")
    own = {group, group.removesuffix("s"), group.removesuffix("es")}
    said = [word for word in rest if word not in own | _SAYS_OF_WHAT]
    return "-".join(["show" if verb == "get" else verb, *said])


def _command(name: str, operation: str) -> Any:
    holder = typer.Typer(add_completion=False)
    holder.command(name)(_function(operation))
    made = typer.main.get_command(holder)
    made.name = name
    return made


@functools.cache
def _method(operation: str) -> tuple[Callable[..., Any], Mapping[str, Any], Mapping[str, inspect.Parameter]]:
    from doorstep.client import Client

    method = getattr(Client, operation)
    given = dict(inspect.signature(method).parameters)
    given.pop("self")
    return method, typing.get_type_hints(method), given


def _function(operation: str) -> Callable[..., None]:
    """What is run for an operation. Its signature is what the command takes."""
    method, hints, given = _method(operation)

    def run(**said: Any) -> None:
        common = {name: said.pop(name) for name in _COMMON}
        _run(operation, said, **common)

    taken = [*_arguments(hints, given), *_options(hints, given), *_common()]
    run.__signature__ = inspect.Signature(sorted(taken, key=_optional))  # type: ignore[attr-defined]  # typer reads it
    run.__annotations__ = {one.name: one.annotation for one in taken}
    run.__doc__ = (method.__doc__ or "").replace("\n        ", " ").partition(" Needs the scope")[0]
    return run


def _optional(one: inspect.Parameter) -> bool:
    return one.default is not inspect.Parameter.empty


def _arguments(hints: Mapping[str, Any], given: Mapping[str, inspect.Parameter]) -> Iterator[inspect.Parameter]:
    """What has to be said, in order: ids, then what the body cannot do without."""
    for name, one in given.items():
        if name != "body" and not _optional(one):
            yield _parameter(name, Annotated[str, typer.Argument(metavar=name.upper())])
    for name, kind in _body(hints).items():
        if name in hints["body"].__required_keys__:
            yield _parameter(name, Annotated[_kind(kind), typer.Argument(metavar=name.upper(), help=_how(kind))])


def _options(hints: Mapping[str, Any], given: Mapping[str, inspect.Parameter]) -> Iterator[inspect.Parameter]:
    for name, one in given.items():
        if name == "limit":
            how = "So many rows at most; 0 = all."
            yield _parameter(name, Annotated[int, typer.Option(min=0, help=how)], USUAL)
        elif name == "fields":
            yield _parameter(name, Annotated[str | None, typer.Option(help="Only these, between commas.")], None)
        elif _optional(one):
            yield _parameter(name, _option(_bare(hints[name])), None)
    for name, kind in _body(hints).items():
        if name not in hints["body"].__required_keys__:
            yield _parameter(name, _option(kind), None)


def _option(kind: Any) -> Any:
    how = _how(kind)
    return Annotated[_kind(kind) | None, typer.Option(help=how, show_default=False)]


def _common() -> Iterator[inspect.Parameter]:
    for name, kind in _COMMON.items():
        yield _parameter(name, kind, False if name == "as_json" else "")


def _parameter(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)


def _body(hints: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of what is sent, and their types."""
    return typing.get_type_hints(hints["body"]) if "body" in hints else {}


def _bare(kind: Any) -> Any:
    """A type without its null."""
    if typing.get_origin(kind) in {typing.Union, types.UnionType}:
        left = [one for one in typing.get_args(kind) if one is not types.NoneType]
        return left[0] if len(left) == 1 else str
    return kind


def _kind(kind: Any) -> Any:
    """What is typed for a value: itself, one of some words, or JSON."""
    bare = _bare(kind)
    return bare if bare in _SCALARS or typing.get_origin(bare) is Literal else str


def _how(kind: Any) -> str | None:
    bare = _bare(kind)
    if bare in _SCALARS or typing.get_origin(bare) is Literal:
        return "null for none" if bare is str and types.NoneType in typing.get_args(kind) else None
    return "JSON, or @FILE that holds it (@- for standard input)"


def _run(operation: str, said: dict[str, Any], *, server: str, api_key: str, workspace: str, as_json: bool) -> None:
    from doorstep.cli.records import tell, tell_rows, telling

    method, hints, given = _method(operation)
    fields = _body(hints)
    body = {name: _value(name, fields[name], said.pop(name)) for name in fields if said.get(name) is not None}
    call = {name: value for name, value in said.items() if name in given and value is not None}
    if "fields" in call:
        call["fields"] = call["fields"].split(",")
    most = call.pop("limit", 0)
    if most:
        call["limit"] = min(most, PAGE)
    with telling(as_json):
        client = doorstep(server, api_key, workspace, as_json)
        found = method(client, **call, **({"body": body} if fields else {}))
        if not isinstance(found, Iterator | list):
            show(found, as_json, lambda: tell(found))
            return
        rows = list(islice(found, most + 1 if most else None))
    shown = rows[:most] if most else rows
    show(shown, as_json, lambda: tell_rows(shown, operation.removeprefix("list_"), chosen="fields" in call))
    if len(rows) > len(shown) and not as_json:
        from doorstep.app.say import say

        print(say(Message(id="cli.more", values={"count": most})), file=sys.stderr)


def _value(name: str, kind: Any, text: Any) -> Any:
    """A field's value as it is sent."""
    if text == "null" and types.NoneType in typing.get_args(kind):
        return None
    if _kind(kind) is not str or _bare(kind) is str:
        return text
    try:
        return json.loads(_file(text[1:]) if text.startswith("@") else text)
    except (OSError, ValueError) as problem:
        raise typer.BadParameter(f"this is no JSON: {problem}", param_hint=f"--{name}") from None


def _file(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
