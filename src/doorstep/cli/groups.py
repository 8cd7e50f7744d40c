"""The operations of the API by the first word of their address.

Made from the API's description by `make docs`; do not edit it.
"""

from collections.abc import Mapping
from typing import Final

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "connections": (
        "list_connections",
        "get_connection",
    ),
    "findings": ("list_findings",),
    "orders": (
        "list_findings_of_order",
        "answer_finding",
        "list_orders",
        "get_order",
        "add_number_to_order",
        "remove_number_from_order",
        "push_order",
    ),
    "imports": (
        "list_imports",
        "bring_table",
        "get_import",
        "discard_import",
        "confirm_import",
        "undo_import",
    ),
    "numbers": (
        "list_numbers",
        "follow_number",
        "get_number",
        "change_carrier",
    ),
    "parcels": (
        "list_parcels",
        "get_parcel",
        "add_parcels",
        "resync_parcel",
    ),
    "events": ("list_events",),
    "purchases": (
        "list_purchases",
        "get_purchase",
        "match_purchase",
    ),
    "pushes": (
        "list_pushes",
        "get_push",
        "withdraw_push",
        "retry_push",
    ),
    "recognize": ("recognize_number",),
    "resyncs": (
        "list_resyncs",
        "resync_store_orders",
        "get_resync",
        "cancel_resync",
    ),
    "webhooks": (
        "list_webhooks",
        "make_webhook",
        "get_webhook",
        "change_webhook",
        "delete_webhook",
        "list_webhook_tries",
        "try_webhook",
        "pause_webhook",
        "resume_webhook",
        "replay_webhook",
        "rotate_webhook_secret",
        "end_webhook_overlap",
    ),
}
