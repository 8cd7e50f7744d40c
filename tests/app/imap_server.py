"""A server of one mailbox that speaks IMAP4rev1 (RFC 3501) over TLS on the loopback, as far as who only reads needs it.

It keeps what servers keep: UIDs that are never used twice, flags (a mail that is fetched without PEEK is \\Seen), and
an EXAMINE that refuses every change. What real servers do to their clients can be asked for in ``mischief``.
"""

import base64
import binascii
import contextlib
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.house import free_port

CAPABILITIES = "IMAP4rev1 AUTH=PLAIN ID LITERAL+"


@dataclass(slots=True)
class Stored:
    """A mail in the box. ``size``: what the server says about its length, None = the truth."""

    uid: int
    raw: bytes
    came: date
    flags: set[str] = field(default_factory=set)
    size: int | None = None


@dataclass(slots=True)
class Box:
    """One account. ``heard``: every command, passwords left out. ``mischief``: a command (or all that was heard of it)
    -> the answer it gets instead: a line without its tag, ``BYE`` (hang up), or ``SILENCE`` (say nothing until the
    client hangs up).
    """

    login: str = "ines@localhost"
    password: str = "abcdefghijklmnop"
    capabilities: str = CAPABILITIES
    validity: int = 7
    mails: list[Stored] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    mischief: dict[str, str] = field(default_factory=dict)
    greeting: str = "* OK ready"
    last: int = 0

    def put(self, raw: bytes, came: date | None = None, size: int | None = None) -> Stored:
        """Deliver a mail."""
        self.last += 1
        stored = Stored(self.last, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), came or date(2026, 6, 15))
        stored.size = size
        self.mails.append(stored)
        return stored


class Server(socketserver.ThreadingTCPServer):
    """Listens while it is entered; ``port`` tells where."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, box: Box, folder: Path, name: str = "localhost") -> None:
        self.box, self.certificate, key = box, folder / "certificate.pem", folder / "key.pem"
        _certify(name, self.certificate, key)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)
        self.port = free_port()
        super().__init__(("127.0.0.1", self.port), _Client)


@contextlib.contextmanager
def serving(box: Box, folder: Path, name: str = "localhost") -> Iterator[Server]:
    """A server with a certificate for ``name``."""
    with Server(box, folder, name) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Client(socketserver.BaseRequestHandler):
    server: Server
    request: socket.socket

    def handle(self) -> None:
        with contextlib.ExitStack() as open_:
            open_.enter_context(contextlib.suppress(OSError))
            safe = open_.enter_context(self.server.tls.wrap_socket(self.request, server_side=True))
            _Talk(self.server.box, safe, open_.enter_context(safe.makefile("rb"))).run()


class _Talk:
    def __init__(self, box: Box, safe: ssl.SSLSocket, file: BinaryIO) -> None:
        self.box, self.safe, self.file = box, safe, file
        self.inside = self.opened = False
        self.writable = True

    def run(self) -> None:
        self.say(self.box.greeting)
        while line := self.file.readline(65536):
            tag, command, rest = (*line.decode("utf-8", "replace").strip().split(" ", 2), "", "")[:3]
            name = f"{command} {rest.split(' ')[0]}".upper() if command.upper() == "UID" else command.upper()
            self.box.heard.append(f"{name} {rest}" if name not in {"LOGIN", "AUTHENTICATE"} else name)
            trick = self.box.mischief.get(name) or self.box.mischief.get(self.box.heard[-1], "")
            if trick == "BYE":
                self.say("* BYE going down")
                return
            if trick == "SILENCE":
                self.file.readline()
                return
            self.say(f"{tag} {trick}" if trick else f"{tag} {self.answer(name, rest)}")
            if name == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.safe.sendall(line.encode() + b"\r\n")

    def answer(self, name: str, rest: str) -> str:
        plain = {"CAPABILITY": f"* CAPABILITY {self.box.capabilities}", "LOGOUT": "* BYE bye", "ID": "* ID NIL"}
        if name in plain:
            self.say(plain[name])
            return "OK done"
        if name in {"LOGIN", "AUTHENTICATE"}:
            return self.let_in(name, rest)
        if name in {"EXAMINE", "SELECT"} and self.inside:
            return self.open(name)
        asked = {"UID SEARCH": self.search, "UID FETCH": self.fetch}.get(name)
        return asked(rest) if asked and self.opened else "BAD not now"

    def open(self, name: str) -> str:
        self.opened, self.writable = True, name == "SELECT"
        self.say(f"* {len(self.box.mails)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {self.box.validity}] UIDs valid")
        return "OK [READ-WRITE] open" if self.writable else "OK [READ-ONLY] open"

    def let_in(self, name: str, rest: str) -> str:
        if name == "LOGIN":
            typed = re.findall(r'"((?:[^"\\]|\\.)*)"', rest)
            login, password = (re.sub(r"\\(.)", r"\1", one) for one in typed)
        else:
            self.say("+ ")
            try:
                _, login, password = base64.b64decode(self.file.readline()).decode().split("\0")
            except (binascii.Error, ValueError):
                return "BAD no base64"
        self.inside = (login, password) == (self.box.login, self.box.password)
        return "OK come in" if self.inside else "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"

    def search(self, rest: str) -> str:
        asked = re.fullmatch(r"SEARCH UID (\d+):\* SINCE (\d\d-[A-Z][a-z]{2}-\d{4})", rest)
        if not asked:
            return "BAD search"
        day = datetime.strptime(asked[2], "%d-%b-%Y").replace(tzinfo=UTC).date()
        highest = max((one.uid for one in self.box.mails), default=0)
        first = min(int(asked[1]), highest)  # `9:*` is the same as `*:9`
        found = [str(one.uid) for one in self.box.mails if one.uid >= first and one.came >= day]
        self.say(" ".join(["* SEARCH", *found]))
        return "OK done"

    def fetch(self, rest: str) -> str:
        uids, _, wanted = rest.removeprefix("FETCH ").partition(" ")
        self.say("* 1 FETCH (FLAGS (\\Seen) UID 1)")  # told unasked, as servers may
        for at, one in enumerate(self.box.mails, 1):
            if str(one.uid) not in uids.split(","):
                continue
            if "PEEK" not in wanted and self.writable:
                one.flags.add("\\Seen")
            body = _fields(one.raw) if "HEADER.FIELDS" in wanted else one.raw
            what = re.sub(r"\.PEEK", "", wanted).strip("()").split("BODY", 1)[1]
            head = f"* {at} FETCH (RFC822.SIZE {one.size or len(one.raw)} BODY{what} {{{len(body)}}}"
            self.safe.sendall(head.encode() + b"\r\n" + body + f" UID {one.uid})\r\n".encode())
        return "OK done"


def _fields(raw: bytes) -> bytes:
    head = raw.partition(b"\r\n\r\n")[0]
    return b"\r\n".join(re.findall(rb"(?im)^(?:from|subject):[^\r\n]*(?:\r\n[ \t][^\r\n]*)*", head)) + b"\r\n\r\n"


def _certify(name: str, certificate: Path, key: Path) -> None:
    secret = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
