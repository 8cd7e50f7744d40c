"""The tables, split by subject. ``ws`` is the workspace: every row of tenant data carries it and every natural key
begins with it. References are plain ids without database foreign keys: the tables are made to be partitioned by
workspace, where a foreign key into a partitioned table would have to carry it too; ``app`` writes them together in one
transaction.
"""

from doorstep.db.models.api import ApiAnswer, ApiUse, Aside
from doorstep.db.models.bought import Line, Order, Person, Purchase, PurchaseLine
from doorstep.db.models.connections import Attempt, Budget, Calls, Connection, Feed, Health, Pool, StorePolicy
from doorstep.db.models.desk import Bulk, Note, SavedView
from doorstep.db.models.done import Change, ChannelState, Outbox, Push, Sync
from doorstep.db.models.household import Feedback, Grant, GrantRead, HouseholdInvitation, Kept, News, Postbox
from doorstep.db.models.letters import Alerts, Follower, LetterRules, LetterText, Mailed, OptOut
from doorstep.db.models.moves import Claim, Number, NumberLink, Parcel, ParcelLine, ParcelNumber, Schedule, Watch
from doorstep.db.models.people import Ack, Audit, Cooldown, Resync, ResyncParcel
from doorstep.db.models.said import Archived, Inbox, Scans, Waiting, Word
from doorstep.db.models.shopper import Brand, Photo, ThreadMessage, View
from doorstep.db.models.talk import Coupon, Offer, SavedReply, Talk
from doorstep.db.models.taught import Meaning, TaughtRule
from doorstep.db.models.tenant import (
    Cached,
    Door,
    Export,
    ExportPiece,
    Membership,
    Tries,
    User,
    Workspace,
)
from doorstep.db.models.webhooks import Endpoint, Sending, SendingTry

__all__ = [
    "Ack", "Alerts", "ApiAnswer", "ApiUse", "Archived", "Aside", "Attempt", "Audit", "Brand", "Budget", "Bulk",
    "Cached", "Calls", "Change", "ChannelState", "Claim", "Connection", "Cooldown", "Coupon", "Door", "Endpoint",
    "Export", "ExportPiece", "Feed", "Feedback", "Follower", "Grant", "GrantRead", "Health", "HouseholdInvitation",
    "Inbox", "Kept", "LetterRules", "LetterText", "Line", "Mailed", "Meaning", "Membership", "News", "Note",
    "Number", "NumberLink", "Offer", "OptOut", "Order", "Outbox", "Parcel", "ParcelLine", "ParcelNumber", "Person",
    "Photo", "Pool", "Postbox", "Purchase", "PurchaseLine", "Push", "Resync", "ResyncParcel", "SavedReply", "SavedView",
    "Scans", "Schedule", "Sending", "SendingTry", "StorePolicy", "Sync", "Talk", "TaughtRule", "ThreadMessage",
    "Tries", "User", "View", "Waiting", "Watch", "Word", "Workspace",
]  # fmt: skip
