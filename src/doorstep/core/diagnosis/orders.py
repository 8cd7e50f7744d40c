"""The rules about an order: its payment, its dispatch, its seller, the buyer's protection, and that all is well."""

from typing import Final

from doorstep.core.diagnosis import condition as is_
from doorstep.core.diagnosis.condition import after, before
from doorstep.core.diagnosis.finding import Cause, Confidence
from doorstep.core.diagnosis.rule import DAY, Actor, Rule, Section, When, say

_DISPUTE_SOON: Final = (
    say("do.dispute_now", given="dispute_pressing", end="dispute_end"),
    say("do.dispute_late", given="dispute_late", end="dispute_closes"),
)
# While the parcel may still come, and when it does not come any more.
DISPUTE: Final = (
    say("do.dispute_opens", at="dispute_ahead"),
    say("do.dispute", given="dispute_early", by="dispute_by", end="dispute_end"),
    *_DISPUTE_SOON,
)
CLAIM: Final = (
    say("do.dispute_opens", at="dispute_ahead"),
    say("do.dispute_if", given="dispute_early", by="dispute_by", end="dispute_end"),
    *_DISPUTE_SOON,
)
_PAID: Final = (
    say("saw.paid", at="paid"),
    say("saw.code_deadline", at="number_due"),
    say("saw.unsent", count="unsent"),
)
_CANCELLED: Final = (say("saw.placed", at="placed"), say("saw.cancelled", at="cancelled_at"))
_CAME: Final = say("saw.received", given="said_received")

ORDER: Final = Section(
    title="The order",
    of_order=True,
    when=(),
    rules=(
        Rule(
            when=(is_.CANCELLED, is_.BY_THE_OTHERS, is_.NOT_LONG_AGO),
            cause=Cause.CANCELLED_UNEXPECTEDLY,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=_CANCELLED,
            do=(say("do.ask_reason"), say("do.check_refund", at="refund_checked"), say("do.ask_refund")),
            next=When("cancelled_at", "a day after it, then daily", DAY, DAY),
        ),
        Rule(
            when=(is_.CANCELLED, is_.SUPPLIED, is_.NOT_LONG_AGO),
            cause=Cause.CANCELLED_UNEXPECTEDLY,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=_CANCELLED,
            do=(say("do.ask_reason_if"), say("do.buy_elsewhere"), say("do.check_refund", at="refund_checked")),
            next=When("cancelled_at", "a day after it, then daily", DAY, DAY),
        ),
        Rule(
            when=(is_.LIVE, is_.PAYMENT_OPEN),
            cause=Cause.PAYMENT_OPEN,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=(say("saw.placed", at="placed"),),
            do=(say("do.pay"),),
            next=When("placed", "a day after the order, then daily", DAY, DAY),
        ),
    ),
)

NO_NUMBER: Final = Section(
    title="No number yet",
    of_order=True,
    when=(is_.LIVE, is_.PAID, is_.WAITING),
    rules=(
        Rule(
            when=(is_.SAID_SENT,),
            cause=Cause.SENT_WITHOUT_NUMBER,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=(say("saw.paid", at="paid"), say("saw.sent", at="sent_at")),
            do=(say("do.check_mailbox"), say("do.ask_number")),
            next=When("sent_at", "two days after it, then every two days", 2 * DAY, 2 * DAY),
        ),
        Rule(
            when=(is_.STORE_SILENT,),
            cause=Cause.STILL_PLACED,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=(say("saw.placed", at="placed"), say("saw.store_silent", at="store_silent")),
            do=(say("do.wait_and_check"), say("do.contact_seller")),
            next=When("store_silent", "a day after its last answer, then daily", DAY, DAY),
        ),
        Rule(
            when=(before("number_due"),),
            cause=Cause.NO_CODE_YET,
            sure=Confidence.LIKELY,
            who=Actor.NOBODY,
            saw=_PAID,
            do=(say("do.check_mailbox"), say("do.wait_for_code", at="number_due"), say("do.contact_seller")),
            next=When("number_due", "when the number is due"),
            measure="number_due_measure",
        ),
        Rule(
            when=(after("number_due"), is_.REFUNDS_BY_ITSELF),
            cause=Cause.REFUND_AUTOMATIC,
            sure=Confidence.LIKELY,
            who=Actor.NOBODY,
            saw=_PAID,
            do=(say("do.expect_refund", at="refund_due"), say("do.contact_seller")),
            next=When("refund_due", "when the refund is due, then daily", DAY),
            measure="number_due_measure",
        ),
        Rule(
            when=(after("number_due"),),
            cause=Cause.DISPATCH_LATE,
            sure=Confidence.LIKELY,
            who=Actor.SENDER,
            saw=_PAID,
            do=(say("do.check_mailbox"), say("do.contact_seller")),
            next=When("number_due", "a day after it was due, then daily", DAY, DAY),
            measure="number_due_measure",
        ),
    ),
)

