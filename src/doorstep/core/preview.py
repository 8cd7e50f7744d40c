"""What giving a number would mean, told before it is done: what goes out, and what the buyer will see."""

from dataclasses import dataclass
from typing import Final, Literal

from doorstep.core.channel import Channel, Mails
from doorstep.core.convert import Given
from doorstep.core.message import Message
from doorstep.core.order import OrderState
from doorstep.core.policy import Decision, Hold, Keep, MailBy, Policy, Push, Refuse, Withdraw

Kind = Literal["push", "hold", "refuse", "keep", "withdraw"]
_KINDS: Final[dict[type, Kind]] = {
    Push: "push",
    Hold: "hold",
    Refuse: "refuse",
    Keep: "keep",
    Withdraw: "withdraw",
}

_SHOWN: Final = {  # (with a carrier's name, with a link)
    (True, True): "preview.shows.with_carrier_and_link",
    (True, False): "preview.shows.with_carrier",
    (False, True): "preview.shows.alone_and_link",
    (False, False): "preview.shows.alone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``kind`` and ``reason`` are the decision's. ``fields``: what the store would be told, in the order of reading,
    by name (number, carrier, carrier_beside, link); without those that stay empty. ``buyer``: what the buyer will see
    and which mail comes; empty where nothing goes out. ``notes``: what was converted and why.
    """

    kind: Kind
    reason: Message
    fields: tuple[tuple[str, str], ...] = ()
    buyer: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()


def kind_of(decision: Decision) -> Kind:
    """The decision in one word."""
    return _KINDS[type(decision)]


def preview(there: Channel, policy: Policy, decision: Decision, given: Given | None, *, whole: bool) -> Preview:
    """``given``: how the decision's number is told there, None = it has none. ``whole``: nothing of the order is left
    to ship afterwards.
    """
    if given is None:
        return Preview(kind=kind_of(decision), reason=decision.reason)
    told = {
        "number": given.number,
        "carrier": given.named.field,
        "carrier_beside": given.named.beside,
        "link": given.url,
    }
    return Preview(
        kind=kind_of(decision),
        reason=decision.reason,
        fields=tuple((name, text) for name, text in told.items() if text),
        buyer=(_shown(there, given), *_stage(there, whole=whole), _mail(there, policy)),
        notes=given.notes,
    )


def _shown(there: Channel, given: Given) -> Message:
    name = given.named.beside or (given.named.field if given.named.field != there.other else "")
    linked = bool(given.url or (given.named.listed and there.names_from))
    return Message(id=_SHOWN[bool(name), linked], values={"number": given.number, "carrier": name})


def _stage(there: Channel, *, whole: bool) -> tuple[Message, ...]:
    """The channel's own word for the order afterwards, where it has one."""
    word = there.shows.get(OrderState.SHIPPED if whole else OrderState.PARTLY_SHIPPED, "")
    return (Message(id="preview.stage", values={"channel": there.label, "word": word}),) if word else ()


def _mail(there: Channel, policy: Policy) -> Message:
    values = {"channel": there.label}
    if there.mails is Mails.ALWAYS:
        return Message(id="preview.mail.always", values=values)
    if policy.mail_by is MailBy.STORE:
        return Message(id="preview.mail.store" if there.mails is Mails.ASKED else "preview.mail.shop", values=values)
    if policy.mail_by is MailBy.NONE:
        return Message(id="preview.mail.none", values=values)
    return Message(id="preview.mail.doorstep_later" if policy.first_scan_hold else "preview.mail.doorstep")
