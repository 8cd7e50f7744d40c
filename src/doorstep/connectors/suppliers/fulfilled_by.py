"""A service that ships all orders of a shop (S82): it gets them from the shop itself and uses the shop's order numbers,
so its mails and tables match without anybody entering anything. No network.
"""

import re
from collections.abc import Mapping
from typing import Final

from doorstep.connectors.contract import Account, Answer, Can, Checked, Connectable, Facts, Field, Flow, Meta, Refused
from doorstep.connectors.suppliers.sheets import said
from doorstep.core.message import Message
from doorstep.core.status import Status

_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class FulfilledBy:
    """The supplier that is a service under the shop's own order numbers."""

    meta = Meta(
        name="fulfilled_by",
        label="Fulfilled by a service",
        hosts=frozenset(),
        can=frozenset({Can.MAIL, Can.MANUAL}),
        fields=(
            Field(name="service", label="Service", placeholder="Porto Fulfilment"),
            Field(
                name="domain",
                label="Its mails come from",
                placeholder="portofulfilment.example",
                help="What stands behind the @ in its shipping mails.",
            ),
        ),
        basis="our own shape; RFC 4180 for CSV, ECMA-376 (Office Open XML) for XLSX; RFC 5321 for the name of a domain",
        proven="documented only",
        steps=(
            "Connect the service, then have its shipping mails sent or forwarded to the address that Doorstep shows.",
            "Its mails and tables have to name the shop's own order number.",
        ),
        gaps=(
            "Orders are not handed to the service: it takes them from the shop.",
            "Cancellations and returns are the service's; Doorstep sees them in the shop.",
        ),
    )
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Nothing to ask. Raises Refused for what is no domain."""
        yield from ()
        service, typed = (account.settings.get(name, "").strip() for name in ("service", "domain"))
        domain = typed.casefold().rpartition("@")[2]
        if not _DOMAIN.fullmatch(domain):
            raise Refused(typed, message=Message(id="fulfilled_by.domain", values={"domain": typed[:60]}))
        return Checked(external_id=service.casefold(), label=service, settings={"domain": domain})

    def read(self, answer: Answer) -> Facts:
        """What a table of its says, or what a person confirmed of it; its mails come to the mailbox. Raises Broken and
        Refused.
        """
        return said.read(answer)


CONNECTOR: Connectable = FulfilledBy()