SELLER: Final = Section(
    title="The seller",
    of_order=True,
    when=(is_.LIVE, is_.NOT_ARRIVED),
    rules=(
        Rule(
            when=(is_.CONTACT_INVALID,),
            cause=Cause.SELLER_UNREACHABLE,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=(say("saw.contact_invalid"),),
            do=(say("do.other_ways"), *DISPUTE),
            next=When(),
        ),
        Rule(
            when=(after("answer_due"),),
            cause=Cause.SELLER_UNREACHABLE,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=(say("saw.asked_seller", at="asked_seller", due="answer_due"),),
            do=(say("do.other_ways"), *DISPUTE),
            next=When("answer_due", "when the answer is due, then daily", DAY),
        ),
    ),
)

_ENDS: Final = (
    say("saw.protection_ends", at="protection_ends"),
    say("saw.dispute_opens", at="dispute_opens"),
    say("saw.dispute_closes", at="dispute_closes"),
)
PROTECTION: Final = Section(
    title="The buyer's protection",
    of_order=True,
    when=(is_.LIVE, is_.NOT_ARRIVED, after("dispute_announced")),
    rules=(
        Rule(
            when=(before("dispute_by"),),
            cause=Cause.PROTECTION_ENDS,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=_ENDS,
            do=(say("do.dispute", by="dispute_by", end="dispute_end"),),
            next=When("dispute_by", "the last sensible day for a dispute"),
            measure="dispute_measure",
        ),
        Rule(
            when=(before("dispute_end"),),
            cause=Cause.PROTECTION_ENDS,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=_ENDS,
            do=(say("do.dispute_now", end="dispute_end"),),
            next=When("dispute_end", "when the protection ends"),
            measure="dispute_measure",
        ),
        Rule(
            when=(before("dispute_closes"),),
            cause=Cause.PROTECTION_OVER,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=_ENDS,
            do=(say("do.dispute_late", end="dispute_closes"), say("do.ask_payment_provider")),
            next=When("dispute_closes", "when disputes close"),
            measure="dispute_measure",
        ),
        Rule(
            when=(after("dispute_closes"),),
            cause=Cause.PROTECTION_OVER,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=_ENDS,
            do=(say("do.ask_payment_provider"), say("do.contact_seller")),
            next=When("dispute_closes", "every 30 days after it", 30 * DAY),
            measure="dispute_measure",
        ),
    ),
)

WELL: Final = Section(
    title="Nothing else was found",
    of_order=True,
    when=(),
    rules=(
        Rule(
            when=(is_.CANCELLED,),
            cause=Cause.ORDER_CANCELLED,
            sure=Confidence.CERTAIN,
            who=Actor.NOBODY,
            saw=_CANCELLED,
            do=(say("do.check_refund", at="refund_checked"), say("do.ask_reason_if")),
            next=When("refund_checked", "when a refund must be back; then never", once=True),
        ),
        Rule(
            when=(is_.ARRIVED,),
            cause=Cause.ARRIVED,
            sure=Confidence.CERTAIN,
            who=Actor.NOBODY,
            saw=(say("saw.placed", at="placed"), say("saw.delivered", at="arrived_at"), _CAME),
            do=(say("do.say_if_wrong"), say("do.dispute_until", end="dispute_end")),
            next=When("dispute_end", "the end of the protection; then never", once=True),
        ),
        Rule(
            when=(is_.NOTHING_TO_SHIP,),
            cause=Cause.NOTHING_TO_SHIP,
            sure=Confidence.CERTAIN,
            who=Actor.NOBODY,
            saw=(say("saw.placed", at="placed"),),
            do=(say("do.nothing"),),
            next=When(says="never", once=True),
        ),
        Rule(
            when=(),
            cause=Cause.ALL_WELL,
            sure=Confidence.LIKELY,
            who=Actor.NOBODY,
            saw=(say("saw.placed", at="placed"), say("saw.last_event", at="newest_scan")),
            do=(say("do.all_well_until", at="well_until"),),
            next=When("well_until", "the first date at which a rule above would speak"),
        ),
    ),
)
