"""What was taught about the senders of mails, where a mail is read: only for a sender that is proven."""

from doorstep.app import inbox
from doorstep.connectors.mail import taught
from doorstep.connectors.mail.read import read
from doorstep.connectors.mail.taught import Rule
from doorstep.core.mailmatch import MEMBER, Proof, aligned, proof_of
from doorstep.core.order import Mail
from doorstep.db.models import Inbox, TaughtRule


def mail_of(row: Inbox) -> Mail:
    """The mail of an inbox row, as it counts."""
    answer = inbox.answer_of(row)
    return as_taught(row, read(answer.body), proof_of(answer.context))


def as_taught(row: Inbox, said: Mail, proof: Proof) -> Mail:
    """A mail read again with what was taught about its sender, if that sender is proven (or a member brought it); else
    as it was: a forger must not profit from what the true sender taught.
    """
    if not said.sender or not (proof.how == MEMBER or aligned(said.sender, proof.domain)):
        return said
    rules = rules_of(row.ws, said.sender)
    return read(inbox.answer_of(row).body, {said.sender: rules}) if rules else said


def rules_of(ws: int, domain: str) -> list[Rule]:
    """The rules that count for a sender's domain, the oldest first."""
    rows = TaughtRule.objects.filter(ws=ws, domain=domain, revoked_at=None).order_by("id")
    return [taught.from_data(data) for data in rows.values_list("rule", flat=True)]
