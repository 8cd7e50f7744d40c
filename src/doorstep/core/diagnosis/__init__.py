"""Why is there no news, and what to do: cause, confidence, evidence, advice, who acts, and the DATE of the next step.

The rules are a table (``orders``, ``numbers``, ``road``), printed in docs/reference/diagnosis-table.md. Findings are
computed whenever somebody looks. They follow a reseller's FAQ on numbers that show nothing (S62 to S75), a
tracking app's help pages (S4 to S24) and the marketplaces' own terms (``marketplaces.toml``).
"""

from doorstep.core.diagnosis.facts import Canceller, Mark, OrderFacts, ParcelFacts, Trouble
from doorstep.core.diagnosis.finding import Cause, Confidence, Finding, Who
from doorstep.core.diagnosis.marketplace import NOWHERE, Marketplace, marketplace, marketplaces
from doorstep.core.diagnosis.table import TABLE, diagnose

__all__ = [
    "NOWHERE",
    "TABLE",
    "Canceller",
    "Cause",
    "Confidence",
    "Finding",
    "Mark",
    "Marketplace",
    "OrderFacts",
    "ParcelFacts",
    "Trouble",
    "Who",
    "diagnose",
    "marketplace",
    "marketplaces",
]
