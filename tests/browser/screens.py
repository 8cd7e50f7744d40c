"""What a person does at a screen: sign in, open an order, fill a form, wait for news."""

import re

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response

from tests.e2e.product import EMAIL, PASSWORD, Town, wait_until

PATIENCE_MS = 30_000  # other things may run on this machine


class Windows:
    """Browser windows at one Doorstep, all of them watched. Whoever is signed in once stays so in every new window."""

    def __init__(self, browser: Browser, town: Town) -> None:
        self.town, self.home = town, town.product.url
        self.names = {self.home}  # under which Doorstep itself is called
        self._browser, self._open = browser, list[BrowserContext]()
        self._session: list[dict[str, object]] = []
        self.complaints: list[str] = []

    def open(self, path: str = "", *, member: bool = True, **how: object) -> Page:
        """A new window, of a member or of a stranger; ``how``: viewport, color_scheme, java_script_enabled ..."""
        context = self._browser.new_context(base_url=self.home, **how)  # type: ignore[arg-type]  # passed on
        context.set_default_timeout(PATIENCE_MS)
        self._watch(context)
        self._open.append(context)
        page = context.new_page()
        if member:
            self._sign_in(page)
        if path:
            page.goto(path)
        return page

    def close(self) -> None:
        """Close them all."""
        for context in self._open:
            context.close()
        self._open.clear()

    def _sign_in(self, page: Page) -> None:
        if not self._session:
            page.goto("/")
            sign_in(page)
            self._session = [dict(one) for one in page.context.cookies()]
        page.context.add_cookies(self._session)  # type: ignore[arg-type]  # what cookies() gave

    def _watch(self, context: BrowserContext) -> None:
        """Errors of scripts, what the content policy refuses, files that are not there, calls to anybody else."""

        def said(message: ConsoleMessage) -> None:
            # An answer of 404 or 422 to a person is no error of the page; missing files are seen below.
            if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
                self.complaints.append(f"{message.type}: {message.text} ({message.page and message.page.url})")

        def asked(request: Request) -> None:
            if not request.url.startswith((*self.names, "data:")):
                self.complaints.append(f"called {request.url}")

        def answered(response: Response) -> None:
            if response.status >= 500 or (response.status >= 400 and response.request.resource_type != "document"):
                self.complaints.append(f"{response.status} {response.url}")

        context.on("console", said)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("request", asked)
        context.on("response", answered)


def sign_in(page: Page) -> None:
    """At the login."""
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Orders", level=1).wait_for()


def connect(page: Page, what: str, **form: str) -> None:
    """Connections, new, ``what``: fill in the form by its labels and press the button."""
    page.get_by_role("link", name="Connections").click()
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("link", name=what).click()
    for label, value in form.items():
        page.get_by_label(label.replace("_", " ").capitalize().replace("Api", "API")).fill(value)
    page.get_by_role("button", name="Test and save").click()


def row(page: Page, order: str) -> Locator:
    """The order's row on the board."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=order, exact=True))


def open_order(windows: Windows, page: Page, order: str) -> None:
    """Search for it, and open it."""
    page.goto(f"/?q={order}")
    eventually(windows, page, row(page, order))
    page.get_by_role("link", name=order, exact=True).click()
    page.get_by_role("heading", name=order, level=1).wait_for()


def eventually(windows: Windows, page: Page, wanted: Locator, seconds: float = 90) -> None:
    """Reload until it is there, as a person does who waits for news."""

    def look() -> bool:
        if not wanted.first.is_visible():
            page.reload()
        return wanted.first.is_visible()

    town = windows.town
    try:
        wait_until(f"{wanted} on {page.url}", look, town.product, town.world, seconds=seconds, every=0.5)
    except AssertionError as late:
        raise AssertionError(f"{late}\n--- {page.url} ---\n{page.locator('body').inner_text()}") from None


def shoppers_page(windows: Windows, page: Page) -> str:
    """On an order's screen: the address of its page, made if there is none."""
    make = page.get_by_role("button", name="Make a link")
    if make.is_visible():
        make.click()
    address = page.get_by_label("The shopper's page").input_value()
    assert re.fullmatch(re.escape(windows.home) + r"/t/[\w-]{22,}", address)
    return address


def look_up_address(page: Page) -> str:
    """From anywhere in the console: where shoppers look up the orders of the store, made if there is no address yet."""
    page.goto("/connections")
    page.get_by_role("link", name="Lantern & Thread").click()
    page.get_by_role("heading", name="Look-up for shoppers").wait_for()
    make = page.get_by_role("button", name="Make the address")
    if make.is_visible():
        make.click()
    return page.get_by_label("Look-up for shoppers").input_value()
