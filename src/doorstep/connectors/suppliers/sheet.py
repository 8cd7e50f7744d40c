"""Numbers that come as a table: a file of a spreadsheet, or many lines pasted at once. No network: a person brings it,
looks at what it would do, and confirms.
"""

from collections.abc import Mapping
from typing import Final

from doorstep.connectors.contract import Account, Answer, Can, Checked, Connectable, Facts, Flow, Meta
from doorstep.connectors.suppliers.sheets import said
from doorstep.connectors.suppliers.sheets.table import MOST_BYTES, MOST_ROWS
from doorstep.core.status import Status


class Sheet:
    """The supplier that is a spreadsheet."""

    meta = Meta(
        name="sheet",
        label="Spreadsheet",
        hosts=frozenset(),
        can=frozenset({Can.MANUAL}),
        basis="RFC 4180 for CSV, ECMA-376 (Office Open XML) for XLSX; the columns are our own",
        docs="https://www.rfc-editor.org/rfc/rfc4180",
        proven="documented only",
        limits=(
            f"A file has at most {MOST_ROWS:,} rows and {MOST_BYTES >> 20} MB.",
            "The first sheet of an XLSX file is read. CSV may be UTF-8, UTF-16 or Windows-1252.",
            "Formulas are taken as text and never run.",
        ),
        gaps=(
            "The shipping date is shown and not used: a number counts from when it was brought.",
            "Files are uploaded or pasted; a table at an address is a connection of its own.",
        ),
    )
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Nothing to test: there is one such supplier in a workspace."""
        yield from ()
        return Checked(external_id=self.meta.name, label=self.meta.label)

    def read(self, answer: Answer) -> Facts:
        """What a file says, or what a person confirmed of it. Raises Broken and Refused."""
        return said.read(answer)


CONNECTOR: Connectable = Sheet()
