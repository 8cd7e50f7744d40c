"""Every operation of the API. Made from the API's description by `make docs`; do not edit it."""

from collections.abc import Iterator, Sequence
from typing import Literal, cast

from doorstep.client import bodies, shapes, words
from doorstep.client.send import Sender, segment


class Client(Sender):
    """One Doorstep, seen with one key: ``Client("https://track.shop.example", "dsk_...")``. A list is
    walked to its end, page by page (``limit`` rows each). Every method raises Problem and Unreachable.
    """

    def list_connections(
        self,
        *,
        fields: Sequence[str] | None = None,
        kind: Literal["carrier", "payment", "store", "supplier"] | None = None,
    ) -> Iterator[shapes.Connection]:
        """All connections, on one page. What is secret of them never leaves. Needs the scope connections:read."""
        return cast("Iterator[shapes.Connection]", self._each("/connections", {"fields": fields, "kind": kind}))

    def get_connection(self, connection_id: str, *, fields: Sequence[str] | None = None) -> shapes.Connection:
        """One connection. Needs the scope connections:read."""
        return cast(
            "shapes.Connection", self._call("GET", f"/connections/{segment(connection_id)}", {"fields": fields})
        )

    def list_findings(self, *, limit: int | None = None) -> Iterator[shapes.Finding]:
        """Findings about orders that are not done, the newest order first. A page holds those of `limit` orders.
        Needs the scope findings:read."""
        return cast("Iterator[shapes.Finding]", self._each("/findings", {"limit": limit}))

    def list_findings_of_order(self, order_id: str) -> Iterator[shapes.Finding]:
        """All findings about one order, the surest first. Needs the scope findings:read."""
        return cast("Iterator[shapes.Finding]", self._each(f"/orders/{segment(order_id)}/findings", {}))

    def answer_finding(self, order_id: str, body: bodies.Answer) -> list[shapes.Finding]:
        """Answer a finding. The same cause on other evidence is a new finding. Needs the scope findings:write."""
        return cast(
            "list[shapes.Finding]", self._call("POST", f"/orders/{segment(order_id)}/findings/answer", {}, body)["data"]
        )

    def list_imports(self) -> Iterator[shapes.Import]:
        """The tables that were brought last. Needs the scope imports:read."""
        return cast("Iterator[shapes.Import]", self._each("/imports", {}))

    def bring_table(self, body: bodies.Table) -> shapes.LookedAt:
        """Bring a table. Nothing is done with it before it is confirmed. Needs the scope imports:write."""
        return cast("shapes.LookedAt", self._call("POST", "/imports", {}, body))

    def get_import(self, import_id: str) -> shapes.LookedAt:
        """One table: what each of its rows would do, or how far it is. Needs the scope imports:read."""
        return cast("shapes.LookedAt", self._call("GET", f"/imports/{segment(import_id)}", {}))

    def discard_import(self, import_id: str) -> None:
        """Forget a table's bytes; what was confirmed of it stays. Needs the scope imports:write."""
        self._call("DELETE", f"/imports/{segment(import_id)}", {})

    def confirm_import(self, import_id: str) -> shapes.LookedAt:
        """Give the numbers of all good rows to their orders. Done once, however often it is asked. Needs the scope
        imports:write."""
        return cast("shapes.LookedAt", self._call("POST", f"/imports/{segment(import_id)}/confirm", {}))

    def undo_import(self, import_id: str) -> shapes.LookedAt:
        """Take back what a table gave, but for what somebody has said again since. Needs the scope imports:write."""
        return cast("shapes.LookedAt", self._call("POST", f"/imports/{segment(import_id)}/undo", {}))

    def list_numbers(
        self,
        *,
        fields: Sequence[str] | None = None,
        limit: int | None = None,
        text: str | None = None,
        starts_with: str | None = None,
        ends_with: str | None = None,
        carrier: str | None = None,
        parcel_id: str | None = None,
    ) -> Iterator[shapes.Number]:
        """Numbers, in the order of their letters. Needs the scope parcels:read."""
        return cast(
            "Iterator[shapes.Number]",
            self._each(
                "/numbers",
                {
                    "fields": fields,
                    "limit": limit,
                    "text": text,
                    "starts_with": starts_with,
                    "ends_with": ends_with,
                    "carrier": carrier,
                    "parcel_id": parcel_id,
                },
            ),
        )

    def follow_number(self, body: bodies.Typed) -> shapes.Number:
        """Follow a parcel of no connected shop. A number that is followed already is not made twice. Needs the
        scope parcels:write."""
        return cast("shapes.Number", self._call("POST", "/numbers", {}, body))

    def get_number(self, number_id: str, *, fields: Sequence[str] | None = None) -> shapes.Number:
        """One number. Needs the scope parcels:read."""
        return cast("shapes.Number", self._call("GET", f"/numbers/{segment(number_id)}", {"fields": fields}))

    def change_carrier(self, number_id: str, body: bodies.CarrierOfNumber) -> shapes.Number:
        """Name the carrier of a number: it is asked about there from now on. Needs the scope parcels:write."""
        return cast("shapes.Number", self._call("PATCH", f"/numbers/{segment(number_id)}", {}, body))

    def list_orders(
        self,
        *,
        fields: Sequence[str] | None = None,
        limit: int | None = None,
        state: words.OrderState | None = None,
        store_id: str | None = None,
        number: str | None = None,
        external_id: str | None = None,
        placed_from: str | None = None,
        placed_before: str | None = None,
    ) -> Iterator[shapes.Order]:
        """Orders, the newest placed first. Needs the scope orders:read."""
        return cast(
            "Iterator[shapes.Order]",
            self._each(
                "/orders",
                {
                    "fields": fields,
                    "limit": limit,
                    "state": state,
                    "store_id": store_id,
                    "number": number,
                    "external_id": external_id,
                    "placed_from": placed_from,
                    "placed_before": placed_before,
                },
            ),
        )

    def get_order(self, order_id: str, *, fields: Sequence[str] | None = None) -> shapes.Order:
        """One order. Needs the scope orders:read."""
        return cast("shapes.Order", self._call("GET", f"/orders/{segment(order_id)}", {"fields": fields}))

    def add_number_to_order(self, order_id: str, body: bodies.NumberForOrder) -> shapes.Number:
        """Put a tracking number on an order. It goes to the store by the store's rules. Needs the scope
        parcels:write."""
        return cast("shapes.Number", self._call("POST", f"/orders/{segment(order_id)}/numbers", {}, body))

    def remove_number_from_order(self, order_id: str, number_id: str) -> None:
        """Say that a number is not this order's. Whoever says it again is not believed, until a person does. Needs
        the scope parcels:write."""
        self._call("DELETE", f"/orders/{segment(order_id)}/numbers/{segment(number_id)}", {})

    def push_order(self, order_id: str) -> shapes.Order:
        """Give this order's numbers to its store although it was placed before the store was connected, or a person
        changed them over there. Needs the scope pushes:write."""
        return cast("shapes.Order", self._call("POST", f"/orders/{segment(order_id)}/push", {}))

    def list_parcels(
        self,
        *,
        fields: Sequence[str] | None = None,
        limit: int | None = None,
        status: words.Status | None = None,
        carrier: str | None = None,
        closed: bool | None = None,
        order_id: str | None = None,
        number_id: str | None = None,
    ) -> Iterator[shapes.Parcel]:
        """Parcels, the one heard of last first. Needs the scope parcels:read."""
        return cast(
            "Iterator[shapes.Parcel]",
            self._each(
                "/parcels",
                {
                    "fields": fields,
                    "limit": limit,
                    "status": status,
                    "carrier": carrier,
                    "closed": closed,
                    "order_id": order_id,
                    "number_id": number_id,
                },
            ),
        )

    def get_parcel(self, parcel_id: str, *, fields: Sequence[str] | None = None) -> shapes.Parcel:
        """One parcel. Needs the scope parcels:read."""
        return cast("shapes.Parcel", self._call("GET", f"/parcels/{segment(parcel_id)}", {"fields": fields}))

    def add_parcels(self, body: bodies.ManyParcels) -> shapes.ManyAnswers:
        """Follow up to 10,000 parcels. Every row is judged and answered by itself; what is new is in the ledger
        soon after: the import says how far it is, and can be undone. Needs the scope parcels:write."""
        return cast("shapes.ManyAnswers", self._call("POST", "/parcels/bulk", {}, body))

    def resync_parcel(self, parcel_id: str) -> shapes.Resync:
        """Have the parcel's carriers asked now: once in five minutes, whoever asks; once a day when it is done.
        Needs the scope resyncs:write."""
        return cast("shapes.Resync", self._call("POST", f"/parcels/{segment(parcel_id)}/resync", {}))

    def list_events(
        self,
        *,
        fields: Sequence[str] | None = None,
        limit: int | None = None,
        parcel_id: str | None = None,
        order_id: str | None = None,
        number_id: str | None = None,
    ) -> Iterator[shapes.Event]:
        """Scans as each source said them, in the order in which they became known: what is new is always at the
        end. Needs the scope parcels:read."""
        return cast(
            "Iterator[shapes.Event]",
            self._each(
                "/events",
                {
                    "fields": fields,
                    "limit": limit,
                    "parcel_id": parcel_id,
                    "order_id": order_id,
                    "number_id": number_id,
                },
            ),
        )

    def list_purchases(
        self,
        *,
        fields: Sequence[str] | None = None,
        limit: int | None = None,
        state: words.PurchaseState | None = None,
        supplier_id: str | None = None,
        external_id: str | None = None,
        order_id: str | None = None,
        matched: bool | None = None,
    ) -> Iterator[shapes.Purchase]:
        """Purchases, the one heard of last first. Needs the scope purchases:read."""
        return cast(
            "Iterator[shapes.Purchase]",
            self._each(
                "/purchases",
                {
                    "fields": fields,
                    "limit": limit,
                    "state": state,
                    "supplier_id": supplier_id,
                    "external_id": external_id,
                    "order_id": order_id,
                    "matched": matched,
                },
            ),
        )

    def get_purchase(self, purchase_id: str, *, fields: Sequence[str] | None = None) -> shapes.Purchase:
        """One purchase. Needs the scope purchases:read."""
        return cast("shapes.Purchase", self._call("GET", f"/purchases/{segment(purchase_id)}", {"fields": fields}))

    def match_purchase(self, purchase_id: str, body: bodies.Match) -> shapes.Purchase:
        """Say which order a purchase is for: lines that name no order are then that one's, with their numbers.
        Needs the scope purchases:write."""
        return cast("shapes.Purchase", self._call("POST", f"/purchases/{segment(purchase_id)}/match", {}, body))

    def list_pushes(
        self,
        *,
        fields: Sequence[str] | None = None,
        limit: int | None = None,
        state: Literal["accepted", "due", "held", "refused", "sending", "superseded", "unsure", "withdrawn"]
        | None = None,
        store_id: str | None = None,
        order_id: str | None = None,
        parcel_id: str | None = None,
    ) -> Iterator[shapes.Push]:
        """Pushes, the newest first. Needs the scope pushes:read."""
        return cast(
            "Iterator[shapes.Push]",
            self._each(
                "/pushes",
                {
                    "fields": fields,
                    "limit": limit,
                    "state": state,
                    "store_id": store_id,
                    "order_id": order_id,
                    "parcel_id": parcel_id,
                },
            ),
        )

    def get_push(self, push_id: str, *, fields: Sequence[str] | None = None) -> shapes.Push:
        """One push. Needs the scope pushes:read."""
        return cast("shapes.Push", self._call("GET", f"/pushes/{segment(push_id)}", {"fields": fields}))

    def withdraw_push(self, push_id: str) -> shapes.Push:
        """Take a number out of the store again, where its channel can; else the problem says how to do it there by
        hand. Needs the scope pushes:write."""
        return cast("shapes.Push", self._call("POST", f"/pushes/{segment(push_id)}/withdraw", {}))

    def retry_push(self, push_id: str) -> shapes.Push:
        """Send once more what was refused or given up. What may have arrived is looked up in the store first. Needs
        the scope pushes:write."""
        return cast("shapes.Push", self._call("POST", f"/pushes/{segment(push_id)}/retry", {}))

    def recognize_number(self, text: str, *, carrier: str | None = None) -> shapes.Recognized:
        """Whose tracking number a text is: candidates with how sure each is, never a guess. Any key will do."""
        return cast("shapes.Recognized", self._call("GET", "/recognize", {"text": text, "carrier": carrier}))

    def list_resyncs(
        self,
        *,
        fields: Sequence[str] | None = None,
        limit: int | None = None,
        scope: Literal["parcel", "store"] | None = None,
        target_id: str | None = None,
    ) -> Iterator[shapes.Resync]:
        """Resyncs, the newest first. Needs the scope resyncs:read."""
        return cast(
            "Iterator[shapes.Resync]",
            self._each("/resyncs", {"fields": fields, "limit": limit, "scope": scope, "target_id": target_id}),
        )

    def resync_store_orders(self, body: bodies.StoreResync) -> shapes.Resync:
        """Have all open parcels of a store asked about: once an hour. A single parcel has an address of its own.
        Needs the scope resyncs:write."""
        return cast("shapes.Resync", self._call("POST", "/resyncs", {}, body))

    def get_resync(self, resync_id: str, *, fields: Sequence[str] | None = None) -> shapes.Resync:
        """One resync, and what came of it. Needs the scope resyncs:read."""
        return cast("shapes.Resync", self._call("GET", f"/resyncs/{segment(resync_id)}", {"fields": fields}))

    def cancel_resync(self, resync_id: str) -> shapes.Resync:
        """Ask about no more parcels of a store; answers to what was asked are waited for. Needs the scope
        resyncs:write."""
        return cast("shapes.Resync", self._call("POST", f"/resyncs/{segment(resync_id)}/cancel", {}))

    def list_webhooks(self) -> Iterator[shapes.Webhook]:
        """All webhooks, on one page. Their secrets never leave again. Needs the scope webhooks:read."""
        return cast("Iterator[shapes.Webhook]", self._each("/webhooks", {}))

    def make_webhook(self, body: bodies.WebhookWish) -> shapes.WebhookSecret:
        """Have an address told what changes from now on. The answer is the only one with its secret. Needs the
        scope webhooks:write."""
        return cast("shapes.WebhookSecret", self._call("POST", "/webhooks", {}, body))

    def get_webhook(self, webhook_id: str, *, fields: Sequence[str] | None = None) -> shapes.Webhook:
        """One webhook. Needs the scope webhooks:read."""
        return cast("shapes.Webhook", self._call("GET", f"/webhooks/{segment(webhook_id)}", {"fields": fields}))

    def change_webhook(self, webhook_id: str, body: bodies.WebhookChange) -> shapes.Webhook:
        """Have it told elsewhere, or something else, from now on. Needs the scope webhooks:write."""
        return cast("shapes.Webhook", self._call("PATCH", f"/webhooks/{segment(webhook_id)}", {}, body))

    def delete_webhook(self, webhook_id: str) -> None:
        """Forget a webhook, its log, and what it was still to be told. Needs the scope webhooks:write."""
        self._call("DELETE", f"/webhooks/{segment(webhook_id)}", {})

    def list_webhook_tries(
        self,
        webhook_id: str,
        *,
        fields: Sequence[str] | None = None,
        limit: int | None = None,
        failed: bool | None = None,
    ) -> Iterator[shapes.WebhookTry]:
        """What was sent in the last 30 days and how it was answered, the newest first. Needs the scope
        webhooks:read."""
        return cast(
            "Iterator[shapes.WebhookTry]",
            self._each(f"/webhooks/{segment(webhook_id)}/tries", {"fields": fields, "limit": limit, "failed": failed}),
        )

    def try_webhook(self, webhook_id: str) -> shapes.WebhookTry:
        """Send a test event (`endpoint.test`) now, and wait for the answer. It is not sent again when it fails.
        Needs the scope webhooks:write."""
        return cast("shapes.WebhookTry", self._call("POST", f"/webhooks/{segment(webhook_id)}/test", {}))

    def pause_webhook(self, webhook_id: str) -> shapes.Webhook:
        """Tell it nothing until it is resumed. Needs the scope webhooks:write."""
        return cast("shapes.Webhook", self._call("POST", f"/webhooks/{segment(webhook_id)}/pause", {}))

    def resume_webhook(self, webhook_id: str) -> shapes.Webhook:
        """Tell it again, first what changed since it was paused or switched off (30 days at most). Needs the scope
        webhooks:write."""
        return cast("shapes.Webhook", self._call("POST", f"/webhooks/{segment(webhook_id)}/resume", {}))

    def replay_webhook(self, webhook_id: str, body: bodies.Since) -> shapes.Webhook:
        """Tell again what changed since an instant, under the webhook-ids of the first time. Needs the scope
        webhooks:write."""
        return cast("shapes.Webhook", self._call("POST", f"/webhooks/{segment(webhook_id)}/replay", {}, body))

    def rotate_webhook_secret(self, webhook_id: str) -> shapes.WebhookSecret:
        """Give it a new secret. Both sign for 24 hours; the answer is the only one with the new one. Needs the
        scope webhooks:write."""
        return cast("shapes.WebhookSecret", self._call("POST", f"/webhooks/{segment(webhook_id)}/rotate", {}))

    def end_webhook_overlap(self, webhook_id: str) -> shapes.Webhook:
        """Let the newest secret sign alone from now on. Needs the scope webhooks:write."""
        return cast("shapes.Webhook", self._call("POST", f"/webhooks/{segment(webhook_id)}/end_overlap", {}))
