"""What the API tells: instants are text (2026-03-01T09:00:00Z), ids too.

Made from the API's description by `make docs`; do not edit it.
"""

from typing import Literal, NotRequired, TypedDict

from doorstep.client.words import (
    Cause,
    FindingConfidence,
    FormatConfidence,
    OrderState,
    PurchaseState,
    Range,
    Status,
    Who,
)


class Connection(TypedDict):
    """A connected store, supplier, carrier account or payment service. `answer` is how its last answer was: ok,
    busy, denied, broken, not_found; empty = none yet. `can` is what its connector is able to do."""

    id: str
    kind: NotRequired[Literal["carrier", "payment", "store", "supplier"]]
    connector: NotRequired[str]
    label: NotRequired[str]
    base_url: NotRequired[str]
    state: NotRequired[Literal["active", "denied", "paused"]]
    reason: NotRequired["Said | None"]
    connected_at: NotRequired[str]
    asked_at: NotRequired[str | None]
    answered_at: NotRequired[str | None]
    next_at: NotRequired[str | None]
    answer: NotRequired[str]
    can: NotRequired[list[str]]


class Said(TypedDict):
    """A sentence: `code` for programs, `text` for people."""

    code: str
    text: str


class Finding(TypedDict):
    """One finding. `key` tells it from one of other evidence. `parcel_id` null = of the order itself. `next_at`
    is the date of the next step. `answer`: what somebody said to it (told, later, fine), empty = nothing
    that still holds; it comes back at `answer_until`, or with other evidence."""

    key: str
    order_id: str
    parcel_id: str | None
    cause: "Cause"
    confidence: "FindingConfidence"
    who: "Who"
    next_at: str | None
    text: str
    evidence: list[str]
    advice: list[str]
    answer: Literal["", "fine", "later", "told"]
    answer_until: str | None


class Import(TypedDict):
    """A table that was brought. `state`: open (nobody confirmed it), running, done, undone. `read` of `parts`
    are in the ledger."""

    id: str
    name: str
    brought_at: str
    state: Literal["done", "open", "running", "undone"]
    numbers: int
    parts: int
    read: int


class LookedAt(TypedDict):
    """An import with what its rows would do; they are left out once it was confirmed. `trouble`: why it cannot
    be read at all."""

    table: "Import"
    rows: list["ImportRow"]
    trouble: "Said | None"


class ImportRow(TypedDict):
    """What a row does: `new` adds a number, `known` is there already, `refused` does nothing, and `problem`
    says why. `row` counts from 1, as in the file."""

    row: int
    state: Literal["known", "new", "refused"]
    order_id: str | None
    number: str
    carrier: str
    problem: "Said | None"


class Number(TypedDict):
    """A tracking number. `normalized` is how it is compared; `carrier` our code, empty = not known, and
    `carrier_by` who says so (person, source, recognized). `generation` above 0: carriers used the number
    before. `link` leads to the carrier's own page. `parcels` are ids of those that have it now."""

    id: str
    text: NotRequired[str]
    normalized: NotRequired[str]
    carrier: NotRequired[str]
    carrier_by: NotRequired[str]
    generation: NotRequired[int]
    link: NotRequired[str]
    parcels: NotRequired[list[str]]


class Order(TypedDict):
    """What a buyer bought in a store. `external_id` is the store's id of it, `parcels` are ids."""

    id: str
    number: NotRequired[str]
    store_id: NotRequired[str]
    external_id: NotRequired[str]
    state: NotRequired["OrderState"]
    placed_at: NotRequired[str]
    paid_at: NotRequired[str | None]
    cancelled_at: NotRequired[str | None]
    ship_by: NotRequired[str | None]
    before_connection: NotRequired[bool]
    lines: NotRequired[list["Line"]]
    parcels: NotRequired[list[str]]


class Line(TypedDict):
    """What was bought. `ref` is the store's own name of the line: `contents` of a number are said by it."""

    id: str
    ref: str
    sku: str
    title: str
    quantity: int
    cancelled: int
    needs_shipping: bool


class Parcel(TypedDict):
    """A parcel as it stands. Empty text = not known. `carrier` is our code; `origin` and `destination` are
    countries (ISO 3166-1 alpha-2). `mark` is the shopper's own word."""

    id: str
    status: NotRequired["Status"]
    reason: NotRequired[str]
    responsible: NotRequired[str]
    action_by: NotRequired[str]
    status_since: NotRequired[str | None]
    first_scan_at: NotRequired[str | None]
    last_event_at: NotRequired[str | None]
    carrier: NotRequired[str]
    origin: NotRequired[str]
    destination: NotRequired[str]
    eta_from: NotRequired[str | None]
    eta_to: NotRequired[str | None]
    mark: NotRequired[str]
    closed_at: NotRequired[str | None]
    purchase_id: NotRequired[str | None]
    orders: NotRequired[list[str]]
    numbers: NotRequired[list["NumberOfParcel"]]


class NumberOfParcel(TypedDict):
    """A number that a parcel has or had; `until` null = it counts now."""

    id: str
    text: str
    carrier: str
    role: str
    since: str
    until: str | None


class ManyAnswers(TypedDict):
    """What becomes of all rows. `import_id` leads to how far they are in the ledger; null where nothing is new."""

    import_id: str | None
    new: int
    known: int
    refused: int
    rows: list["RowAnswer"]


