"""Sends the supplier's letters by SMTP, as a mailbox provider that forwards them would."""

import asyncio
import smtplib
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from typing import Any

import dkim

from sandbox.letters import SENDER_DOMAIN

MEMBER, AUTHSERV_ID = "owner@demo.example", "mx.demo.example"
REMEMBERED = 100_000  # Message-IDs
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 15.0, 15.0, *[30.0] * 40)  # a relay does not give up soon


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where letters go and how they prove where they come from.

    ``authserv_id`` names the provider whose Authentication-Results the product is told to trust; ``dkim_key`` is a PEM
    private key, and then letters are signed for the sender's domain under ``selector``.
    """

    host: str
    port: int
    to: str
    member: str = MEMBER
    authserv_id: str = AUTHSERV_ID
    dkim_key: bytes = b""
    selector: str = "sandbox"


@dataclass(slots=True)
class Mailed:
    """How many letters were written, taken (250), refused for good (5xx), given up, and wait."""

    written: int = 0
    accepted: int = 0
    refused: int = 0
    given_up: int = 0
    waiting: int = 0


class Mailer:
    """A small mail relay: tries again while the other side is down. Must be closed."""

    def __init__(self, post: Post | None) -> None:
        self.post = post
        self.mailed = Mailed()
        self.accepted_ids: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, letter: EmailMessage, *, authentic: bool = True) -> None:
        """Starts sending and returns. A letter that is not ``authentic`` carries no proof of its sender."""
        if self.post is None:
            return
        self.mailed.written += 1
        self.mailed.waiting += 1
        data = stamped(letter, self.post, authentic=authentic)
        task = asyncio.create_task(self._deliver(self.post, str(letter["Message-ID"]), data))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def state(self) -> dict[str, Any]:
        """The counts, and the Message-IDs that were answered with 250."""
        return {**asdict(self.mailed), "accepted_ids": list(self.accepted_ids)}

    async def close(self) -> None:
        """Drops what waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, post: Post, message_id: str, data: bytes) -> None:
        try:
            for wait in (0.0, *RETRY_SECONDS):
                await asyncio.sleep(wait)
                code = await asyncio.to_thread(_hand_over, post, data)
                if code == 250:
                    self.mailed.accepted += 1
                    self.accepted_ids.append(message_id)
                    del self.accepted_ids[:-REMEMBERED]
                    return
                if code >= 500:
                    self.mailed.refused += 1
                    return
            self.mailed.given_up += 1
        finally:
            self.mailed.waiting -= 1


def stamped(letter: EmailMessage, post: Post, *, authentic: bool) -> bytes:
    """The letter as a provider forwards it: its verdict on the sender on top, DKIM-signed before if there is a key."""
    data, domain = letter.as_bytes(), letter["From"].rpartition("@")[2].rstrip(">")
    if authentic and post.dkim_key and domain == SENDER_DOMAIN:
        data = dkim.sign(data, post.selector.encode(), SENDER_DOMAIN.encode(), post.dkim_key) + data
    verdict = (
        f"dkim=pass header.d={domain}; spf=pass smtp.mailfrom={domain}; dmarc=pass header.from={domain}"
        if authentic
        else f"dkim=none; spf=softfail smtp.mailfrom={domain}; dmarc=fail header.from={domain}"
    )
    top = f"Authentication-Results: {post.authserv_id}; {verdict}\r\nX-Forwarded-To: {post.to}\r\n"
    return top.encode() + data


def _hand_over(post: Post, data: bytes) -> int:
    """One try. The SMTP code that ended it; 421 when nobody answers."""
    try:
        with smtplib.SMTP(post.host, post.port, local_hostname="relay.demo.example", timeout=10) as relay:
            relay.sendmail(f"bounce@{SENDER_DOMAIN}", [post.to], data)
    except smtplib.SMTPRecipientsRefused as problem:
        return max(code for code, _ in problem.recipients.values())
    except smtplib.SMTPResponseException as problem:
        return problem.smtp_code
    except (OSError, smtplib.SMTPException):
        return 421
    return 250
