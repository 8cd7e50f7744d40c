"""The page on which a shopper connects a mailbox: nobody but the household sees it, and no password comes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from doorstep.app import clock
from doorstep.app.household import household_entry
from doorstep.app.inbox import keep
from doorstep.app.reading.understand import understand
from doorstep.app.receive import mailbox, smtp
from doorstep.core.mailmatch import Proof
from doorstep.db.models import Membership, Postbox, Workspace
from tests.app.imap_server import Box, Server, serving
from tests.app.test_household_mails import NUMBER, shipped
from tests.web.shoppers import at_home, text

ADDRESS = "ines@buyer.example"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: Any, settings: Any) -> Iterator[Server]:
    settings.SHOPPER_APP = True
    with serving(Box(), tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        settings.ALLOW_HOSTS = f"localhost:{server.port}"
        yield server


@pytest.fixture
def ines(db: None, server: Server) -> tuple[Client, Workspace]:
    return at_home(ADDRESS)


def typed(server: Server, **other: str) -> dict[str, str]:
    box = server.box
    return {
        "address": ADDRESS,
        "password": box.password,
        "server": f"localhost:{server.port}",
        "login": box.login,
    } | other


def test_mailbox_is_tried_connected_paused_and_disconnected(ines: tuple[Client, Workspace], server: Server) -> None:
    client, _ = ines
    assert "/my/mailboxes" in text(client, "/my/add") and "/my/mailboxes" in text(client, "/my/mails")
    refused = client.post("/my/mailboxes", typed(server, password="not this one"))
    page = refused.content.decode()
    assert refused.status_code == 422 and "refuses this password" in page and "not this one" not in page
    assert f'value="localhost:{server.port}"' in page and not Postbox.objects.exists()
    assert client.post("/my/mailboxes", typed(server)).status_code == 302
    page = text(client, "/my/mailboxes")
    assert ADDRESS in page and "is read for the first time" in page and server.box.password not in page
    box = Postbox.objects.get()
    client.post(f"/my/mailboxes/{box.id}", {"do": "pause"})
    assert "paused" in text(client, "/my/mailboxes")
    client.post(f"/my/mailboxes/{box.id}", {"do": "resume"})
    client.post(f"/my/mailboxes/{box.id}", {"do": "nothing of this"})
    assert Postbox.objects.get().state == "active"
    client.post(f"/my/mailboxes/{box.id}", {"do": "disconnect"})
    assert "its password is erased" in text(client, "/my/mailboxes")
    assert not Postbox.objects.exists()


def test_mail_of_a_mailbox_that_needs_a_look_is_told_and_shown(ines: tuple[Client, Workspace]) -> None:
    client, home = ines
    keep([smtp.arrival(shipped(), Proof(), home.id, mailbox.box_of(home.id).id)])
    while understand():
        pass
    assert "1 mail needs your look" in text(client, "/my/")
    page = text(client, "/my/mails")
    assert NUMBER in page and "Make my address" in page, "there is no address to write to, and none was made"


def test_others_see_nothing_of_it_and_a_guest_cannot_end_it(ines: tuple[Client, Workspace]) -> None:
    client, home = ines
    box = Postbox.objects.create(
        ws=home.id, user_id=Membership.objects.get(ws=home.id).user_id, address=ADDRESS, host="imap.buyer.example",
        port=993, connected_at=clock.now(), next_at=clock.now(), state="denied",
        said={"id": "my.postbox.wrong", "values": {"said": "<b>no</b>"}},
    )  # fmt: skip
    assert "is not read any more" in text(client, "/my/")
    page = text(client, "/my/mailboxes")
    assert "&lt;b&gt;no&lt;/b&gt;" in page and f"?address={ADDRESS.replace('@', '%40')}" in page
    charlie, _ = at_home("charlie@example.org")
    assert ADDRESS not in text(charlie, "/my/mailboxes")
    assert charlie.post(f"/my/mailboxes/{box.id}", {"do": "disconnect"}).status_code == 404
    guest = household_entry.proven("rui@friends.example")
    Membership.objects.create(ws=home.id, user_id=guest.pk, role="agent")
    rui = Client()
    rui.force_login(guest)
    assert "disconnect" not in text(rui, "/my/mailboxes")
    assert rui.post(f"/my/mailboxes/{box.id}", {"do": "disconnect"}).status_code == 404
    assert Client().get("/my/mailboxes").status_code == 302
    assert Postbox.objects.get() == box
