"""What is the same for every carrier that is simply asked: some numbers in one question, one answer, no state there."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from doorstep.connectors import tokens
from doorstep.connectors.contract import Account, Answer, Checked, Facts, Flow, Meta, NotFound, Refused, Request
from doorstep.connectors.scans import account_id, trouble
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status

_NO_SUCH_CLIENT: Final = 400  # what RFC 6749 section 5.2 answers to a client or a user that is not known


def admitted(answer: Answer) -> int:
    """What the answer to a login says, as an HTTP status, where it is done as RFC 6749 describes."""
    return 401 if answer.status == _NO_SUCH_CLIENT else answer.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A carrier made of a way to ask and a way to read.

    ``question``: the Request about at most ``meta.batch`` numbers; what it is about is put on it here. ``tracked``:
    the Facts of an answer, or the Trouble that it is. ``sample``: a number that belongs to nobody, asked about to test
    a connection. ``known_by``: the field that tells one account from another. ``called``: a connection's name, where
    the label of the connector is longer.
    """

    meta: Meta
    question: Callable[[Account, Sequence[TrackingNumber]], Request]
    tracked: Callable[[Answer], Facts]
    sample: str
    known_by: str
    status: Mapping[str, Status]
    unseen: frozenset[str] = frozenset()
    called: str = ""

    def check(self, account: Account) -> Flow[Checked]:
        """Asks about the sample, which shows whether the account may track."""
        asked = self.question(account, (TrackingNumber(text=self.sample, carrier=""),))
        with contextlib.suppress(NotFound, Refused):
            self.tracked((yield replace(asked, context={"asked": self.sample})))
        named = account.settings.get(self.known_by) or account.credentials.get(self.known_by, "")
        return Checked(external_id=account_id(self.meta.name, named), label=self.called or self.meta.label)

    def track(self, account: Account, numbers: Sequence[TrackingNumber]) -> Flow[None]:
        """As many questions as the carrier's batch makes of them."""
        for start in range(0, len(numbers), self.meta.batch):
            some = numbers[start : start + self.meta.batch]
            about = ",".join(number.text for number in some)
            asked = replace(self.question(account, some), what="track", subject=about, context={"asked": about})
            self.tracked((yield asked))

    def read(self, answer: Answer) -> Facts:
        """Tracks of a ``track`` answer."""
        return self.tracked(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetIn(Asked):
    """A carrier that lets in whoever shows a token. ``login`` asks for one, ``token`` finds it in a good answer as
    ``access_token`` and ``access_until``, ``said`` finds the carrier's words in a bad one, and ``admitted`` tells
    whether it is good or bad, as an HTTP status.
    """

    login: Callable[[Account], Request]
    said: Callable[[Answer], str]
    token: Callable[[Answer, Account], Mapping[str, str]] = tokens.issued
    admitted: Callable[[Answer], int] = admitted

    def stale(self, account: Account) -> bool:
        return tokens.stale(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """A new token. Raises Denied when the account is not known there."""
        answer = yield self.login(account)
        told = replace(answer, status=self.admitted(answer))
        if problem := trouble(told, self.said(answer), self.meta.label):
            raise problem
        return self.token(answer, account)
