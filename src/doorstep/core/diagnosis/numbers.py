"""The rules about a parcel's number, and about waiting for the first scan."""

from typing import Final

from doorstep.core.diagnosis import condition as is_
from doorstep.core.diagnosis.condition import after, before
from doorstep.core.diagnosis.finding import Cause, Confidence
from doorstep.core.diagnosis.orders import DISPUTE
from doorstep.core.diagnosis.rule import DAY, Actor, Rule, Section, Told, When, say

_NUMBER: Final = (say("saw.number", number="number"),)
_CARRIER: Final = (
    say("saw.carrier", carrier="carrier_name"),
    say("saw.no_carrier", given="no_carrier"),
    say("saw.likely_carrier", carrier="likely_carrier"),
)

NUMBER: Final = Section(
    title="What the number is",
    of_order=False,
    when=(is_.LIVE, is_.HAS_NUMBER),
    rules=(
        Rule(
            when=(is_.ORDER_NUMBER,),
            cause=Cause.ORDER_NUMBER_AS_TRACKING,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=_NUMBER,
            do=(say("do.find_real_number"), say("do.check_mailbox")),
            next=When("number_due", "when the number is due, then daily", DAY),
        ),
        Rule(
            when=(is_.SOMETHING_ELSE,),
            cause=Cause.NOT_A_TRACKING_NUMBER,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=(*_NUMBER, Told("something_else")),
            do=(say("do.find_real_number"), say("do.compare_number")),
            next=When(),
        ),
        Rule(
            when=(is_.UNSCANNED, is_.CARRIER_DENIES),
            cause=Cause.WRONG_CARRIER_SUSPECTED,
            sure=Confidence.CERTAIN,
            who=Actor.MERCHANT,
            saw=_CARRIER,
            do=(say("do.reload_carrier"),),
            next=When(),
        ),
        Rule(
            when=(is_.UNSCANNED, is_.CHECK_DIGIT_WRONG),
            cause=Cause.INVALID_NUMBER,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=(*_NUMBER, say("saw.nearest", number="nearest")),
            do=(say("do.try_nearest", number="nearest"), say("do.compare_number"), say("do.contact_seller")),
            next=When(),
        ),
        Rule(
            when=(is_.UNSCANNED, is_.LOOKS_LIKE_ANOTHERS),
            cause=Cause.WRONG_CARRIER_SUSPECTED,
            sure=Confidence.LIKELY,
            who=Actor.MERCHANT,
            saw=_CARRIER,
            do=(say("do.reload_carrier"),),
            next=When(),
        ),
        Rule(
            when=(is_.UNSCANNED, is_.REJECTED),
            cause=Cause.WRONG_CARRIER_SUSPECTED,
            sure=Confidence.POSSIBLE,
            who=Actor.MERCHANT,
            saw=_CARRIER,
            do=(say("do.reload_carrier"),),
            next=When(),
        ),
    ),
)

REPLACEMENT: Final = Section(
    title="A replaced number",
    of_order=False,
    when=(is_.LIVE, is_.UNSCANNED),
    rules=(
        Rule(
            when=(is_.REPLACED,),
            cause=Cause.NUMBER_REPLACED,
            sure=Confidence.CERTAIN,
            who=Actor.NOBODY,
            saw=(say("saw.replaced", old="replaced_number", new="number", at="number_since"),),
            do=(say("do.use_new_number"),),
            next=When("first_due", "when its first scan is due, then daily", DAY),
        ),
    ),
)

_WAITS: Final = (say("saw.waits", at="waits_since"), say("saw.label", at="label_since", given="label_only"))
FIRST_SCAN: Final = Section(
    title="Waiting for the first scan",
    of_order=False,
    when=(is_.LIVE, is_.NOT_RECEIVED, is_.UNSCANNED, is_.PLAUSIBLE),
    rules=(
        Rule(
            when=(is_.UNTRACKED,),
            cause=Cause.UNTRACKED_SERVICE,
            sure=Confidence.CERTAIN,
            who=Actor.NOBODY,
            saw=(say("saw.untracked"), say("saw.waits", at="waits_since")),
            do=(say("do.do_not_count_on_tracking"), *DISPUTE),
            next=When("untracked_until", "the promised day, else 30 days; then every 5 days", 5 * DAY),
        ),
        Rule(
            when=(is_.LABEL_ONLY, before("first_due")),
            cause=Cause.LABEL_MADE,
            sure=Confidence.LIKELY,
            who=Actor.NOBODY,
            saw=_WAITS,
            do=(say("do.wait_hand_over", at="first_due"),),
            next=When("first_due", "when the first scan is due"),
            measure="limits_measure",
        ),
        Rule(
            when=(is_.LABEL_ONLY, before("check_due")),
            cause=Cause.LABEL_NOT_HANDED_OVER,
            sure=Confidence.LIKELY,
            who=Actor.SENDER,
            saw=_WAITS,
            do=(say("do.ask_hand_over"), say("do.look_again", at="check_due")),
            next=When("check_due", "when the number must be doubted"),
            measure="limits_measure",
        ),
        Rule(
            when=(before("first_due"),),
            cause=Cause.FIRST_INFO_PENDING,
            sure=Confidence.LIKELY,
            who=Actor.NOBODY,
            saw=_WAITS,
            do=(say("do.wait_first_info", at="first_due"), say("do.carrier_site")),
            next=When("first_due", "when the first scan is due"),
            measure="limits_measure",
        ),
        Rule(
            when=(before("check_due"),),
            cause=Cause.FIRST_INFO_LATE,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=_WAITS,
            do=(say("do.carrier_site"), say("do.look_again", at="check_due")),
            next=When("check_due", "when the number must be doubted"),
            measure="limits_measure",
        ),
        Rule(
            when=(after("check_due"), is_.CONFIRMED),
            cause=Cause.CONTACT_SELLER,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=(*_WAITS, say("saw.number_confirmed")),
            do=(say("do.contact_seller_mistake"), *DISPUTE),
            next=When("check_due", "every five days", 5 * DAY),
            measure="limits_measure",
        ),
        Rule(
            when=(after("check_due"),),
            cause=Cause.NUMBER_MAY_HAVE_CHANGED,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=_WAITS,
            do=(say("do.check_number_changed"), say("do.carrier_site")),
            next=When("check_due", "daily", DAY),
            measure="limits_measure",
        ),
    ),
)

SMALL_ITEMS: Final = Section(
    title="Small items",
    of_order=False,
    when=(is_.LIVE, is_.NOT_RECEIVED, is_.UNSCANNED, is_.PLAUSIBLE, is_.MAY_BE_TRACKED),
    rules=(
        Rule(
            when=(is_.SMALL, after("first_due")),
            cause=Cause.SMALL_ITEM_NEVER_TRACKED,
            sure=Confidence.POSSIBLE,
            who=Actor.NOBODY,
            saw=(say("saw.item_classes", classes="small_classes"),),
            do=(say("do.do_not_count_on_tracking"), *DISPUTE),
            next=When("untracked_until", "the promised day, else 30 days; then every 5 days", 5 * DAY),
        ),
    ),
)
