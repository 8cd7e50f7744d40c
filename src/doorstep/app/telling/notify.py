"""Handing mails to the mail server. A mail may repeat after a crash, with the same Message-ID."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from doorstep.app import outbox
from doorstep.app.log import logger
from doorstep.app.loop import in_db
from doorstep.app.outbox import Leased
from doorstep.core.message import Message

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, ready to send. ``mark`` is its Message-ID: the same on every repetition. ``headers``: more of them, or
    others than usual; ``html`` '' = it is text only.
    """

    to: tuple[str, ...]
    subject: str
    body: str
    mark: str
    headers: Mapping[str, str] = field(default_factory=dict)
    html: str = ""


async def post(leased: Leased, compose: Callable[[Leased], Letter | None]) -> None:
    """Send what ``compose`` writes (on a database thread); nothing is written where nothing is to be sent any more."""
    letter = await in_db(compose, leased)
    if letter is None:
        await in_db(outbox.done, leased)
        return
    try:
        await asyncio.to_thread(send, letter)  # a slow mail server keeps no database thread
    except (OSError, ValueError) as problem:  # smtplib's errors are OSErrors
        log.warning("mail.failed", problem=type(problem).__name__)
        lasting, reason = fault(problem)
        await in_db(outbox.give_up, leased, reason) if lasting else await in_db(outbox.later, leased, "due", reason)
    else:
        await in_db(outbox.done, leased)


def mark(leased: Leased) -> str:
    """The Message-ID of an intent's mail."""
    return f"<doorstep.{leased.row.ws}.{leased.row.id}@{settings.MAIL_DOMAIN}>"


def fault(problem: Exception) -> tuple[bool, Message]:
    """Whether no repetition will help, and what to tell a person: what no mail can have (ValueError), and what the
    reader's server declines for good (5xx, RFC 5321 4.2.1). Its answer about us, the sender, is mended by a person.
    """
    code, said = 0, ""
    if isinstance(problem, SMTPRecipientsRefused):
        code, said = next((code, _words(text)) for code, text in problem.recipients.values())
    elif isinstance(problem, SMTPDataError):
        code, said = problem.smtp_code, _words(problem.smtp_error)
    if code:
        return 500 <= code < 600, Message(id="mail.refused", values={"code": code, "said": said})
    return isinstance(problem, ValueError), Message(id="mail.not_sent", values={"problem": str(problem)[:200]})


def _words(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200]


def send(letter: Letter) -> None:
    """Hand one mail to the configured server. Raises OSError, ValueError."""
    headers = {"Message-ID": letter.mark, "Auto-Submitted": "auto-generated", **letter.headers}
    mail = EmailMultiAlternatives(letter.subject, letter.body, to=letter.to, headers=headers)
    if letter.html:
        mail.attach_alternative(letter.html, "text/html")
    mail.send()