class RowAnswer(TypedDict):
    """What becomes of a row: `new`, `known` (it is followed already) or `refused` (`problem` says why). The
    order of a new parcel of no shop is found by its `external_id` as soon as it was read."""

    index: int
    state: Literal["known", "new", "refused"]
    number: str
    order_id: str | None
    external_id: str | None
    problem: "Said | None"


class Resync(TypedDict):
    """Somebody asked for fresh data: of one parcel, or of a store's orders in a `range`. `done` of `total`
    parcels have an answer; `outcome` says what came of it, or who is left out so far."""

    id: str
    scope: NotRequired[Literal["parcel", "store"]]
    target_id: NotRequired[str]
    place: NotRequired[Literal["api", "console", "page"]]
    range: NotRequired["Range | None"]
    asked_at: NotRequired[str]
    next_allowed_at: NotRequired[str | None]
    running: NotRequired[bool]
    total: NotRequired[int]
    done: NotRequired[int]
    outcome: NotRequired[list["Said"]]


class Event(TypedDict):
    """One scan, as one source said it. `local` is the wall time there, `offset_minutes` how far east of UTC,
    where the source said so; `instant` is null where it cannot be derived. `day_only`: no time of day
    was said. `gone`: its source does not say it any more."""

    id: str
    number_id: NotRequired[str]
    source_id: NotRequired[str]
    local: NotRequired[str | None]
    offset_minutes: NotRequired[int | None]
    instant: NotRequired[str | None]
    day_only: NotRequired[bool]
    place: NotRequired[str]
    text: NotRequired[str]
    code: NotRequired[str]
    status: NotRequired["Status"]
    reason: NotRequired[str | None]
    known_at: NotRequired[str]
    gone: NotRequired[bool]


class Purchase(TypedDict):
    """The merchant's order at a supplier. `external_id` is the supplier's id of it."""

    id: str
    supplier_id: NotRequired[str]
    external_id: NotRequired[str]
    state: NotRequired["PurchaseState"]
    method: NotRequired[str]
    stock: NotRequired[str]
    ordered_at: NotRequired[str | None]
    paid_at: NotRequired[str | None]
    ships_out_by: NotRequired[str | None]
    dispatched_at: NotRequired[str | None]
    dispatch_evidence: NotRequired[str]
    protection_ends_at: NotRequired[str | None]
    lines: NotRequired[list["PurchaseLine"]]


class PurchaseLine(TypedDict):
    """What was bought. `order_id` is null while no order is known for it; `how` says how it was matched."""

    id: str
    sku: str
    title: str
    quantity: int
    order_id: str | None
    how: str


class Push(TypedDict):
    """A number on its way to a store. `reason` says why it is held, refused or superseded; `hold_until` null =
    until something happens. `remote_id` is the store's own id of the shipment."""

    id: str
    store_id: NotRequired[str]
    order_id: NotRequired[str]
    parcel_id: NotRequired[str]
    number_id: NotRequired[str]
    number: NotRequired[str]
    version: NotRequired[int]
    state: NotRequired[Literal["accepted", "due", "held", "refused", "sending", "superseded", "unsure", "withdrawn"]]
    reason: NotRequired["Said | None"]
    hold_until: NotRequired[str | None]
    remote_id: NotRequired[str]
    changed_at: NotRequired[str]


class Recognized(TypedDict):
    """What a text may be, the likeliest first. `not_a`: what else it may be, where that is as likely; null =
    nothing speaks for it."""

    text: str
    number: str
    readings: list["Reading"]
    not_a: str | None


class Reading(TypedDict):
    """One reading of a text. `number` is what to ask that carrier about; `format` is empty where only the words
    around it say so."""

    carrier: str
    carrier_name: str
    number: str
    confidence: "FormatConfidence"
    format: str
    link: str


class Webhook(TypedDict):
    """An address that is told what changes. Empty `types`, `store_ids` and `statuses` = everything. `state` off
    = it failed for too long (`reason`). `failing_since` null = it took what was sent last. Until
    `former_secret_until` the secret before the newest one signs too. `waiting`: what it is still to be
    told."""

    id: str
    url: NotRequired[str]
    label: NotRequired[str]
    shape: NotRequired[str]
    types: NotRequired[list[str]]
    store_ids: NotRequired[list[str]]
    statuses: NotRequired[list["Status"]]
    state: NotRequired[Literal["active", "off", "paused"]]
    reason: NotRequired["Said | None"]
    state_since: NotRequired[str]
    made_at: NotRequired[str]
    failing_since: NotRequired[str | None]
    former_secret_until: NotRequired[str | None]
    waiting: NotRequired[int]


class WebhookSecret(TypedDict):
    """A webhook with its newest secret, which is told this once."""

    webhook: "Webhook"
    secret: str


class WebhookTry(TypedDict):
    """One request to a webhook. `message_id` is its webhook-id, `number` counts the tries of it. `status` 0 =
    no answer; `trouble` says why. `answer`: how the answer began, without what looks like a secret."""

    id: str
    message_id: NotRequired[str]
    type: NotRequired[str]
    about: NotRequired[str]
    number: NotRequired[int]
    at: NotRequired[str]
    status: NotRequired[int]
    ms: NotRequired[int]
    answer: NotRequired[str]
    trouble: NotRequired["Said | None"]
