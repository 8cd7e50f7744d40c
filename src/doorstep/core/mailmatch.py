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
    """A person has to decide. ``refs``: order refs that would settle it once they become known."""

    reason: Message
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Nothing to take from it, and nothing to decide."""

    reason: Message


Verdict = TakeOn | NeedsLook | Nothing


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
    confirms = mail.kind is MailKind.FORWARD_CONFIRMATION
    if dismissed or not (mail.numbers or confirms):
        return Nothing(reason=Message(id="mail.dismissed") if dismissed else _no_number(mail))
    if confirms:
        return _confirmation(mail, proof)
    if chosen:
        return TakeOn(order=chosen, numbers=mail.numbers)
    keys = {key for ref in mail.orders for key in known.get(ref, ())}
    doubt = _unclear(mail, keys) or _doubt(mail, proof)
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


def _doubt(mail: Mail, proof: Proof) -> Message | None:
    """Why the sender is not believed. A member's own forward stands for what it holds."""
    if not proof.how:
        return Message(id=proof.why_not, values={"sender": mail.sender})
    if proof.how == MEMBER or aligned(mail.sender, proof.domain):
        return None
    return Message(id="mail.forwarded_by_stranger", values={"sender": mail.sender, "proven": proof.domain})


def _confirmation(mail: Mail, proof: Proof) -> Verdict:
    if not mail.link or _doubt(mail, proof):
        return NeedsLook(reason=Message(id="mail.confirmation_unproven", values={"sender": mail.sender}))
    return NeedsLook(reason=Message(id="mail.confirm_forwarding", values={"sender": mail.sender, "link": mail.link}))


def _no_number(mail: Mail) -> Message:
    if mail.kind is MailKind.SHIPPED and mail.orders:
        return Message(id="mail.shipped_without_number", values={"orders": ", ".join(mail.orders)})
    return Message(id="mail.no_number")
