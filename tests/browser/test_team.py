"""A team of two: one is invited, gives herself a passkey, and comes in by it alone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import Windows
from tests.e2e.product import PASSWORD, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
DORA = "dora@lantern.example"


@contextmanager
def on_localhost(windows: Windows) -> Iterator[None]:
    """Browsers give passkeys to https and to localhost, and to no bare address."""
    before, windows.home = windows.home, windows.home.replace("127.0.0.1", "localhost")
    windows.names.add(windows.home)
    yield
    windows.home = before


def with_authenticator(page: Page) -> None:
    """A device that holds passkeys and whose owner always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    how = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**how, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )


def invitation(windows: Windows) -> str:
    """The path of the link in the mail; without a mail server mails are in the log."""
    found = list[str]()

    def look() -> bool:
        found[:] = re.findall(r"/join/[\w-]{22}", windows.town.product.log.read_text(encoding="utf-8"))
        return bool(found)

    wait_until("an invitation in the log", look, windows.town.product, windows.town.world)
    return found[-1]


def test_invited_colleague_comes_in_by_passkey(merchant: Windows) -> None:
    owner = merchant.open("/team")
    owner.get_by_label("E-mail address").fill(DORA)
    owner.get_by_role("button", name="Send the invitation").click()
    expect(owner.get_by_text(f"An invitation is on its way to {DORA}.")).to_be_visible()
    link = invitation(merchant)
    with on_localhost(merchant):
        page = merchant.open(link, member=False)
        with_authenticator(page)
        page.get_by_label("Choose a password").fill(PASSWORD)
        page.get_by_role("button", name="Make my account and join").click()
        page.get_by_label("E-mail address").fill(DORA)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()
        page.goto("/accounts/2fa/webauthn/add/")
        page.get_by_label("Password").fill(PASSWORD)  # whoever changes how to get in says once more who it is
        page.get_by_role("button", name="Confirm").click()
        page.get_by_label("Passwordless").check()
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
        page.goto("/accounts/2fa/totp/activate/")
        expect(page.locator("img.qr")).to_be_visible()
        expect(page.locator("img.qr")).not_to_have_js_property("naturalWidth", 0)  # the picture is drawn
        page.get_by_role("button", name="Sign out").click()
        page.goto("/")
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()
    owner.reload()
    expect(owner.get_by_role("listitem").filter(has_text=DORA).get_by_text("second factor")).to_be_visible()
