"""A signature, a believed server or a member's proven address prove who sent a mail; a From line proves nothing."""

import base64
import hashlib

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dns.resolver import NXDOMAIN, NoNameservers

from doorstep.app.receive import mail_auth
from doorstep.core.mailmatch import Proof

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ED25519_PUBLIC = base64.b64encode(ED25519.public_key().public_bytes_raw())
ED25519_RECORDS = {
    "ed._domainkey.supplier.example.": b"v=DKIM1; k=ed25519; p=" + ED25519_PUBLIC,
    "ed-rsa._domainkey.supplier.example.": b"v=DKIM1; k=rsa; p=" + ED25519_PUBLIC,
    "ed-empty._domainkey.supplier.example.": b"v=DKIM1; k=ed25519; p=",
    "ed-odd._domainkey.supplier.example.": b"v=DKIM1; k=ed25519; p=!",
    "ed-broken._domainkey.supplier.example.": b"no record",
}
MAIL = b"From: Supplier <ship@supplier.example>\r\nTo: a@b.example\r\nSubject: Shipped\r\n\r\nTracking number: 1\r\n"


def dns(name: str) -> bytes | None:
    """The names of this test's world."""
    if name.startswith(("gone.", "_dmarc.silent.")):
        raise TimeoutError(name)
    if name in ED25519_RECORDS:
        return ED25519_RECORDS[name]
    if name == "_dmarc.supplier.example":
        return b"v=DMARC1; p=reject"
    return b"v=DKIM1; k=rsa; p=" + PUBLIC if name.startswith("s1.") else None


def signed(raw: bytes = MAIL, domain: bytes = b"supplier.example", selector: bytes = b"s1", **more: object) -> bytes:
    return bytes(dkim.sign(raw, selector, domain, PEM, include_headers=[b"from", b"subject"], **more)) + raw


def test_an_aligned_signature_proves_its_domain():
    assert mail_auth.prove(signed(), dns) == Proof(domain="supplier.example", how="dkim", why_not="")
    below = MAIL.replace(b"@supplier", b"@mail.supplier")
    assert mail_auth.prove(signed(below), dns).domain == "supplier.example"


def test_a_second_signature_may_be_the_aligned_one():
    twice = signed(signed(domain=b"mailer.example"))
    assert mail_auth.prove(twice, dns).how == "dkim"
    first = signed(domain=b"mailer.example")
    assert mail_auth.prove(bytes(dkim.sign(first, b"s1", b"supplier.example", PEM)) + first, dns).how == "dkim"


@pytest.mark.parametrize(
    ("raw", "why_not"),
    [
        (MAIL, "mail.unsigned"),
        (signed().replace(b"number: 1", b"number: 2"), "mail.signature_broken"),
        (signed().replace(b"ship@supplier", b"other@supplier"), "mail.signature_broken"),
        (signed(selector=b"unknown"), "mail.signature_broken"),
        (signed(domain=b"mailer.example"), "mail.signed_by_other"),
        (signed(selector=b"gone"), "mail.key_unreachable"),
        (signed(length=True) + b"Tracking number: 2\r\n", "mail.signature_broken"),
        (b"DKIM-Signature: v=1; a=rsa-sha256; d=\xff; s=; b=!\r\n" + MAIL, "mail.signature_broken"),
        (b"DKIM-Signature: garbage\r\n" + MAIL, "mail.signature_broken"),
        (b"Subject: nobody\r\n\r\nx", "mail.no_sender"),
        (b"From: boss@shop.example\r\n" + signed(), "mail.no_sender"),
        (MAIL.replace(b"From: Supplier", b"From: b@shop.example,"), "mail.no_sender"),
        (b"\xff\xfe", "mail.no_sender"),
        (b"", "mail.no_sender"),
    ],
)
def test_what_is_not_proven_says_why(raw, why_not):
    assert mail_auth.prove(raw, dns) == Proof(why_not=why_not)


