"""A supplier without software of its own: it types or uploads its numbers behind a private link. No network."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from doorstep.connectors.contract import Account, Answer, Can, Checked, Connectable, Facts, Field, Flow, Meta, Refused
from doorstep.connectors.suppliers.sheets import said
from doorstep.core.message import Message
from doorstep.core.status import Status


class Agent:
    """The supplier that is somebody with a link."""

    meta = Meta(
        name="agent",
        label="Supplier with a private link",
        hosts=frozenset(),
        can=frozenset({Can.MANUAL}),
        fields=(
            Field(name="supplier", label="Supplier's name", placeholder="Lamps of Porto"),
            Field(
                name="skus",
                label="SKUs that it ships",
                required=False,
                placeholder="LAMP-*, BULB",
                help="Separated by commas; * stands for anything. It sees what waits for a number of these only. "
                "Leave it empty if it ships everything.",
            ),
        ),
        basis="our own shape; RFC 4180 for CSV, ECMA-376 (Office Open XML) for XLSX",
        proven="documented only",
        steps=("Connect the supplier, then make a link for each person there on the connection's page.",),
        limits=("A link can be used 300 times in ten minutes.",),
    )
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Nothing to ask. Raises Refused without a name."""
        yield from ()
        name = account.settings.get("supplier", "").strip()
        if not name:
            raise Refused("no name", message=Message(id="agent.no_name"))
        return Checked(external_id=name.casefold(), label=name)

    def read(self, answer: Answer) -> Facts:
        """What a file says, or what somebody confirmed of it. Raises Broken and Refused."""
        return said.read(answer)


def ships(skus: str, sku: str) -> bool:
    """Whether a supplier with these SKUs ships this one."""
    patterns = [one.strip().casefold() for one in skus.split(",") if one.strip()]
    return not patterns or any(fnmatchcase(sku.casefold(), one) for one in patterns)


CONNECTOR: Connectable = Agent()
