"""Receives mail for the forwarding addresses, ``<token of a mail door>@DOORSTEP_MAIL_DOMAIN``, and shoppers' answers to
mails about an order (``<token of a thread door>@``).

250 means: on disk. Whoever is not served here is refused in the conversation (550), so no bounce is ever sent. What is
too large is refused (552), and when the database cannot take a mail the sender is asked to come again (451).
"""

import asyncio
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings

from doorstep.app import clock, doors, inbox, loop
from doorstep.app.log import logger
from doorstep.app.receive import mail_auth
from doorstep.app.shopper import reply_mail
from doorstep.connectors.mail.mime import header, headers_of
from doorstep.core.mailmatch import Proof, context_of
from doorstep.db.models import Membership, User

MAX_BYTES: Final = 10 << 20
MAX_CONNECTIONS: Final = 40
MAX_RECIPIENTS: Final = 50
MAX_REFUSED: Final = 10  # unknown recipients in one connection
MAX_CONNECTION_BYTES: Final = 64 << 20
IDLE_S: Final = 120.0
CHECK_S: Final = 15.0  # for all signatures of a mail; DNS may be slow
log = logger(__name__)
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs recipients, and ours are secrets


class Receiver:
    """An SMTP server on the running loop. ``port`` 0 takes a free one; ``port`` tells which after ``start``."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._server: asyncio.Server | None = None
        self._open: set[_Conversation] = set()
        self._checkers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="dkim")

    async def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        running = asyncio.get_running_loop()
        self._server = await running.create_server(self._conversation, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no longer and hang up. A mail that was not answered with 250 comes again."""
        if self._server:
            self._server.close()
            for one in tuple(self._open):
                one.hang_up()
            await self._server.wait_closed()
            self._server = None
        self._checkers.shutdown(wait=False, cancel_futures=True)

    def _conversation(self) -> "_Conversation":
        return _Conversation(self, self._open)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the recipients that are live mail doors, refuse all others alike."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            known = await loop.in_db(_known, address)
        except Exception as problem:
            log.warning("smtp.database", error=repr(problem))
            return "451 4.3.0 Cannot look up the recipient now, try again later"
        if not known:
            return str(server.refused())
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Find out who sent it, store it for every recipient, then say 250."""
        raw = envelope.content
        assert isinstance(raw, bytes)
        proof = await self._prove(raw)
        try:
            bounce = not envelope.mail_from
            for arrival in await loop.in_db(arrivals, raw, proof, tuple(envelope.rcpt_tos), bounce):
                await inbox.arrive(arrival)
        except Exception as problem:
            log.warning("smtp.database", error=repr(problem))
            return "451 4.3.0 Cannot store the message now, try again later"
        return "250 2.0.0 Stored"

    async def handle_exception(self, problem: Exception) -> str:
        """Say nothing about our inside to a stranger."""
        log.warning("smtp.conversation", error=repr(problem))
        return "451 4.3.0 Local error, try again later"

    async def _prove(self, raw: bytes) -> Proof:
        checked = asyncio.get_running_loop().run_in_executor(self._checkers, mail_auth.prove, raw)
        try:
            return await asyncio.wait_for(checked, CHECK_S)
        except TimeoutError:
            return Proof(why_not="mail.key_unreachable")
        except Exception as problem:
            log.warning("smtp.check", error=repr(problem))
            return Proof(why_not="mail.signature_broken")


class _Conversation(SMTP):
    """One connection, with limits. Lines may be longer than the standard's 998: real forwarders send them."""

    line_length_limit = 64 << 10

    def __init__(self, receiver: Receiver, open_: "set[_Conversation]") -> None:
        super().__init__(
            receiver,
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname=settings.MAIL_DOMAIN,
            ident="Doorstep",
            timeout=IDLE_S,
            loop=asyncio.get_running_loop(),
        )
        self._others = open_
        self._bytes = 0
        self._refused = 0

    def connection_made(self, transport: Any) -> None:
        if len(self._others) >= MAX_CONNECTIONS:
            transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
            transport.close()
            self.connection_lost = lambda error: None  # type: ignore[method-assign]  # the conversation never began
            return
        self._others.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._others.discard(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Hang up on who sends without end: a line without an end would be collected without end."""
        self._bytes += len(data)
        if self._bytes > MAX_CONNECTION_BYTES:
            self.hang_up()
        else:
            super().data_received(data)

    def refused(self) -> str:
        """The answer to an unknown recipient; who asks for many is guessing."""
        self._refused += 1
        if self._refused > MAX_REFUSED:
            asyncio.get_running_loop().call_soon(self.hang_up)
        return "550 5.1.1 No such recipient here"

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined]  # a socket's transport


def door_of(address: str, kind: doors.Kind = "mail") -> doors.Entered | None:
    """The live mail door of an address; ``token+anything@`` is the same door as ``token@``."""
    local, _, host = address.strip().lower().rpartition("@")
    if host != settings.MAIL_DOMAIN.lower():
        return None
    return doors.enter(kind, local.partition("+")[0])


def _known(address: str) -> bool:
    return bool(door_of(address) or door_of(address, "thread"))


def arrivals(raw: bytes, proof: Proof, recipients: tuple[str, ...], bounce: bool = False) -> list[inbox.Arrival]:
    """The mail as it arrives at each workspace it was sent to; uses the database. ``bounce``: it came from nobody, so
    no answer to it is wanted (RFC 5321, 4.5.5).
    """
    found = dict.fromkeys(door for door in map(door_of, recipients) if door)
    threads = dict.fromkeys(door for one in recipients if (door := door_of(one, "thread")))
    answers = (reply_mail.arrival(raw, proof, door.ws, door.target_id, identity(raw), bounce) for door in threads)
    return [*(arrival(raw, proof, door.ws, door.target_id) for door in found), *(one for one in answers if one)]


def arrival(raw: bytes, proof: Proof, ws: int, connection_id: int, by: str = "") -> inbox.Arrival:
    """A mail as it arrives at one workspace; ``by`` is who brought it, if a person did. The same mail with another
    proof is another arrival: a forgery sent ahead of the true one must not hide it.
    """
    address = mail_auth.from_address(headers_of(raw))
    mine = mail_auth.for_members(proof, address, member_addresses(ws))
    return inbox.Arrival(
        ws=ws,
        connection_id=connection_id,
        dedup_key=f"{identity(raw)}:{mine.how}:{mine.domain}",
        received_at=clock.now(),
        what="mail",
        headers={"content-type": "message/rfc822"},
        context=context_of(mine) | ({"by": by} if by else {}),
        body=raw,
    )


def member_addresses(ws: int) -> list[str]:
    """The e-mail addresses of a workspace's members."""
    users = Membership.objects.filter(ws=ws).values("user_id")
    return list(User.objects.filter(id__in=users, is_active=True).values_list("email", flat=True))


def identity(raw: bytes) -> str:
    """What stays the same when a mail is delivered again: its own headers and words, not those of the way it took."""
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    message = headers_of(raw)
    own = "\n".join(header(message, name) for name in ("message-id", "date", "from", "subject"))
    return hashlib.sha256(own.encode("utf-8", "replace") + b"\n\n" + body.rstrip()).hexdigest()[:40]
