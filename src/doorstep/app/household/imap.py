"""A conversation with somebody's mailbox by IMAP (RFC 3501, RFC 9051): over TLS with a certificate that is checked,
looking only (EXAMINE, BODY.PEEK: no mail is marked as read), within limits of bytes and time. It blocks: call it from a
thread. What goes wrong is Trouble with a sentence for whoever the mailbox belongs to.
"""

import contextlib
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from doorstep.app import addresses
from doorstep.connectors.contract import Broken, Busy, Denied, NotFound, Refused, Trouble
from doorstep.connectors.mail.mime import addresses as addresses_in
from doorstep.connectors.mail.mime import domain, header, headers_of
from doorstep.core.message import Message

PORT: Final = 993  # IMAP over TLS (RFC 8314); there is no other way in
STEP_S: Final = 20.0  # between two words of the server
MOST_BYTES: Final = 24 << 20  # of one conversation
MOST_MAIL: Final = 3 << 20  # a larger mail is not fetched
_AT_ONCE: Final = 100  # mails whose headers are asked for in one command
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)  # RFC 3501: English
_UID: Final = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d{1,10})\b")
# RFC 5530: the server is not able to let anybody in now. It says nothing about the password.
_NOT_NOW: Final = re.compile(
    r"\[(?:UNAVAILABLE|LIMIT|INUSE|SERVERBUG)|too many|temporar|try again|rate limit", re.IGNORECASE
)
_OWN_PASSWORD: Final = re.compile(
    r"application.specific|app(?:lication)?.password|authorization code|授权码|\[PRIVACYREQUIRED|web.?login"
    r"|web browser",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is asked about every mail: whose domain it claims to be from, its subject, and how large it is (bytes)."""

    uid: int
    size: int
    domain: str
    subject: str


class Conversation:
    """One connection to a mailbox; it ends by itself after ``limit_s`` seconds, and when ``hang_up`` is called from
    another thread. Every method raises Trouble.
    """

    def __init__(self, host: str, port: int, limit_s: float) -> None:
        self.host, self.port, self.over = host, port, False
        self._socket: socket.socket | None = None
        self._wire: _Wire | None = None
        self._timer = threading.Timer(limit_s, self.hang_up)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        try:
            with _told(self.host):
                self._wire = _Wire(self)
        except Trouble:
            self._close()
            raise
        return self

    def __exit__(self, trouble: type[BaseException] | None, *_: object) -> None:
        if trouble is None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self._open().logout()
        self._close()

    def _close(self) -> None:
        self._timer.cancel()
        self.hang_up()
        with contextlib.suppress(OSError):
            if self._wire is not None:
                self._wire.shutdown()
            elif self._socket is not None:
                self._socket.close()

    def hang_up(self) -> None:
        """Have whatever waits for the server fail at once, from any thread."""
        self.over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Of the connection below TLS: who waits for it in another thread sees it end.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def enter(self, login: str, password: str) -> None:
        """Prove that it is one's own mailbox."""
        wire = self._open()
        try:
            if "AUTH=PLAIN" in wire.capabilities:
                wire.authenticate("PLAIN", lambda _: f"\0{login}\0{password}".encode())
            elif "LOGINDISABLED" in wire.capabilities:
                raise Denied(message=Message(id="my.postbox.no_passwords", values={"host": self.host}))
            else:
                wire.login(_quoted(login), password)  # imaplib quotes the password itself
        except imaplib.IMAP4.abort as problem:
            raise self._unreachable(problem) from None
        except (imaplib.IMAP4.error, UnicodeError) as problem:
            raise _not_let_in(problem) from None
        except OSError as problem:
            raise self._unreachable(problem) from None

    def look_into(self, box: str = "INBOX") -> int:
        """Open a box for reading only; returns its UIDVALIDITY: as long as it stays the same, a UID names a mail."""
        with self._saying() as wire:
            if "ID" in wire.capabilities:  # RFC 2971: some providers open no box to who does not say its name
                wire.xatom("ID", '("name" "Doorstep")')
            answer, said = wire.select(box, readonly=True)
            if answer != "OK":
                raise Refused(message=Message(id="my.postbox.no_inbox", values={"said": _words(said)}))
            (validity,) = wire.response("UIDVALIDITY")[1][-1:] or [None]
            if not validity or not validity.isdigit():
                raise Broken(message=Message(id="my.postbox.not_imap", values={"host": self.host}))
            return int(validity)

    def since(self, first: int, day: date) -> list[int]:
        """UIDs from ``first`` on of mails that came on that day or later, ascending."""
        on = f"{day.day:02}-{_MONTHS[day.month - 1]}-{day.year}"
        with self._saying() as wire:
            said = self._good(wire.uid("SEARCH", "UID", f"{first}:*", "SINCE", on))
        found = {int(one) for part in said if isinstance(part, bytes) for one in part.split() if one.isdigit()}
        return sorted(one for one in found if one >= first)  # `9:*` names the last mail even where that is the 5th

    def heads(self, uids: Sequence[int]) -> list[Head]:
        """What is asked about these mails, ascending; those that are gone by now are left out."""
        found: dict[int, Head] = {}
        for at in range(0, len(uids), _AT_ONCE):
            some = ",".join(map(str, uids[at : at + _AT_ONCE]))
            with self._saying() as wire:
                said = self._good(wire.uid("FETCH", some, "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])"))
            found |= {uid: _head(uid, about, literal) for uid, about, literal in _literals(said)}
        return [found[one] for one in sorted(set(found) & set(uids))]

    def mail(self, uid: int) -> bytes:
        """A whole mail, b'' where it is gone by now."""
        with self._saying() as wire:
            answer, said = wire.uid("FETCH", str(uid), "(UID BODY.PEEK[])")
        return next((literal for one, _, literal in _literals(said) if one == uid), b"") if answer == "OK" else b""

    def _good(self, said: tuple[str, list[Any]]) -> list[Any]:
        answer, data = said
        if answer != "OK":
            raise Busy(message=Message(id="my.postbox.busy", values={"said": _words(data)}))
        return data

    @contextlib.contextmanager
    def _saying(self) -> Iterator["_Wire"]:
        try:
            yield self._open()
        except (OSError, imaplib.IMAP4.error, ValueError) as problem:
            raise self._unreachable(problem) from None

    def _open(self) -> "_Wire":
        assert self._wire is not None, "used outside of its with"
        return self._wire

    def _unreachable(self, problem: Exception) -> Trouble:
        return Busy(str(problem)[:300], message=Message(id="my.postbox.unreachable", values={"host": self.host}))


class _Wire(imaplib.IMAP4_SSL):
    """The standard library's IMAP over a socket of ours: to a permitted address, with so many bytes and no more."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._left = MOST_BYTES
        context = ssl.create_default_context()
        super().__init__(conversation.host, conversation.port, ssl_context=context, timeout=STEP_S)

    def _create_socket(self, timeout: float) -> ssl.SSLSocket:
        plain = addresses.dial(self.host, self.port, timeout)
        with contextlib.ExitStack() as undo:
            undo.callback(plain.close)
            # Known before the handshake, so that hanging up ends a slow one too.
            safe: ssl.SSLSocket = self.ssl_context.wrap_socket(
                plain, server_hostname=self.host, do_handshake_on_connect=False
            )
            undo.callback(safe.close)
            self._conversation._socket = safe
            safe.do_handshake()
            undo.pop_all()
        return safe

    def read(self, size: int) -> bytes:
        self._spend(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._spend(len(line))
        return line

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0 or self._conversation.over:
            raise self.abort("more than may be read in one conversation")


@contextlib.contextmanager
def _told(host: str) -> Iterator[None]:
    """What goes wrong while a connection is made, in words."""
    values = {"host": host}
    try:
        yield
    except addresses.PrivateAddress:
        raise Refused(message=Message(id="my.postbox.private", values=values)) from None
    except ssl.SSLCertVerificationError as problem:
        raise Refused(problem.verify_message, message=Message(id="my.postbox.certificate", values=values)) from None
    except socket.gaierror:
        raise NotFound(message=Message(id="my.postbox.no_server", values=values)) from None
    except (ssl.SSLError, UnicodeError) as problem:
        ended = isinstance(problem, ssl.SSLEOFError)  # it hung up, or we did
        why = "my.postbox.unreachable" if ended else "my.postbox.not_imap"
        raise Busy(str(problem)[:300], message=Message(id=why, values=values)) from None
    except (OSError, imaplib.IMAP4.error) as problem:
        raise Busy(str(problem)[:300], message=Message(id="my.postbox.unreachable", values=values)) from None


def _not_let_in(problem: Exception) -> Trouble:
    """Why a server did not take a password."""
    said = problem.args[0] if problem.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(problem)
    values = {"said": " ".join(text.split())[:200]}
    if _OWN_PASSWORD.search(text):
        return Denied(text[:300], message=Message(id="my.postbox.app_password", values=values))
    if _NOT_NOW.search(text):
        return Busy(text[:300], message=Message(id="my.postbox.busy", values=values))
    return Denied(text[:300], message=Message(id="my.postbox.wrong", values=values))


def _literals(said: Sequence[Any]) -> Iterator[tuple[int, bytes, bytes]]:
    """(UID, everything that is said about the mail, its literal) of each mail of a FETCH answer. Attributes come in any
    order, so what follows the literal counts too; what a server tells unasked has no literal.
    """
    for at, one in enumerate(said):
        if isinstance(one, tuple):
            after = said[at + 1] if at + 1 < len(said) and isinstance(said[at + 1], bytes) else b""
            about = one[0] + b" " + after
            if found := _UID.search(about):
                yield int(found[1]), about, one[1]


def _head(uid: int, about: bytes, literal: bytes) -> Head:
    part, size = headers_of(literal), _SIZE.search(about)
    _, address = next(iter(addresses_in([header(part, "from")])), ("", ""))
    return Head(uid=uid, size=int(size[1]) if size else 0, domain=domain(address), subject=header(part, "subject"))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(said: Sequence[Any]) -> str:
    return " ".join(b" ".join(one for one in said if isinstance(one, bytes)).decode("utf-8", "replace").split())[:200]
