"""What a mail may change by itself: a number goes on only if its order is known and its sender is proven."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from doorstep.core.message import Message
from doorstep.core.order import Mail, MailKind, SaidNumber

MEMBER: Final = "member"  # a member of the workspace sent, forwarded or uploaded it


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Who was proven to have sent a mail, found when it arrived. ``how``: dkim | authserv | member; '' = nobody was
    proven, and ``why_not`` is the id of the message that says why. ``domain`` is the proven one ('' for an upload).
    """

    domain: str = ""
    how: str = ""
    why_not: str = "mail.unsigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOn:
    """Put ``numbers`` on ``order`` (one of the keys given as known)."""

    order: str
    numbers: tuple[SaidNumber, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsLook:
    """A person has to decide. ``refs``: order refs that would settle it once they become known. ``dispatched``: the
    order that the mail says was sent, '' if it is not clear which or not proven.
    """

    reason: Message
    refs: tuple[str, ...] = ()
    dispatched: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """The mail says that ``order`` was sent, and gives no number: evidence of the dispatch only."""

    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Nothing to take from it, and nothing to decide. ``refs``: order refs whose arrival would change that."""

    reason: Message
    refs: tuple[str, ...] = ()


Verdict = TakeOn | NeedsLook | Dispatched | Nothing


def proof_of(context: Mapping[str, str]) -> Proof:
    """The proof kept beside the raw bytes. Bytes that came without one are proven by nobody."""
    how = context.get("how", "")
    why_not = "" if how else context.get("why_not", "mail.unsigned")
    return Proof(domain=context.get("proven", ""), how=how, why_not=why_not)


def context_of(proof: Proof) -> dict[str, str]:
    """How a proof is kept beside the raw bytes."""
    kept = {"proven": proof.domain, "how": proof.how, "why_not": proof.why_not}
    return {name: value for name, value in kept.items() if value}


def aligned(sender: str, signer: str) -> bool:
    """Whether a proven domain speaks for a sender's domain: the same one, or one above or below it.

    DMARC's relaxed alignment without a list of public suffixes: ``signer`` needs two labels, and siblings do not count.
    """
    if not sender or "." not in signer:
        return False
    return sender == signer or sender.endswith("." + signer) or (signer.endswith("." + sender) and "." in sender)


def judge(
    mail: Mail,
    proof: Proof,
    known: Mapping[str, Collection[str]],
    *,
    held: Collection[str] = (),
    chosen: str = "",
    dismissed: bool = False,
) -> Verdict:
    """What to do with a mail.

    ``known``: for each order ref as written in the mail, the keys of the open orders it names, directly or through a
    purchase. ``held``: those of its numbers that are on a parcel already: a later notice about them asks nobody.
    ``chosen``: the key a person named for this mail; their word needs no proof. ``dismissed``: a person wants nothing
    of it.
    """
    if dismissed:
        return Nothing(reason=Message(id="mail.dismissed"))
    if mail.kind is MailKind.FORWARD_CONFIRMATION:
        return _confirmation(mail, proof)
    if chosen and (mail.numbers or mail.unsure):
        return TakeOn(order=chosen, numbers=mail.numbers or mail.unsure)
    keys = {key for ref in mail.orders for key in known.get(ref, ())}
    doubt = _unclear(mail, keys) or doubt_of(mail, proof)
    return _with_numbers(mail, keys, doubt, held) if mail.numbers else _without_number(mail, keys, doubt)


def _with_numbers(mail: Mail, keys: set[str], doubt: Message | None, held: Collection[str]) -> Verdict:
    if doubt is None:
        return TakeOn(order=keys.pop(), numbers=mail.numbers)
    if all(one.text in held for one in mail.numbers):
        return Nothing(reason=Message(id="mail.known_numbers"))
    return NeedsLook(reason=doubt, refs=() if keys else mail.orders)


def _unclear(mail: Mail, keys: Collection[str]) -> Message | None:
    """Why it is not clear whose parcel it is."""
    orders = ", ".join(mail.orders)
    if len(keys) == 1:
        return None
    if keys:
        return Message(id="mail.several_orders", values={"orders": orders})
    return Message(id="mail.order_unknown", values={"orders": orders}) if orders else Message(id="mail.no_order")


def doubt_of(mail: Mail, proof: Proof) -> Message | None:
    """Why the sender is not believed. A member's own forward stands for what it holds."""
    if not proof.how:
        return Message(id=proof.why_not, values={"sender": mail.sender})
    if proof.how == MEMBER or aligned(mail.sender, proof.domain):
        return None
    return Message(id="mail.forwarded_by_stranger", values={"sender": mail.sender, "proven": proof.domain})


def _confirmation(mail: Mail, proof: Proof) -> Verdict:
    if not mail.link or doubt_of(mail, proof):
        return NeedsLook(reason=Message(id="mail.confirmation_unproven", values={"sender": mail.sender}))
    return NeedsLook(reason=Message(id="mail.confirm_forwarding", values={"sender": mail.sender, "link": mail.link}))


def _without_number(mail: Mail, keys: set[str], doubt: Message | None) -> Verdict:
    """A shipped mail may hold a number that nobody could read, or say no more than that the goods have left."""
    orders = {"orders": ", ".join(mail.orders)}
    if mail.kind is not MailKind.SHIPPED or not (mail.orders or mail.unsure):
        return Nothing(reason=Message(id="mail.no_number"))
    if mail.unsure:
        unsure = Message(id="mail.unsure_number", values={"number": mail.unsure[0].text})
        sent = "" if doubt else next(iter(keys))
        return NeedsLook(reason=unsure, refs=() if keys else mail.orders, dispatched=sent)
    if doubt is None:
        return Dispatched(order=keys.pop())
    return Nothing(reason=Message(id="mail.shipped_without_number", values=orders), refs=() if keys else mail.orders)
