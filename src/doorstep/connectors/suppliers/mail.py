"""A workspace's own mailbox: forwarded and supplier-written mails as a source of tracking numbers.

There is no vendor and no account: mails arrive by SMTP (``app.receive.smtp``) or are uploaded, and are read
generically. Who sent a mail is proven where it arrives and kept beside the bytes; ``read`` only says what the mail
claims.
"""

from collections.abc import Mapping
from types import MappingProxyType

from doorstep.connectors.contract import Account, Answer, Can, Checked, Connectable, Facts, Flow, Meta
from doorstep.connectors.mail.read import read
from doorstep.core.status import Status


class MailBox:
    meta = Meta(
        name="mail",
        label="E-mail",
        hosts=frozenset(),
        can=frozenset({Can.MAIL}),
        basis="RFC 5322, RFC 2045 to 2049, RFC 6376",
        docs="https://www.rfc-editor.org/rfc/rfc5322",
    )
    status: Mapping[str, Status] = MappingProxyType({})
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """Nothing to ask: the mailbox is ours."""
        yield from ()
        return Checked(external_id="mail", label=self.meta.label)

    def read(self, answer: Answer) -> Facts:
        """A raw mail, or nothing for what is not one."""
        return Facts(mails=(read(answer.body),)) if answer.what == "mail" else Facts()


CONNECTOR: Connectable = MailBox()
