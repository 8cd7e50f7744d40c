"""The rules about a parcel on the road, about its delivery, and about asking for news of it."""

from typing import Final

from doorstep.core.diagnosis import condition as is_
from doorstep.core.diagnosis.condition import after, before, status
from doorstep.core.diagnosis.finding import Cause, Confidence
from doorstep.core.diagnosis.orders import CLAIM, DISPUTE
from doorstep.core.diagnosis.rule import DAY, Actor, Rule, Section, When, say
from doorstep.core.status import Status

_NUMBER: Final = (say("saw.number", number="number"),)
_REASON: Final = say("do.reason", ends="reason")

STOPPED_ORDER: Final = Section(
    title="On its way although cancelled",
    of_order=False,
    when=(is_.CANCELLED,),
    rules=(
        Rule(
            when=(is_.CLOSE_BY,),
            cause=Cause.CANCELLED_BUT_SENT,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=(say("saw.cancelled", at="cancelled_at"), say("saw.last_event", at="last_scan"), *_NUMBER),
            do=(say("do.refuse_or_return"), say("do.check_refund", at="refund_checked")),
            next=When("last_scan", "a week after the last scan, then weekly", 7 * DAY, 7 * DAY),
        ),
    ),
)

_SINCE: Final = (say("saw.since", at="since"), say("saw.attempts", count="attempts"))
ROAD: Final = Section(
    title="On the road",
    of_order=False,
    when=(is_.LIVE, is_.NOT_RECEIVED),
    rules=(
        Rule(
            when=(status(Status.EXCEPTION), is_.GONE_FOR_GOOD),
            cause=Cause.LOST,
            sure=Confidence.CERTAIN,
            who=Actor.BY_REASON,
            saw=_SINCE,
            do=(_REASON, *CLAIM),
            next=When("since", "two days after it, then daily", DAY, 2 * DAY),
        ),
        Rule(
            when=(status(Status.EXCEPTION),),
            cause=Cause.EXCEPTION,
            sure=Confidence.CERTAIN,
            who=Actor.BY_REASON,
            saw=_SINCE,
            do=(_REASON, say("do.ask_carrier_if")),
            next=When("since", "two days after it, then daily", DAY, 2 * DAY),
        ),
        Rule(
            when=(status(Status.AVAILABLE_FOR_PICKUP), before("kept_until")),
            cause=Cause.PICKUP_WAITING,
            sure=Confidence.CERTAIN,
            who=Actor.SHOPPER,
            saw=(*_SINCE, say("saw.kept_until", at="kept_said")),
            do=(_REASON, say("do.pick_up", at="kept_said"), say("do.pick_up_usual", at="kept_usual")),
            next=When("kept_until", "the last day it is kept"),
            measure="kept_measure",
        ),
        Rule(
            when=(status(Status.ATTEMPT_FAILED), before("kept_until")),
            cause=Cause.ATTEMPT_FAILED,
            sure=Confidence.CERTAIN,
            who=Actor.BY_REASON,
            saw=(*_SINCE, say("saw.kept_until", at="kept_said")),
            do=(
                _REASON,
                say("do.arrange_delivery", at="kept_said"),
                say("do.arrange_delivery_usual", at="kept_usual"),
            ),
            next=When("since", "a day after it, then daily", DAY, DAY),
            measure="kept_measure",
        ),
        Rule(
            when=(status(Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED),),
            cause=Cause.RETURN_LIKELY,
            sure=Confidence.LIKELY,
            who=Actor.SHOPPER,
            saw=(*_SINCE, say("saw.kept_until", at="kept_said")),
            do=(say("do.ask_still_there"), say("do.expect_return")),
            next=When(),
            measure="kept_measure",
        ),
        Rule(
            when=(status(Status.RETURNING),),
            cause=Cause.RETURNING,
            sure=Confidence.CERTAIN,
            who=Actor.SENDER,
            saw=_SINCE,
            do=(_REASON, say("do.wait_return")),
            next=When("since", "14 days after it, then daily", DAY, 14 * DAY),
        ),
        Rule(
            when=(status(Status.RETURNED),),
            cause=Cause.RETURNED,
            sure=Confidence.CERTAIN,
            who=Actor.MERCHANT,
            saw=_SINCE,
            do=(_REASON, say("do.send_again")),
            next=When("since", "a day after it, then daily", DAY, DAY),
        ),
        Rule(
            when=(status(Status.CANCELLED),),
            cause=Cause.LABEL_CANCELLED,
            sure=Confidence.CERTAIN,
            who=Actor.SENDER,
            saw=(*_SINCE, *_NUMBER),
            do=(say("do.ask_new_number"),),
            next=When("since", "a day after it, then daily", DAY, DAY),
        ),
        Rule(
            when=(is_.ON_THE_ROAD, is_.UNDATED),
            cause=Cause.NO_DATES,
            sure=Confidence.POSSIBLE,
            who=Actor.BUYER,
            saw=(say("saw.no_dates"), *_NUMBER),
            do=(say("do.carrier_site"),),
            next=When(),
        ),
        Rule(
            when=(is_.ON_THE_ROAD, after("lost_at")),
            cause=Cause.LOST,
            sure=Confidence.LIKELY,
            who=Actor.SENDER,
            saw=(say("saw.last_event", at="last_scan"),),
            do=(say("do.claim"), say("do.contact_seller"), *CLAIM),
            next=When("lost_at", "every five days", 5 * DAY),
            measure="limits_measure",
        ),
        Rule(
            when=(status(Status.CUSTOMS), is_.REASONED),
            cause=Cause.CUSTOMS,
            sure=Confidence.CERTAIN,
            who=Actor.BY_REASON,
            saw=_SINCE,
            do=(_REASON, say("do.wait_customs", at="customs_due", given="customs_open")),
            next=When("customs_due", "a week after it, then daily", DAY),
        ),
        Rule(
            when=(status(Status.CUSTOMS), after("customs_due")),
            cause=Cause.CUSTOMS,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=_SINCE,
            do=(say("do.ask_customs"),),
            next=When("customs_due", "every two days", 2 * DAY),
        ),
        Rule(
            when=(is_.ON_THE_ROAD, after("stalled_at")),
            cause=Cause.STALLED,
            sure=Confidence.LIKELY,
            who=Actor.BUYER,
            saw=(say("saw.last_event", at="last_scan"),),
            do=(say("do.ask_carrier"), say("do.look_again", at="lost_at")),
            next=When("lost_at", "when it counts as lost"),
            measure="limits_measure",
        ),
        Rule(
            when=(is_.ON_THE_ROAD, is_.STOPPED_WATCHING),
            cause=Cause.WATCH_ENDED,
            sure=Confidence.CERTAIN,
            who=Actor.MERCHANT,
            saw=(say("saw.last_event", at="last_scan"), say("saw.watch_ended")),
            do=(say("do.reload_carrier"), say("do.carrier_site")),
            next=When(),
        ),
        Rule(
            when=(is_.ON_THE_ROAD, after("due")),
            cause=Cause.OVERDUE,
            sure=Confidence.CERTAIN,
            who=Actor.BUYER,
            saw=(say("saw.due", at="due"), say("saw.last_event", at="last_scan")),
            do=(say("do.contact_seller_late"), say("do.ask_carrier"), *DISPUTE),
            next=When("due", "every two days after it", 2 * DAY, 2 * DAY),
        ),
        Rule(
            when=(is_.ON_THE_ROAD, after("usual_end")),
            cause=Cause.SLOWER_THAN_USUAL,
            sure=Confidence.LIKELY,
            who=Actor.NOBODY,
            saw=(say("saw.first_scan", at="first_scan"), say("saw.last_event", at="last_scan")),
            do=(say("do.wait_longer", at="stalled_at"),),
            next=When("stalled_at", "when the next scan is due"),
            measure="limits_measure",
        ),
    ),
)

