"""A store's pages carry the merchant's name, words, logo and colours; its look-up stands on its own sites."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from doorstep.app import brands, doors
from doorstep.app.members import workspaces
from doorstep.core.colour import BLACK, WHITE, contrast
from doorstep.core.roles import Member
from doorstep.db.models import Audit, Brand
from doorstep.web import tags
from tests.app.ledger import Ledger
from tests.app.test_pictures import SECRET, chunk, jpeg
from tests.web.conftest import login

LOGO = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", b"\0" * 13)
    + chunk(b"tEXt", SECRET)
    + chunk(b"IDAT", b"x")
    + chunk(b"IEND", b"")
)
FORM = {
    "name": "Lantern & Thread",
    "words": "Gifts are wrapped.\nNo <b>plastic</b>.",
    "colour": "#fc0",
    "ground": "#102030",
    "phone": "+351 22 000 00 00",
    "email": "help@lantern.example",
    "site": "https://lantern.example/",
    "answer_h": "24",
    "frames": "https://lantern.example/shop\nshop.lantern.example:8443 https://lantern.example",
}


@pytest.fixture
def address(shop: Ledger) -> str:
    return f"/connections/{shop.store.id}/page"


@pytest.fixture
def find(shop: Ledger) -> str:
    return doors.lookup_url(shop.ws, shop.store.id).removeprefix(settings.PUBLIC_URL)


def keep(who: Client, address: str, **more: Any) -> Any:
    return who.post(address, FORM | more)


def read(path: str) -> str:
    return Client().get(path).content.decode()


def test_pages_carry_what_the_merchant_chose(shop: Ledger, alice: Client, address: str, page: str, find: str) -> None:
    before = read(page)
    assert "Followed by Doorstep" in before and "look/brand" not in before
    assert keep(alice, address, logo=SimpleUploadedFile("l.png", LOGO)).headers["Location"] == address
    kept = Brand.objects.get(ws=shop.ws)
    for text in (read(page), read(find)):
        assert f'src="/look/brand/{kept.key}/logo" alt="Lantern &amp; Thread"' in text
        assert f"/look/brand/{kept.key}.css" in text
        assert "No &lt;b&gt;plastic&lt;/b&gt;." in text
        assert "Followed by Doorstep" not in text
    assert 'href="tel:+351220000000"' in read(page) and 'href="mailto:help@lantern.example"' in read(page)
    logo = Client().get(f"/look/brand/{kept.key}/logo")
    assert (logo.headers["Content-Type"], SECRET in logo.content) == ("image/png", False)
    assert "immutable" in logo.headers["Cache-Control"]
    assert Audit.objects.filter(ws=shop.ws, verb="brand.change").count() == 1


def test_every_change_has_a_new_address_and_the_old_one_ends(shop: Ledger, alice: Client, address: str) -> None:
    keep(alice, address, logo=SimpleUploadedFile("l.png", LOGO))
    old = Brand.objects.get(ws=shop.ws).key
    keep(alice, address, powered="on")
    new = Brand.objects.get(ws=shop.ws)
    assert new.key != old and new.powered and new.logo_kind, "what was not sent again stays"
    assert Client().get(f"/look/brand/{old}.css").status_code == 404
    keep(alice, address, no_logo="on")
    assert Client().get(f"/look/brand/{Brand.objects.get(ws=shop.ws).key}/logo").status_code == 404


def test_colours_are_corrected_until_they_can_be_read(shop: Ledger, alice: Client, address: str) -> None:
    keep(alice, address)
    css = read(f"/look/brand/{Brand.objects.get(ws=shop.ws).key}.css")
    assert re.fullmatch(
        r":root\{--g:#\w{6};--a:#\w{6};--ai:#\w{6}\}@media\(prefers-color-scheme:dark\)\{:root\{[^{}]*\}\}", css
    )
    assert "moved a little towards black or white" in alice.get(address).content.decode()


@given(st.integers(0, 0xFFFFFF), st.integers(0, 0xFFFFFF))
def test_any_two_colours_make_a_page_that_can_be_read(one: int, other: int) -> None:
    css = brands.style(f"#{one:06x}", f"#{other:06x}")
    for part, card, quiet in zip(css.split("@media"), (WHITE, "#1f1e1b"), ("#67625a", "#a8a196"), strict=True):
        ground, shown, ink = re.findall(r"#\w{6}", part)
        assert contrast(quiet, ground) >= 4.5
        assert min(contrast(shown, card), contrast(ink, shown)) >= 4.5
        assert contrast(shown, ground) >= 4.5 or shown in {BLACK, WHITE}


def test_no_colours_make_no_style_sheet() -> None:
    assert brands.style("", "") == ""
    assert brands.style("#6a3460", "").count("--g") == 0
    assert not brands.corrected("#6a3460", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "red;}body{display:none"),
        ("ground", "#12"),
        ("phone", "call <me>"),
        ("email", "nobody"),
        ("site", "http://lantern.example"),
        ("site", "javascript:alert(1)"),
        ("site", "https://[::1"),
        ("frames", "https://[::1"),
        ("answer_h", "0"),
        ("answer_h", "x"),
        ("frames", "http://lantern.example"),
        ("frames", "https://lantern.example; script-src *"),
        ("frames", "https://user@lantern.example"),
        ("frames", "https://127.0.0.1"),
        ("frames", "https://shop.example:99999"),
        ("frames", "\n".join(f"https://s{one}.example" for one in range(11))),
        ("logo", b"<svg onload=alert(1)>"),
        ("logo", jpeg() + b"\0" * (brands.MOST_LOGO_KB << 10)),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is_saved(alice: Client, address: str, field: str, value: Any) -> None:
    said = SimpleUploadedFile("l", value) if field == "logo" else value
    answer = keep(alice, address, **{field: said})
    assert answer.status_code == 422
    assert b"Nothing was saved" in answer.content
    assert b"Gifts are wrapped." in answer.content, "what was typed stays"
    assert not Brand.objects.exists()


def test_preview_shows_what_is_typed_and_saves_nothing(shop: Ledger, alice: Client, address: str) -> None:
    screen = alice.get(address)
    assert "frame-src 'self'" in screen.headers["Content-Security-Policy"]
    shown = alice.post(f"{address}/preview", FORM | {"frames": "no address"})
    assert shown.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
    assert "X-Frame-Options" not in shown.headers
    text = shown.content.decode()
    assert "Lantern &amp; Thread" in text and "preview.css?colour=%23ffcc00&amp;ground=%23102030" in text
    css = alice.get(f"{address}/preview.css", {"colour": "#fc0", "ground": "#123456"})
    assert css.content.decode() == brands.style("#ffcc00", "#123456") != ""
    assert alice.get(f"{address}/preview.css", {"colour": "}*{"}).content == b""
    assert alice.get(f"{address}/preview").status_code == 200
    assert not Brand.objects.exists()


def test_only_who_sets_a_stores_rules_changes_its_pages(shop: Ledger, bob: Client, address: str) -> None:
    assert bob.get(address).status_code == 403
    assert keep(bob, address).status_code == 403
    workspaces.join(shop.ws, "vera@example.org", "correct horse battery", Member.MANAGER)
    assert keep(login("vera@example.org"), address).status_code == 302
    supplier = address.replace(str(shop.store.id), str(shop.supplier.id))
    assert login("alice@example.org").get(supplier).status_code == 404


def test_look_up_stands_on_the_merchants_sites_and_on_no_others(alice: Client, address: str, find: str) -> None:
    assert Client().get(f"{find}?frame=1").headers["X-Frame-Options"] == "DENY"
    keep(alice, address)
    framed = Client().get(f"{find}?frame=1&lang=de")
    policy = framed.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://lantern.example https://shop.lantern.example:8443")
    assert "X-Frame-Options" not in framed.headers
    assert 'target="_top"' in framed.content.decode()
    assert "frame-ancestors 'none'" in Client().get(find).headers["Content-Security-Policy"]
    assert f'data-lookup="{find.rpartition("/")[2]}"' in alice.get(address).content.decode().replace("&quot;", '"')


def test_order_page_never_stands_in_a_frame(alice: Client, address: str, page: str) -> None:
    keep(alice, address)
    answer = Client().get(f"{page}?frame=1")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_widget_is_smaller_than_3_kb() -> None:
    assert (Path(tags.STATIC) / "widget.js").stat().st_size < 3000


def test_name_of_the_connection_stands_where_no_other_is_given(
    shop: Ledger, alice: Client, address: str, page: str
) -> None:
    keep(alice, address, name="", answer_h="")
    assert Brand.objects.get(ws=shop.ws).answer_h == 48
    assert "Woocommerce" in read(page)
    shop.store.delete()
    assert brands.look(shop.ws, 7).name != ""
