"""Which mails of a mailbox may be about a shipping: told from sender and subject before anything else is looked at, and
told for certain once a mail was read.
"""

from typing import Final

from doorstep.connectors.mail import tokens
from doorstep.connectors.mail.senders import sender_of
from doorstep.connectors.mail.words import ORDER, PARCEL, STATUS, TRACKING
from doorstep.core.number.directory import carrier_of_host
from doorstep.core.order import Mail, MailKind

_WORDS: Final = (TRACKING, PARCEL, ORDER, *STATUS.values())


def worth_reading(domain: str, subject: str) -> bool:
    """Whether a mail may be about a shipping, by the domain of its From address and its subject as people read it."""
    if sender_of(domain).known or carrier_of_host(domain):
        return True
    words = tokens.normal(subject).lower()
    return any(one.search(words) for one in _WORDS)


def about_shipping(mail: Mail) -> bool:
    """Whether a mail says something about a parcel: it holds a tracking number, or tells that an order was sent."""
    if mail.numbers:
        return True
    return mail.kind is MailKind.SHIPPED and bool(mail.orders or mail.unsure)
