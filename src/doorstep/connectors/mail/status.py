"""What a mail says has happened: by its subject; a subject that does not say it leaves it to the first words."""

from typing import Final

from doorstep.connectors.mail.facts import Said
from doorstep.connectors.mail.words import STATUS

_BEGINNING: Final = 1500  # characters that say what a mail is about, when its subject does not
# What says more is looked for first: a mail about a failed attempt tells that the parcel was sent as well.
_TELLING: Final = (
    Said.INFORMATIONAL,
    Said.CANCELLED,
    Said.RETURNED,
    Said.ATTEMPT_FAILED,
    Said.AVAILABLE_FOR_PICKUP,
    Said.OUT_FOR_DELIVERY,
)
_EARLIEST: Final = (Said.EXCEPTION, Said.IN_TRANSIT, Said.DELIVERED, Said.SHIPPED)
_LAST: Final = (Said.ORDERED,)


def status(subject: str, text: str) -> tuple[Said, str]:
    """What is said, and where: subject | text; ``UNKNOWN`` and '' where nothing is. Both texts normalized."""
    for words, where in ((subject, "subject"), (text[:_BEGINNING], "text")):
        found = _said(" ".join(words.lower().split()))
        if found is not Said.UNKNOWN:
            return found, where
    return Said.UNKNOWN, ""


def _said(words: str) -> Said:
    for said in _TELLING:
        if STATUS[said].search(words):
            return said
    places = {said: one.start() for said in _EARLIEST if (one := STATUS[said].search(words))}
    if places:
        return min(places, key=lambda said: (places[said], _EARLIEST.index(said)))
    return next((said for said in _LAST if STATUS[said].search(words)), Said.UNKNOWN)
