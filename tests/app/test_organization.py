"""Domains of one organization speak for each other; those of neighbours under a registry do not."""

import pytest

from doorstep.app.receive.organization import organization, speaks_for

RECORDS = {
    "_dmarc.shop.example": b"v=DMARC1; p=reject",
    "_dmarc.deep.firm.example": b"v=DMARC1; p=none; psd=n",
    "_dmarc.firm.example": b"v=DMARC1; p=none",
    "_dmarc.bank": b"v=DMARC1; p=reject; psd=y",
    "_dmarc.co.uk": b"v=DMARC1; p=none",
    "_dmarc.odd.example": b"v=spf1 -all",
    "_dmarc.b.c.d.e.f.g.example": b"v=DMARC1; p=none",
}


def dns(name: str) -> bytes | None:
    if "silent" in name:
        raise TimeoutError(name)
    return RECORDS.get(name)


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("shop.example", "shop.example"),
        ("a.b.shop.example", "shop.example"),
        ("x.deep.firm.example", "deep.firm.example"),
        ("x.firm.example", "firm.example"),
        ("mail.mine.bank", "mine.bank"),
        ("bank", "bank"),
        ("shop.co.uk", ""),
        ("odd.example", ""),
        ("y.x.a.b.c.d.e.f.g.example", "b.c.d.e.f.g.example"),  # eight labels and more: the last seven are asked about
    ],
)
def test_records_on_the_way_up_tell_the_organization(domain, found):
    assert organization(domain, dns) == found


@pytest.mark.parametrize(
    ("sender", "signer", "proven"),
    [
        ("news.shop.example", "bounce.shop.example", "shop.example"),
        ("shop.example", "shop.example", "shop.example"),
        ("news.shop.example", "shop.example", "shop.example"),
        ("a.deep.firm.example", "b.firm.example", ""),
        ("a.mine.bank", "b.mine.bank", "mine.bank"),
        ("mine.bank", "yours.bank", ""),
        ("mine.co.uk", "yours.co.uk", ""),
        ("a.odd.example", "b.odd.example", ""),
        ("shop.example", "other.example", ""),
        ("shop.example", "", ""),
    ],
)
def test_siblings_speak_for_each_other_only_within_an_organization(sender, signer, proven):
    assert speaks_for(sender, signer, dns) == proven


def test_a_silent_name_service_is_no_answer():
    with pytest.raises(TimeoutError):
        speaks_for("a.silent.example", "b.silent.example", dns)


def test_nobody_is_asked_where_nothing_is_shared():
    assert speaks_for("a.silent.example", "b.shop.example", dns) == ""
