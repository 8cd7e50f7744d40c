"""SMTP: 250 means on disk, unknown recipients are refused in the conversation, and nobody wears the server out."""

import asyncio
import contextlib
import smtplib
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from doorstep.app import doors, inbox, loop
from doorstep.app.members import workspaces
from doorstep.app.receive import mail_auth, mailbox, smtp
from doorstep.app.receive.smtp import Receiver
from doorstep.connectors.registry import connector
from doorstep.core.mailmatch import Proof, proof_of
from doorstep.db.models import Inbox, Workspace

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = (
    b"From: ship@supplier.example\r\nMessage-ID: <1@supplier.example>\r\nSubject: Order 1001 shipped\r\n\r\n"
    b"Tracking number: RR123456785PL\r\n"
)


@pytest.fixture
def shop() -> Workspace:
    return workspaces.create("Shop", "alice@shop.example", None)


@pytest.fixture
def address(shop: Workspace) -> str:
    return mailbox.address(shop.id)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver("127.0.0.1", 0)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop()


def deliver(port: int, to: str | list[str], raw: bytes = MAIL, sender: str = "ship@supplier.example") -> dict[str, Any]:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        return client.sendmail(sender, to, raw)


async def sent(port: int, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return await asyncio.to_thread(deliver, port, *args, **kwargs)


async def rows() -> list[Inbox]:
    return await loop.in_db(lambda: list(Inbox.objects.order_by("id")))


async def test_what_was_acknowledged_is_in_the_inbox_and_readable(shop, address):
    async with receiving() as receiver:
        await sent(receiver.port, address)
        (row,) = await rows()
    answer = inbox.answer_of(row)
    assert (row.ws, answer.what, answer.body, row.state) == (shop.id, "mail", MAIL, "new")
    assert proof_of(answer.context) == Proof(why_not="mail.unsigned")
    (mail,) = connector("supplier", "mail").read(answer).mails
    assert (mail.orders, [one.text for one in mail.numbers]) == (("1001",), ["RR123456785PL"])


async def test_the_local_part_ignores_case_and_may_have_a_tag(address):
    local, _, host = address.partition("@")
    async with receiving() as receiver:
        await sent(receiver.port, f"{local.upper()}+aliexpress@{host.upper()}")
        assert len(await rows()) == 1


@pytest.mark.parametrize("wrong", ["nobody@{host}", "{local}@elsewhere.example", "{local}x@{host}", "{local}"])
async def test_unknown_recipients_are_refused_alike(address, wrong):
    local, _, host = address.partition("@")
    async with receiving() as receiver:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            await sent(receiver.port, wrong.format(local=local, host=host))
        assert [code for code, _ in refused.value.recipients.values()] == [550]
        assert await rows() == []


async def test_a_revoked_address_is_unknown(shop, address):
    box = await loop.in_db(mailbox.ensure_mailbox, shop.id)
    await loop.in_db(doors.revoke, shop.id, "mail", box.id, "user:1")
    async with receiving() as receiver:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            await sent(receiver.port, address)


async def test_a_mail_for_two_workspaces_reaches_both_and_the_unknown_one_is_refused(shop, address):
    other = await loop.in_db(lambda: workspaces.create("Other", "bob@other.example", None))
    second = await loop.in_db(mailbox.address, other.id)
    async with receiving() as receiver:
        refused = await sent(receiver.port, [address, second, "nobody@in.doorstep.localhost"])
        assert list(refused) == ["nobody@in.doorstep.localhost"]
        assert sorted(row.ws for row in await rows()) == sorted([shop.id, other.id])


async def test_the_same_mail_again_is_acknowledged_and_kept_once(address):
    async with receiving() as receiver:
        await sent(receiver.port, address)
        await sent(receiver.port, address, b"Received: from another.example; today\r\n" + MAIL)
        await sent(receiver.port, address, MAIL.replace(b"785PL", b"799PL"))
        assert len(await rows()) == 2


async def test_a_mail_of_its_own_member_is_a_members(address, monkeypatch):
    proven = Proof(domain="shop.example", how="dkim", why_not="")
    monkeypatch.setattr(mail_auth, "prove", lambda raw: proven)
    async with receiving() as receiver:
        await sent(receiver.port, address, MAIL.replace(b"ship@supplier", b"Alice@shop"))
        await sent(receiver.port, address, MAIL.replace(b"ship@supplier", b"bob@shop"))
        assert [proof_of(inbox.answer_of(row).context).how for row in await rows()] == ["member", "dkim"]


async def test_a_forgery_sent_ahead_does_not_hide_the_true_mail(address, monkeypatch):
    proofs = iter([Proof(), Proof(domain="supplier.example", how="dkim", why_not="")])
    monkeypatch.setattr(mail_auth, "prove", lambda raw: next(proofs))
    async with receiving() as receiver:
        await sent(receiver.port, address)
        await sent(receiver.port, address)
        assert len(await rows()) == 2


async def test_twenty_megabytes_are_refused_and_the_server_goes_on(address):
    async with receiving() as receiver:
        big = MAIL + (b"x" * 76 + b"\r\n") * (20 << 20 >> 6)
        with pytest.raises(smtplib.SMTPSenderRefused) as announced:  # SIZE says so before anything is sent
            await sent(receiver.port, address, big)
        assert announced.value.smtp_code == 552
        assert (
            b"552" in (await asyncio.to_thread(speak, receiver.port, address, MAIL + b"x" * 70 + b"\r\n", 150_000))[-1]
        )
        await sent(receiver.port, address)
        assert len(await rows()) == 1


def speak(port: int, address: str, body: bytes, times: int = 1, sender: bytes = b"a@b.example") -> list[bytes]:
    """A conversation without manners: announces no size."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire, wire.makefile("rb") as answers:
        said = [answers.readline()]
        for line in (b"HELO x", b"MAIL FROM:<" + sender + b">", b"RCPT TO:<" + address.encode() + b">", b"DATA"):
            wire.sendall(line + b"\r\n")
            said.append(answers.readline())
        for _ in range(times):
            wire.sendall(body)
        wire.sendall(b"\r\n.\r\n")
        return [*said, answers.readline()]


@pytest.mark.parametrize(
    "raw",
    [
        b"no headers at all",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a",
        b"Subject: \xff\xfe\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\x00\x01",
        b"From: a@b.example\r\nContent-Type: text/html; charset=nonsense\r\n\r\n<table><td>" + b"<div>" * 3000,
        b"From: a@b.example\r\n\r\n" + b"y" * 5000,
    ],
)
async def test_broken_mime_is_stored_and_reading_it_raises_nothing(address, raw):
    async with receiving() as receiver:
        assert (await asyncio.to_thread(speak, receiver.port, address, raw))[-1].startswith(b"250")
        (row,) = await rows()
    (mail,) = connector("supplier", "mail").read(inbox.answer_of(row)).mails
    assert mail.numbers == ()


async def test_a_mail_without_an_envelope_sender_is_taken(address):
    """Automatic forwards and confirmations come from <>."""
    async with receiving() as receiver:
        said = await asyncio.to_thread(speak, receiver.port, address, MAIL, 1, b"")
        assert said[-1].startswith(b"250"), said


async def test_the_sender_comes_again_when_the_database_refuses(address, monkeypatch):
    async with receiving() as receiver:
        monkeypatch.setattr(inbox.WRITER, "_store", raising(OSError("disk full")))
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await sent(receiver.port, address)
        assert refused.value.smtp_code == 451
        monkeypatch.undo()
        monkeypatch.setattr(smtp, "door_of", raising(OSError("gone")))
        with pytest.raises(smtplib.SMTPRecipientsRefused) as later:
            await sent(receiver.port, address)
        assert [code for code, _ in later.value.recipients.values()] == [451]
        assert await rows() == []


def raising(problem: Exception) -> Callable[..., Any]:
    def fail(*args: Any) -> Any:
        raise problem

    return fail


async def test_a_slow_check_does_not_hold_the_mail_back(address, monkeypatch):
    monkeypatch.setattr(smtp, "CHECK_S", 0.05)
    monkeypatch.setattr(mail_auth, "prove", lambda raw: time.sleep(0.5))
    async with receiving() as receiver:
        await sent(receiver.port, address)
        (row,) = await rows()
    assert proof_of(inbox.answer_of(row).context).why_not == "mail.key_unreachable"


async def test_a_check_that_fails_proves_nothing(address, monkeypatch):
    monkeypatch.setattr(mail_auth, "prove", raising(RuntimeError("what a mail")))
    async with receiving() as receiver:
        await sent(receiver.port, address)
        (row,) = await rows()
    assert proof_of(inbox.answer_of(row).context).why_not == "mail.signature_broken"


async def test_too_many_connections_are_sent_away(address, monkeypatch):
    monkeypatch.setattr(smtp, "MAX_CONNECTIONS", 1)
    async with receiving() as receiver:
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        assert (await reader.readline()).startswith(b"220")
        second, other = await asyncio.open_connection("127.0.0.1", receiver.port)
        assert (await second.readline()).startswith(b"421")
        for one in (writer, other):
            one.close()
            await one.wait_closed()
        await asyncio.sleep(0.05)
        await sent(receiver.port, address)
        assert len(await rows()) == 1


async def test_a_line_without_an_end_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(smtp, "MAX_CONNECTION_BYTES", 1 << 20)
    async with receiving() as receiver:
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        with contextlib.suppress(ConnectionError):
            for _ in range(40):
                writer.write(b"x" * 65536)
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            assert b"250" not in await asyncio.wait_for(reader.read(), 5)
        writer.close()


async def test_who_guesses_recipients_is_hung_up_on():
    async with receiving() as receiver:
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(b"HELO x\r\nMAIL FROM:<a@b.example>\r\n" + b"RCPT TO:<x@in.doorstep.localhost>\r\n" * 30)
        answers = b""
        with contextlib.suppress(ConnectionError):
            answers = await asyncio.wait_for(reader.read(), 5)
        assert answers.count(b"550") <= smtp.MAX_REFUSED + 1
        writer.close()


async def test_an_idle_connection_is_closed(monkeypatch):
    monkeypatch.setattr(smtp, "IDLE_S", 0.1)
    async with receiving() as receiver:
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"220")
        writer.close()


async def test_there_is_a_limit_to_recipients(address, monkeypatch):
    monkeypatch.setattr(smtp, "MAX_RECIPIENTS", 1)
    async with receiving() as receiver:
        refused = await sent(receiver.port, [address, address.replace("@", "+b@")])
        assert [code for code, _ in refused.values()] == [452]


async def test_our_own_mistakes_are_not_told_to_strangers(address, monkeypatch):
    monkeypatch.setattr(Receiver, "handle_DATA", raising(RuntimeError("secret detail")))
    async with receiving() as receiver:
        said = await asyncio.to_thread(speak, receiver.port, address, MAIL)
        assert said[-1].startswith(b"451") and b"secret" not in said[-1]


async def test_stopping_hangs_up_and_may_be_done_before_starting():
    await Receiver("127.0.0.1", 0).stop()
    receiver = Receiver("127.0.0.1", 0)
    await receiver.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
    await reader.readline()
    await receiver.stop()
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()


async def test_an_address_in_use_is_an_error():
    async with receiving() as receiver:
        with pytest.raises(OSError, match="in use"):
            await Receiver("127.0.0.1", receiver.port).start()
