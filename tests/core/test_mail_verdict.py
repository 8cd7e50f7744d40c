"""A mail changes something by itself only if its order is known and its sender is proven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.mailmatch import (
    Dispatched,
    NeedsLook,
    Nothing,
    Proof,
    TakeOn,
    aligned,
    context_of,
    judge,
    proof_of,
)
from doorstep.core.order import Mail, MailKind, Role, SaidNumber

NUMBER = SaidNumber(text="1Z999AA10123456784", role=Role.LOCAL, carrier="ups")
DKIM = Proof(domain="supplier.example", how="dkim", why_not="")
MEMBER = Proof(domain="shop.example", how="member", why_not="")
NOBODY = Proof(why_not="mail.signature_broken")
KNOWN = {"1001": ["order-7"]}


def mail(**changed: object) -> Mail:
    fields = {
        "kind": MailKind.SHIPPED,
        "message_id": "<1@x>",
        "sender": "mail.supplier.example",
        "subject": "Shipped",
        "orders": ("1001",),
        "numbers": (NUMBER,),
    }
    return Mail(**{**fields, **changed})


def reason(verdict: object) -> str:
    assert isinstance(verdict, NeedsLook | Nothing)
    return verdict.reason.id


def test_known_order_and_proven_sender_go_on_by_themselves():
    assert judge(mail(), DKIM, KNOWN) == TakeOn(order="order-7", numbers=(NUMBER,))


def test_a_members_forward_stands_for_what_it_holds():
    assert isinstance(judge(mail(), MEMBER, KNOWN), TakeOn)
    assert isinstance(judge(mail(), Proof(how="member", why_not=""), KNOWN), TakeOn)


def test_an_unproven_sender_waits_with_the_reason_found_at_receipt():
    verdict = judge(mail(), NOBODY, KNOWN)
    assert reason(verdict) == "mail.signature_broken"
    assert isinstance(verdict, NeedsLook) and verdict.refs == ()


def test_a_forward_by_somebody_else_waits():
    stranger = Proof(domain="stranger.example", how="dkim", why_not="")
    assert reason(judge(mail(), stranger, KNOWN)) == "mail.forwarded_by_stranger"


def test_an_order_not_known_yet_is_waited_for():
    verdict = judge(mail(orders=("1001", "PO-1")), DKIM, {})
    assert reason(verdict) == "mail.order_unknown"
    assert isinstance(verdict, NeedsLook) and verdict.refs == ("1001", "PO-1")


def test_a_number_without_an_order_waits():
    assert reason(judge(mail(orders=()), DKIM, {})) == "mail.no_order"


def test_two_refs_of_the_same_order_are_one_order():
    assert isinstance(judge(mail(orders=("1001", "PO-1")), DKIM, {"1001": ["a"], "PO-1": ["a"]}), TakeOn)


def test_several_orders_wait():
    assert reason(judge(mail(), DKIM, {"1001": ["a", "b"]})) == "mail.several_orders"


def test_a_later_notice_about_a_known_parcel_asks_nobody():
    notice = mail(orders=(), kind=MailKind.MOVING)
    assert reason(judge(notice, NOBODY, {}, held={NUMBER.text})) == "mail.known_numbers"
    assert isinstance(judge(mail(), DKIM, KNOWN, held={NUMBER.text}), TakeOn)


def test_a_persons_word_needs_no_proof():
    assert judge(mail(orders=()), NOBODY, {}, chosen="order-9") == TakeOn(order="order-9", numbers=(NUMBER,))


def test_a_dismissed_mail_changes_nothing_even_when_it_is_read_again():
    assert reason(judge(mail(), DKIM, KNOWN, dismissed=True)) == "mail.dismissed"


def test_mails_without_a_number_change_nothing():
    assert reason(judge(mail(numbers=(), orders=()), DKIM, {})) == "mail.no_number"
    assert reason(judge(mail(numbers=(), kind=MailKind.OTHER), DKIM, KNOWN)) == "mail.no_number"
    assert reason(judge(mail(numbers=(), kind=MailKind.OTHER, unsure=(NUMBER,)), DKIM, KNOWN)) == "mail.no_number"


def test_a_shipped_mail_without_a_number_says_that_the_order_left():
    assert judge(mail(numbers=()), DKIM, KNOWN) == Dispatched(order="order-7")
    assert judge(mail(numbers=()), MEMBER, KNOWN) == Dispatched(order="order-7")


def test_a_shipped_mail_of_nobody_says_nothing():
    verdict = judge(mail(numbers=()), NOBODY, KNOWN)
    assert reason(verdict) == "mail.shipped_without_number" and verdict == Nothing(reason=verdict.reason)


def test_a_shipped_mail_waits_for_the_order_that_it_names():
    verdict = judge(mail(numbers=()), DKIM, {})
    assert isinstance(verdict, Nothing) and verdict.refs == ("1001",)


def test_a_doubtful_number_waits_for_a_person_who_may_take_it():
    doubtful = mail(numbers=(), unsure=(NUMBER,))
    verdict = judge(doubtful, DKIM, KNOWN)
    assert reason(verdict) == "mail.unsure_number"
    assert isinstance(verdict, NeedsLook) and verdict.dispatched == "order-7"
    waits = judge(doubtful, DKIM, {})
    assert isinstance(waits, NeedsLook) and (waits.refs, waits.dispatched) == (("1001",), "")
    assert judge(doubtful, NOBODY, {}, chosen="order-9") == TakeOn(order="order-9", numbers=(NUMBER,))
    assert reason(judge(mail(numbers=()), NOBODY, {}, chosen="order-9")) == "mail.shipped_without_number"


def test_a_forwarding_confirmation_is_a_task_with_its_link_only_if_the_provider_sent_it():
    asks = mail(kind=MailKind.FORWARD_CONFIRMATION, sender="google.com", numbers=(), link="https://google.example/vf")
    google = Proof(domain="google.com", how="dkim", why_not="")
    verdict = judge(asks, google, {})
    assert reason(verdict) == "mail.confirm_forwarding"
    assert isinstance(verdict, NeedsLook) and verdict.reason.values["link"] == "https://google.example/vf"
    assert reason(judge(asks, NOBODY, {})) == "mail.confirmation_unproven"
    assert reason(judge(mail(kind=MailKind.FORWARD_CONFIRMATION, sender="google.com"), google, {})) == (
        "mail.confirmation_unproven"
    )


@pytest.mark.parametrize("proof", [DKIM, MEMBER, NOBODY, Proof(how="member", why_not="")])
def test_a_proof_comes_back_from_beside_the_bytes(proof):
    assert proof_of(context_of(proof)) == proof


def test_bytes_without_a_proof_are_proven_by_nobody():
    assert proof_of({}) == Proof(why_not="mail.unsigned")


@pytest.mark.parametrize(
    ("sender", "signer", "speaks"),
    [
        ("shop.example", "shop.example", True),
        ("mail.shop.example", "shop.example", True),
        ("shop.example", "mailer.shop.example", True),
        ("a.shop.example", "b.shop.example", False),
        ("myshop.example", "shop.example", False),
        ("shop.example", "example", False),
        ("example", "shop.example", False),
        ("", "shop.example", False),
        ("shop.example", "", False),
    ],
)
def test_a_domain_speaks_for_itself_and_its_line(sender, signer, speaks):
    assert aligned(sender, signer) is speaks


@given(
    kind=st.sampled_from(list(MailKind)),
    orders=st.lists(st.sampled_from(["1", "2"]), unique=True),
    known=st.dictionaries(st.sampled_from(["1", "2"]), st.lists(st.sampled_from(["a", "b"]))),
    held=st.sampled_from([(), (NUMBER.text,)]),
)
def test_nothing_goes_on_without_a_proof(kind, orders, known, held):
    assert not isinstance(judge(mail(kind=kind, orders=tuple(orders)), NOBODY, known, held=held), TakeOn)
