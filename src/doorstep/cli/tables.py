"""Commands that move many at once: tables in, tables out, fresh data for a whole store."""

import csv
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Annotated, Any, Final, Literal

import typer
from rich.console import Console

from doorstep.cli.groups import GROUPS
from doorstep.cli.here import Key, Server, Workspace, doorstep
from doorstep.cli.records import telling
from doorstep.cli.screen import AsJson, fail, load_keyless, show, table
from doorstep.core.message import Message

commands = typer.Typer()
SHOWN: Final = 20  # rows that are refused, on a terminal
LISTED: Final = tuple(group for group, names in GROUPS.items() if f"list_{group}" in names)
Wait = Annotated[int, typer.Option(min=0, help="Seconds to wait until it is done.")]
Ranges = Literal["60d", "30d", "7d", "yesterday", "today"]


@commands.command("import")
def bring(
    file: Annotated[str, typer.Argument(help="A CSV table, or - for standard input.", metavar="FILE")],
    look: Annotated[bool, typer.Option("--look", help="Only say what each row would do.")] = False,
    wait: Wait = 30,
    server: Server = "",
    key: Key = "",
    workspace: Workspace = "",
    as_json: AsJson = False,
) -> None:
    """Give the tracking numbers of a table to their orders. Rows that cannot be used are named, and stop no other."""
    text = _text(file, as_json)
    with telling(as_json):
        client = doorstep(server, key, workspace, as_json)
        looked = client.bring_table({"text": text, "name": Path(file).name[:200]})
        at, rows = looked["table"]["id"], looked["rows"]
        count = {state: sum(one["state"] == state for one in rows) for state in ("new", "known", "refused")}
        if look or not count["new"]:
            client.discard_import(at)
            show({"import_id": None, **count, "rows": rows}, as_json, lambda: _tell(rows, count))
            raise typer.Exit(int(bool(count["refused"])))
        client.confirm_import(at)
        done = _awaited(lambda: client.get_import(at)["table"], lambda one: one["state"] != "running", wait, _share)
        said = {"import_id": at, **count, "state": done["state"], "rows": rows}
        show(said, as_json, lambda: _tell(rows, count, done))
        raise typer.Exit(int(bool(count["refused"])))


def _text(file: str, as_json: bool) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as problem:
        fail(Message(id="mail.file_unreadable", values={"file": file, "problem": problem.strerror or ""}), as_json)
    except UnicodeDecodeError:
        fail(Message(id="cli.not_text", values={"file": file}), as_json)


def _tell(rows: Iterable[Mapping[str, Any]], count: Mapping[str, int], done: Mapping[str, Any] | None = None) -> None:
    print("{new} new, {known} known already, {refused} refused.".format(**count))
    if done:
        how = "They are in." if done["state"] == "done" else f"{_share(done)} so far."
        print(f"{how} `doorstep imports show {done['id']}` says how far it is, `doorstep imports undo` takes it back.")
    bad = [one for one in rows if one["state"] == "refused"][:SHOWN]
    if bad:
        table([{"row": one["row"], "number": one["number"], "refused because": one["problem"]["text"]} for one in bad])


def _share(one: Mapping[str, Any]) -> str:
    return f"{one['read']} of {one['parts']} parts are read"


def _awaited(
    ask: Callable[[], Any], finished: Callable[[Any], bool], seconds: int, tell: Callable[[Any], str]
) -> Mapping[str, Any]:
    """What it is when it is finished, or after so many seconds."""
    found: Mapping[str, Any] = ask()
    with Console(stderr=True).status(tell(found)) as spinner:  # writes nothing where nobody looks
        for _ in range(seconds):
            if finished(found):
                break
            time.sleep(1)
            found = ask()
            spinner.update(tell(found))
    return found


@commands.command()
def export(
    what: Annotated[str, typer.Argument(help=", ".join(LISTED), metavar="WHAT")],
    file: Annotated[str, typer.Argument(help="The file to write, or - for standard output.", metavar="FILE")] = "-",
    form: Annotated[Literal["csv", "jsonl"], typer.Option("--as", help="A table, or an object a line.")] = "csv",
    server: Server = "",
    key: Key = "",
    workspace: Workspace = "",
    as_json: AsJson = False,
) -> None:
    """Write everything of one kind, page by page. In a table, what a spreadsheet would run is marked as text."""
    if what not in LISTED:
        raise typer.BadParameter(f"{what} is none of {', '.join(LISTED)}", param_hint="WHAT")
    if file != "-" and Path(file).exists():
        fail(Message(id="erase.file_there", values={"file": file}), as_json)
    with telling(as_json):
        client = doorstep(server, key, workspace, as_json)
        rows = getattr(client, f"list_{what}")()
        if file == "-":
            _write(sys.stdout, rows, form)
            return
        with Path(file).open("w", encoding="utf-8", newline="") as target:
            count = _write(target, rows, form)
        show({"file": file, "rows": count}, as_json, lambda: print(f"{file}: {count} rows."))


def _write(target: IO[str], rows: Iterator[Mapping[str, Any]], form: str) -> int:
    """Write rows as they come; how many there were."""
    count = 0
    with Console(stderr=True).status("") as spinner:
        for count, line in enumerate(_tabled(rows) if form == "csv" else map(_object, rows), 1):
            target.write(line)
            if count % 500 == 0:
                spinner.update(f"{count} rows")
    return max(0, count - (form == "csv"))


def _object(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _tabled(rows: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    """The lines of a CSV table, its columns first."""
    load_keyless()
    from doorstep.app.spread import harmless

    class Line:
        """Holds the line that was written last."""

        def write(self, text: str) -> None:
            """Keep it."""
            self.text = text

    held = Line()
    writer, names = csv.writer(held), None
    for row in rows:
        if names is None:
            names = list(row)
            writer.writerow(names)
            yield held.text
        writer.writerow([harmless(_cell(row.get(name))) for name in names])
        yield held.text


def _cell(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    if isinstance(value, (dict, list, bool)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


@commands.command()
def resync(
    target: Annotated[str, typer.Argument(help="The id of a store or a parcel, or a tracking number.")],
    days: Annotated[Ranges, typer.Option("--range", help="Of a store: orders placed since then.")] = "30d",
    wait: Wait = 0,
    server: Server = "",
    key: Key = "",
    workspace: Workspace = "",
    as_json: AsJson = False,
) -> None:
    """Ask for fresh data now: about one parcel, or all open parcels of a store."""
    with telling(as_json):
        client = doorstep(server, key, workspace, as_json)
        asked = _ask(client, target, days, as_json)
        done = _awaited(lambda: client.get_resync(asked["id"]), lambda one: not one["running"], wait, _heard)
        show(done, as_json, lambda: print("\n".join((_heard(done), *(one["text"] for one in done["outcome"])))))


def _ask(client: Any, target: str, days: Ranges, as_json: bool) -> Any:
    """Ask about what is meant: ids are of one series, so that one names one thing only."""
    if target.isdecimal() and any(one["id"] == target for one in client.list_connections(kind="store")):
        return client.resync_store_orders({"store_id": target, "range": days})
    number = next(iter(client.list_numbers(text=target)), None)
    if number and number["parcels"]:
        return client.resync_parcel(number["parcels"][-1])
    if not target.isdecimal() or len(target) > 18:
        fail(Message(id="cli.no_target", values={"target": target}), as_json)
    return client.resync_parcel(target)


def _heard(one: Mapping[str, Any]) -> str:
    return f"{one['done']} of {one['total']} parcels have an answer."
