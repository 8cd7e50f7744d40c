"""Somebody who delivers webhooks and mails without a pause, some of them ten times and in any order, and remembers what
was acknowledged.
"""

import hashlib
import hmac
import json
import random
import smtplib
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import count

PAUSE_S = 0.1  # less than a starved machine reads: what is tested is loss, not speed
AGAIN = 10  # so often a delivery is repeated, now and then
BATCH = 8  # so many deliveries are under way in any order


@dataclass
class Sender:
    """Two threads, until ``stop``. ``webhooks`` are the hashes of the bodies that were answered with 200, ``mails`` the
    Message-IDs of the mails that were answered with 250.
    """

    hook: str
    secret: str
    smtp: int
    address: str
    seed: int = 1
    pause: float = PAUSE_S
    webhooks: list[str] = field(default_factory=list)
    refused: int = 0
    mails: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin."""
        for deliver in (self._webhook, self._mail):
            thread = threading.Thread(target=self._repeat, args=(deliver,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def is_refused(self) -> bool:
        """Whether a webhook has been answered with 503 since this was last asked."""
        refused, self.refused = self.refused, 0
        return refused > 0

    def stop(self) -> None:
        """Finish what is under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _repeat(self, deliver: Callable[[int], None]) -> None:
        dice = random.Random(self.seed)
        for first in count(1, BATCH):
            serials = list(range(first, first + BATCH)) + [first] * (AGAIN - 1) * (dice.random() < 0.2)
            dice.shuffle(serials)
            for serial in serials:
                if self._stop.is_set():
                    return
                with suppress(OSError, smtplib.SMTPException):  # killed meanwhile: nothing was acknowledged
                    deliver(serial)
                time.sleep(self.pause)

    def _webhook(self, serial: int) -> None:
        """An order from before the shop was connected: it is read and never given a number."""
        body = json.dumps(
            {
                "id": 900_000 + serial,
                "number": str(900_000 + serial),
                "status": "processing",
                "date_created_gmt": "2024-05-01T10:00:00",
                "line_items": [{"id": 1, "name": "Lamp", "quantity": 1}],
            }
        ).encode()
        signature = b64encode(hmac.digest(self.secret.encode(), body, "sha256")).decode()
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": "order.created",
            "X-WC-Webhook-Signature": signature,
            "X-WC-Webhook-Delivery-ID": f"chaos-{serial}",
        }
        request = urllib.request.Request(self.hook, data=body, headers=headers)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                if answer.status == 200:
                    self.webhooks.append(hashlib.sha256(body).hexdigest())
        except urllib.error.HTTPError as refusal:
            refusal.close()
            self.refused += refusal.code == 503

    def _mail(self, serial: int) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = "friend@elsewhere.example", self.address
        mail["Subject"], mail["Message-ID"] = "A walk by the sea", f"<chaos-{serial}@elsewhere.example>"
        mail.set_content("Come along on Sunday.")
        with smtplib.SMTP("127.0.0.1", self.smtp, local_hostname="relay.elsewhere.example", timeout=10) as relay:
            relay.send_message(mail)  # raises unless it was answered with 250
            self.mails.append(str(mail["Message-ID"]))
