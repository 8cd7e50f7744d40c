"""The mails of a store: which go, when, in which words; tried on a real parcel before anybody gets them."""

import re

import pytest
from django.core import mail
from django.test import Client

from doorstep.app.push import rules
from doorstep.app.telling import letters
from doorstep.core.letter import Event
from doorstep.core.policy import MailBy, Policy
from doorstep.db.models import Audit, LetterRules, LetterText, Order
from tests.app.ledger import Ledger
from tests.web.conftest import NUMBER

OWN = {"subject": "{store} sent {order}", "body": "Hi,\n\n{carrier}: {number}\nBy {expected}\n\nSee {link}"}


@pytest.fixture
def mails(shop: Ledger) -> str:
    return f"/connections/{shop.store.id}/mails"


def read(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_screen_says_which_mails_go_and_who_mails(shop: Ledger, alice: Client, mails: str) -> None:
    text = read(alice, mails)
    assert "Details may be delayed" in text and "not mailed by Doorstep" in text
    assert f'href="{mails}/shipped/zh-Hans"' in text
    rules.save(shop.ws, shop.store.id, Policy(mail_by=MailBy.DOORSTEP), "user:1")
    assert "not mailed by Doorstep" not in read(alice, mails)


def test_rules_are_kept_as_typed(shop: Ledger, alice: Client, mails: str) -> None:
    form = {"on": ["shipped", "delivered"], "quiet_from": "22", "quiet_to": "0", "zone": "shopper", "gap_h": "4"}
    assert alice.post(mails, {**form, "followers": "on", "extra": "desk@lamp.example"}).status_code == 302
    row = LetterRules.objects.get(ws=shop.ws, store_id=shop.store.id)
    assert (row.quiet_from, row.quiet_to, row.zone, row.gap_h, row.daily_at) == (22, 0, "shopper", 4, None)
    assert "exception" in row.off and "shipped" not in row.off and row.extra == ["desk@lamp.example"]
    assert (
        'value="22"' in read(alice, mails)
        and 'name="quiet_to" type="number" value="0"' in read(alice, mails)
        and "desk@lamp.example" in read(alice, mails)
    )


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("quiet_from", "24", "from 0 to 23"),
        ("gap_h", "-1", "from 0 to 72"),
        ("quiet_to", "8", "Say both hours"),
        ("extra", "desk at lamp", "Write e-mail addresses"),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is(
    shop: Ledger, alice: Client, mails: str, field: str, typed: str, said: str
) -> None:
    answer = alice.post(mails, {field: typed})
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not LetterRules.objects.exists()


def test_own_words_are_kept_put_back_and_brought_back(shop: Ledger, alice: Client, mails: str) -> None:
    path = f"{mails}/shipped/de"
    assert "ist unterwegs" in read(alice, path)
    alice.post(path, OWN)
    alice.post(path, {**OWN, "subject": "Second"})
    alice.post(path, {"do": "reset"})
    assert "ist unterwegs" in read(alice, path) and "Version 3" in read(alice, path)
    alice.post(path, {"do": "back", "version": "1"})
    assert letters.words(shop.ws, shop.store.id, Event.SHIPPED, "de").subject == OWN["subject"]
    assert letters.words(shop.ws, shop.store.id, Event.SHIPPED, "en").own is False
    assert "own words" in read(alice, mails)
    alice.post(path, {"do": "back", "version": "1"})  # what is in use already makes no version
    assert LetterText.objects.count() == 4 == Audit.objects.filter(verb="letters.words").count()
    assert alice.post(path, {"do": "back", "version": "9"}).status_code == 404


def test_unknown_word_is_named_and_what_was_typed_stays(alice: Client, mails: str) -> None:
    answer = alice.post(f"{mails}/shipped/en", {"subject": "Hi", "body": "Dear {buyer}, {{ settings.SECRET_KEY }}"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Nothing stands for {buyer}" in text and "Dear {buyer}" in text
    assert not LetterText.objects.exists()


def test_preview_fills_a_real_parcel_and_runs_nothing(alice: Client, order: Order, mails: str) -> None:
    typed = {"subject": "{order} <b>", "body": "<script>x</script> {number} by {carrier}\nBy {expected}\n\n{link}"}
    answer = alice.post(f"{mails}/shipped/en/preview", {**typed, "order": "1001"})
    text = answer.content.decode()
    assert NUMBER in text and "China Post" in text and "1001 &lt;b&gt;" in text
    assert "&lt;script&gt;" in text and "<script" not in text and "{expected}" not in text
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy and "unsafe" not in policy and "frame-ancestors 'self'" in policy
    assert re.search(r'<a href="http[^"]+/t/[^"]+">http', text) and 'class="b"' not in text
    assert (
        "Nothing stands for"
        in alice.post(f"{mails}/shipped/en/preview", {"subject": "x", "body": "{no}"}).content.decode()
    )
    assert not mail.outbox and not LetterText.objects.exists()


def test_preview_without_a_parcel_stands_for_itself(alice: Client, mails: str) -> None:
    text = read(alice, f"{mails}/digest/pt-BR/preview", order="nope")
    assert "[order]" in text and 'lang="pt-BR"' in text


def test_test_mail_goes_to_oneself_only(alice: Client, order: Order, mails: str, settings) -> None:
    path = f"{mails}/delivered/fr/test"
    assert "No mail server is set up" in alice.post(path, follow=True).content.decode()
    settings.EMAIL_HOST = "mail.example"
    alice.post(path, OWN)
    (sent,) = mail.outbox
    assert sent.to == ["alice@example.org"] and "a été livrée" in sent.subject
    assert [kind for _, kind in sent.alternatives] == ["text/html"] and "List-Unsubscribe" not in sent.extra_headers


def test_only_who_may_change_rules_changes_mails(bob: Client, mails: str) -> None:
    for path in (mails, f"{mails}/shipped/en", f"{mails}/shipped/en/preview"):
        assert bob.get(path).status_code == 403
        assert bob.post(path).status_code == 403


def test_no_such_mail_or_language(alice: Client, mails: str) -> None:
    assert alice.get(f"{mails}/nothing/en").status_code == 404
    assert alice.get(f"{mails}/shipped/tlh").status_code == 404
    assert alice.get("/connections/1/mails").status_code == 404
