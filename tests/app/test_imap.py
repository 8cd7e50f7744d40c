"""The conversation with a mailbox: what is asked, what is never changed, and what is said when it goes wrong."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from doorstep.app import addresses
from doorstep.app.household import imap
from doorstep.app.household.imap import Conversation
from doorstep.app.say import say
from doorstep.connectors.contract import Trouble
from tests.app.imap_server import Box, Server, serving
from tests.house import free_port

LONG_AGO = date(2020, 1, 1)
MAIL = b"From: Lamps <Orders@Lamps.Example>\nSubject: =?utf-8?q?Ihr_Paket_k=C3=B6mmt?=\n\nHello {1}\n"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: Any, settings: Any) -> Iterator[Server]:
    """A mailbox at localhost that the operator permits and whose certificate the machine trusts."""
    with serving(Box(), tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        settings.ALLOW_HOSTS = f"localhost:{server.port}"
        yield server


def conversation(server: Server, limit_s: float = 60.0) -> Conversation:
    return Conversation("localhost", server.port, limit_s)


def trouble(server: Server, password: str = "", limit_s: float = 60.0) -> Trouble:
    """What goes wrong on the way to the first mail."""
    with pytest.raises(Trouble) as caught:
        _walk(conversation(server, limit_s), password or server.box.password)
    assert caught.value.message and say(caught.value.message)
    return caught.value


def _walk(talk: Conversation, password: str) -> None:
    with talk:
        talk.enter("ines@localhost", password)
        talk.look_into()
        talk.heads(talk.since(1, LONG_AGO))
        talk.mail(1)


def said(problem: Trouble) -> str:
    assert problem.message
    return problem.message.id


def test_mailbox_is_read_and_nothing_in_it_changes(server: Server) -> None:
    box = server.box
    box.put(MAIL, date(2026, 6, 1)), box.put(MAIL, date(2026, 6, 3)), box.put(MAIL, date(2026, 6, 3), size=99)
    with conversation(server) as talk:
        talk.enter(box.login, box.password)
        assert talk.look_into() == 7
        assert talk.since(1, date(2026, 6, 2)) == [2, 3]
        assert talk.since(3, date(2026, 6, 2)) == [3]
        assert talk.since(9, date(2026, 6, 2)) == [], "a range that begins behind the last mail names the last one"
        first, second = talk.heads([2, 3, 77])
        assert (first.uid, first.domain, first.subject) == (2, "lamps.example", "Ihr Paket kömmt")
        assert (first.size, second.size) == (len(box.mails[1].raw), 99)
        assert talk.mail(2) == box.mails[1].raw and talk.mail(77) == b""
    assert [one.flags for one in box.mails] == [set(), set(), set()]
    assert {one.split(" ")[0] for one in box.heard} == {"CAPABILITY", "AUTHENTICATE", "ID", "EXAMINE", "UID", "LOGOUT"}
    assert all("PEEK" in one for one in box.heard if "FETCH" in one)


@pytest.mark.parametrize("password", ['pass"wo\\rd', "pässword"])
def test_password_gets_there_as_it_was_typed(server: Server, password: str) -> None:
    server.box.password = password
    with conversation(server) as talk:
        talk.enter(server.box.login, password)
        assert talk.look_into()
    if password.isascii():
        server.box.capabilities = "IMAP4rev1"
        with conversation(server) as talk:
            talk.enter(server.box.login, password)
            assert talk.look_into()
        assert "LOGIN" in server.box.heard


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", "my.postbox.wrong"),
        ("NO [ALERT] Application-specific password required (Failure)", "my.postbox.app_password"),
        ("NO [ALERT] Please log in via your web browser", "my.postbox.app_password"),
        ("NO [UNAVAILABLE] Temporary authentication failure", "my.postbox.busy"),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", "my.postbox.busy"),
        ("BAD no such thing", "my.postbox.wrong"),
        ("BYE", "my.postbox.unreachable"),
    ],
)  # fmt: skip
def test_refusals_are_told_apart(server: Server, answer: str, why: str) -> None:
    server.box.mischief["AUTHENTICATE"] = answer
    problem = trouble(server)
    assert said(problem) == why
    assert server.box.password not in repr(problem.args) + say(problem.message)


def test_wrong_password_is_denied(server: Server) -> None:
    assert said(trouble(server, "another")) == "my.postbox.wrong"
    server.box.capabilities = "IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2"
    assert said(trouble(server)) == "my.postbox.no_passwords"
    assert "LOGIN" not in server.box.heard


def test_password_that_the_old_way_cannot_carry_is_refused_here(server: Server) -> None:
    server.box.capabilities = "IMAP4rev1"
    assert said(trouble(server, "pässword")) == "my.postbox.wrong"


@pytest.mark.parametrize(
    ("command", "answer", "why"),
    [
        ("EXAMINE", "NO Unsafe Login. Please contact us", "my.postbox.no_inbox"),
        ("UID SEARCH", "NO [INUSE] later", "my.postbox.busy"),
        ("UID FETCH", "BYE", "my.postbox.unreachable"),
        ("UID FETCH", "BAD no", "my.postbox.unreachable"),
        ("CAPABILITY", "BAD no", "my.postbox.unreachable"),
    ],
)
def test_what_goes_wrong_later_is_told_too(server: Server, command: str, answer: str, why: str) -> None:
    server.box.mischief[command] = answer
    assert said(trouble(server)) == why


def test_box_without_lasting_numbers_is_not_read(server: Server) -> None:
    server.box.mischief["EXAMINE"] = "OK open"
    assert said(trouble(server)) == "my.postbox.not_imap"


def test_server_that_is_busy_at_once_is_told(server: Server) -> None:
    server.box.greeting = "* BYE Too many connections"
    assert said(trouble(server)) == "my.postbox.unreachable"


def test_nobody_waits_for_a_silent_server(server: Server, monkeypatch: Any) -> None:
    monkeypatch.setattr(imap, "STEP_S", 3600.0)  # only hanging up can end it
    server.box.mischief["EXAMINE"] = "SILENCE"
    assert said(trouble(server, limit_s=0.5)) == "my.postbox.unreachable"


def test_server_that_sends_without_end_is_hung_up_on(server: Server, monkeypatch: Any) -> None:
    monkeypatch.setattr(imap, "MOST_BYTES", 2000)
    server.box.put(MAIL + b"x" * 3000)
    assert said(trouble(server)) == "my.postbox.unreachable"


def test_certificate_of_another_server_gets_no_password(tmp_path: Path, monkeypatch: Any, settings: Any) -> None:
    with serving(Box(), tmp_path, "elsewhere.example") as server:
        settings.ALLOW_HOSTS = f"localhost:{server.port}"
        assert said(trouble(server)) == "my.postbox.certificate", "nobody vouches for it"
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        assert said(trouble(server)) == "my.postbox.certificate", "it is another's"
        assert server.box.heard == []


def test_private_network_is_not_reached(server: Server, settings: Any) -> None:
    settings.ALLOW_HOSTS = ""
    assert said(trouble(server)) == "my.postbox.private"
    assert server.box.heard == []


def test_names_and_servers_that_are_none_are_told(settings: Any, monkeypatch: Any) -> None:
    settings.ALLOW_HOSTS = "localhost:1"
    for host, why in (("localhost", "unreachable"), ("no-such-host.invalid", "no_server"), ("x" * 70, "not_imap")):
        with pytest.raises(Trouble) as caught, Conversation(host, 1, 5.0):
            pass
        assert said(caught.value) == f"my.postbox.{why}"


def _speak_plainly(listening: socket.socket) -> None:
    with listening.accept()[0] as client:
        client.sendall(b"* OK speak plainly" + bytes(2000))
        with contextlib.suppress(OSError):
            while client.recv(4096):
                pass


def test_port_that_speaks_something_else_is_told(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as plain:
        host, port = "localhost", plain.getsockname()[1]
        settings.ALLOW_HOSTS = f"{host}:{port}"
        thread = threading.Thread(target=_speak_plainly, args=(plain,))
        thread.start()
        with pytest.raises(Trouble) as caught, Conversation(host, port, 60.0):
            pass
        thread.join()
    assert said(caught.value) == "my.postbox.not_imap"


def test_each_address_of_a_name_is_tried(server: Server, monkeypatch: Any) -> None:
    asked = socket.getaddrinfo

    def several(host: str, *rest: Any, **more: Any) -> list[Any]:
        deaf = asked("127.0.0.2", *rest, **more) if host == "localhost" else []
        return [*deaf, *asked("127.0.0.1" if deaf else host, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", several)
    addresses.dial("localhost", server.port, 5.0).close()