DELIVERY: Final = Section(
    title="The delivery",
    of_order=False,
    when=(is_.LIVE,),
    rules=(
        Rule(
            when=(status(Status.DELIVERED), is_.SAID_MISSING),
            cause=Cause.DELIVERED_NOT_RECEIVED,
            sure=Confidence.CERTAIN,
            who=Actor.SHOPPER,
            saw=(say("saw.delivered", at="since"), say("saw.said_missing"), *_NUMBER),
            do=(say("do.look_around"), say("do.contact_both"), say("do.compare_number"), *CLAIM),
            next=When("since", "two days after it, then daily", DAY, 2 * DAY),
        ),
        Rule(
            when=(is_.SAID_DAMAGED,),
            cause=Cause.RECEIVED_DAMAGED,
            sure=Confidence.CERTAIN,
            who=Actor.SHOPPER,
            saw=(say("saw.delivered", at="arrived_at"), say("saw.said_damaged"), *_NUMBER),
            do=(say("do.take_photos"), say("do.contact_both"), *CLAIM),
            next=When("since", "two days after it, then daily", DAY, 2 * DAY),
        ),
    ),
)

ASKING: Final = Section(
    title="Asking about it",
    of_order=False,
    when=(is_.OPEN, is_.NOT_RECEIVED),
    rules=(
        Rule(
            when=(is_.DENIED,),
            cause=Cause.ACCESS_DENIED,
            sure=Confidence.CERTAIN,
            who=Actor.MERCHANT,
            saw=(say("saw.failing", at="failing"), say("saw.denied"), say("saw.said", said="said")),
            do=(say("do.renew_access"), say("do.nothing_about_parcel")),
            next=When(),
        ),
        Rule(
            when=(is_.DOWN,),
            cause=Cause.CARRIER_DOWN,
            sure=Confidence.CERTAIN,
            who=Actor.NOBODY,
            saw=(say("saw.down", at="down"), say("saw.said", said="said")),
            do=(say("do.nothing_about_parcel"), say("do.asks_again", at="asks_next"), say("do.carrier_site")),
            next=When("asks_next", "when it is asked again"),
        ),
        Rule(
            when=(is_.FAILING,),
            cause=Cause.SOURCE_TROUBLE,
            sure=Confidence.CERTAIN,
            who=Actor.NOBODY,
            saw=(say("saw.failing", at="failing"), say("saw.said", said="said")),
            do=(say("do.nothing_about_parcel"), say("do.asks_again", at="asks_next"), say("do.carrier_site")),
            next=When("asks_next", "when it is asked again"),
        ),
    ),
)