def signed_ed25519(raw: bytes = MAIL, selector: bytes = b"ed") -> bytes:
    """RFC 8463, written out: Ed25519 over the SHA-256 of the relaxed headers and the signature's own."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n"))
    digest = base64.b64encode(hashlib.sha256(body).digest())
    own = b"v=1; a=ed25519-sha256; c=relaxed/simple; d=supplier.example; s=%b; h=from:subject; bh=%b; b=" % (
        selector,
        digest,
    )
    said = b"from:%b\r\nsubject:%b\r\ndkim-signature:%b" % (fields[b"From"], fields[b"Subject"], own)
    signature = base64.b64encode(ED25519.sign(hashlib.sha256(said).digest()))
    return b"DKIM-Signature: " + own + signature + b"\r\n" + raw


def test_an_ed25519_signature_proves_its_domain():
    raw = signed_ed25519()
    assert mail_auth.prove(raw, dns) == Proof(domain="supplier.example", how="dkim", why_not="")
    assert mail_auth.prove(raw.replace(b"number: 1", b"number: 2"), dns).why_not == "mail.signature_broken"
    assert mail_auth.prove(raw.replace(b"Subject: Shipped", b"Subject: Other"), dns).why_not == "mail.signature_broken"


@pytest.mark.parametrize("selector", [b"ed-rsa", b"ed-empty", b"ed-odd", b"ed-broken", b"ed-none"])
def test_an_ed25519_signature_without_its_key_proves_nothing(selector):
    assert mail_auth.prove(signed_ed25519(selector=selector), dns).why_not == "mail.signature_broken"


def test_a_sibling_of_the_same_organization_proves_the_organization():
    news = MAIL.replace(b"@supplier", b"@news.supplier")
    raw = signed(news, domain=b"bounce.supplier.example")
    assert mail_auth.prove(raw, dns) == Proof(domain="supplier.example", how="dkim", why_not="")
    other = MAIL.replace(b"@supplier", b"@news.other")
    assert mail_auth.prove(signed(other, domain=b"bounce.other.example"), dns).why_not == "mail.signed_by_other"


def test_a_silent_name_service_leaves_a_sibling_open():
    silent = MAIL.replace(b"@supplier", b"@a.silent.supplier")
    assert mail_auth.prove(signed(silent, domain=b"b.silent.supplier.example"), dns).why_not == "mail.key_unreachable"


def test_sha1_signatures_prove_nothing():
    raw = signed(signature_algorithm=b"rsa-sha1")
    assert mail_auth.prove(raw, dns).why_not == "mail.signature_broken"


def test_a_line_before_the_headers_end_is_no_signature():
    assert mail_auth.prove(b"From: a@b.example\nno header here\n\nbody", dns).how == ""


@pytest.mark.parametrize(
    "above",
    [
        b"X: a\rFrom: boss@supplier.example\r\rTracking number: 2\r\n",  # one header for who checks signatures
        b"X: a\r\n b\rFrom: boss@supplier.example\r\n",
        b"From: boss@supplier.example\r\nno header here\r\n",  # the end of them for who reads mails
    ],
)
def test_words_above_a_signed_mail_are_not_taken_for_signed(settings, above):
    settings.AUTHSERV_IDS = frozenset({"mx.ours.example"})
    checked = b"Authentication-Results: mx.ours.example; dkim=pass header.d=supplier.example\r\n"
    for raw in (above + signed(), above + checked + signed(), checked + above + signed()):
        assert mail_auth.prove(raw, dns).how == ""


@pytest.mark.parametrize("raw", [b"From - Mon Nov 16 2026\r\n" + signed(), signed().replace(b"\r\n", b"\n")])
def test_how_a_mail_was_kept_does_not_matter(raw):
    assert mail_auth.prove(raw, dns).how == "dkim"


def test_a_body_length_in_a_signature_is_not_believed():
    """Even untouched: what may be appended tomorrow was not signed."""
    assert mail_auth.prove(signed(length=True), dns).why_not == "mail.signature_broken"


def results(text: str) -> bytes:
    return b"Authentication-Results: " + text.encode() + b"\r\n" + MAIL


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("mx.ours.example; dkim=pass header.d=supplier.example", "supplier.example"),
        (
            "MX.ours.example 1; spf=fail smtp.mailfrom=x; dmarc=pass (p=reject) header.from=supplier.example",
            "supplier.example",
        ),
        ("mx.ours.example; dkim=pass header.i=@mail.supplier.example header.s=s1", "mail.supplier.example"),
        ("mx.ours.example; dkim=fail header.d=supplier.example", ""),
        ("mx.ours.example; dkim=pass header.d=mailer.example", ""),
        ("mx.ours.example; spf=pass smtp.mailfrom=supplier.example", ""),
        ("mx.theirs.example; dkim=pass header.d=supplier.example", ""),
        ("", ""),
    ],
)
def test_a_believed_server_proves_what_it_checked(settings, text, domain):
    settings.AUTHSERV_IDS = frozenset({"mx.ours.example"})
    proof = mail_auth.prove(results(text), dns)
    assert (proof.domain, proof.how) == (domain, "authserv" if domain else "")


def test_only_the_topmost_results_count(settings):
    settings.AUTHSERV_IDS = frozenset({"mx.ours.example"})
    forged = b"Authentication-Results: mx.ours.example; dkim=pass header.d=supplier.example\r\n"
    assert mail_auth.prove(b"Authentication-Results: mx.ours.example; dkim=none\r\n" + forged + MAIL, dns).how == ""


def test_nobody_is_believed_unless_configured():
    assert mail_auth.prove(results("mx.ours.example; dkim=pass header.d=supplier.example"), dns).how == ""


def test_a_member_counts_only_when_proven():
    proven = Proof(domain="supplier.example", how="dkim", why_not="")
    member = mail_auth.for_members(proven, "Ship@supplier.example", ["ship@Supplier.example"])
    assert member == Proof(domain="supplier.example", how="member", why_not="")
    assert mail_auth.for_members(proven, "other@supplier.example", ["ship@supplier.example"]) == proven
    assert mail_auth.for_members(Proof(), "ship@supplier.example", ["ship@supplier.example"]) == Proof()


def test_keys_of_the_demo_need_no_dns(settings):
    settings.DKIM_KEYS = f"s1._domainkey.supplier.example={PUBLIC.decode()}, ,x=y="
    assert mail_auth.prove(signed()).how == "dkim"


class _Record:
    strings = (b"v=DKIM1; ", b"p=abc")


@pytest.mark.parametrize(("answer", "found"), [([_Record()], b"v=DKIM1; p=abc"), (NXDOMAIN(), None)])
def test_a_key_is_looked_up_in_dns(monkeypatch, answer, found):
    asked = []

    def resolve(name, kind, lifetime):
        asked.append((name, kind))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("dns.resolver.resolve", resolve)
    assert mail_auth.txt("S1._domainkey.supplier.example.") == found
    assert asked == [("s1._domainkey.supplier.example", "TXT")]


def test_a_silent_dns_is_not_a_missing_key(monkeypatch):
    def resolve(name, kind, lifetime):
        raise NoNameservers

    monkeypatch.setattr("dns.resolver.resolve", resolve)
    with pytest.raises(TimeoutError):
        mail_auth.txt("s1._domainkey.supplier.example")
