"""Commands about shipping mails."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from doorstep.cli.screen import AsJson, complain, show, table
from doorstep.core.message import Message

if TYPE_CHECKING:
    from doorstep.connectors.mail.facts import MailFacts, Tracked

commands = typer.Typer()


@commands.command("read-mail")
def read_mail(
    files: Annotated[list[str], typer.Argument(help=".eml files, or - for standard input.", metavar="FILE ...")],
    as_json: AsJson = False,
) -> None:
    """Say what shipping mails say: orders, tracking numbers and what became of them. Needs no database."""
    unread = 0
    for file in files:
        try:
            raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        except OSError as problem:
            unread += 1
            _unreadable(file, problem.strerror or str(problem), as_json)
            continue
        _show(file, raw, as_json)
    if unread:
        raise typer.Exit(1)


def _unreadable(file: str, problem: str, as_json: bool) -> None:
    message = Message(id="mail.file_unreadable", values={"file": file, "problem": problem})
    if as_json:
        from doorstep.app.say import say

        show({"file": file, "error": message.id, "text": say(message)}, as_json, lambda: None)
    else:
        complain(message, as_json)


def _show(file: str, raw: bytes, as_json: bool) -> None:
    from doorstep.connectors.mail.read import read_mail as read

    facts = read(raw)
    show(described(file, facts), as_json, lambda: _render(facts))


def described(file: str, facts: "MailFacts") -> dict[str, Any]:
    """What a mail says as plain data with sentences."""
    from doorstep.app.say import say

    return {
        "file": file,
        "merchant": facts.merchant or None,
        "status": facts.status,
        "orders": list(facts.orders),
        "tracking": [_tracked(one) for one in facts.tracking],
        "unsure": [_tracked(one) for one in facts.unsure],
        "rejected": [{"text": one.text, "why": say(one.why)} for one in facts.rejected],
        "items": [{"title": one.title, "qty": one.qty, "sku": one.sku or None} for one in facts.items],
        "dates": [{"about": one.about, "text": one.text, "day": one.day} for one in facts.dates],
        "links": [
            {"url": one.url, "carrier": one.carrier or None, "number": one.number or None} for one in facts.links
        ],
        "language": facts.language or None,
        "status_from": facts.status_from or None,
        "sender": facts.sender or None,
        "subject": facts.subject,
        "sent_at": facts.sent_at.isoformat() if facts.sent_at else None,
        "forwarded": facts.forwarded,
    }


def _tracked(one: "Tracked") -> dict[str, Any]:
    from doorstep.app.say import say

    return {
        "number": one.number,
        "carrier": one.carrier or None,
        "role": one.role,
        "confidence": one.confidence,
        "evidence": [say(why) for why in one.evidence],
        "url": one.url or None,
    }


def _render(facts: "MailFacts") -> None:
    print(f"{facts.status}: {facts.subject}\nFrom {facts.merchant or facts.sender or 'nobody'}")
    print(f"Orders: {', '.join(facts.orders) or 'none'}")
    numbers = (*facts.tracking, *facts.unsure)
    table(
        [{"number": one.number, "carrier": one.carrier, "how sure": one.confidence, "link": one.url} for one in numbers]
    )
