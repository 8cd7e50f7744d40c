"""Following a number as other systems do it: the answer shows it at once, with the carrier that was named."""

from doorstep.app.receive import manual
from doorstep.app.records import tracked
from doorstep.app.records.tracked import Tracked


def follow(ws: int, text: str, carrier: str, actor: str, *, reference: str = "", title: str = "") -> Tracked:
    """Follow a number that is not followed yet. ``text`` is a number, or a tracking link; ``carrier`` our code, '' =
    whose its form is. Raises manual.Doubtful.
    """
    manual.follow_number(ws, text, carrier, actor, reference=reference, title=title)
    number, linked = manual.from_link(text, carrier)
    made = tracked.by_text(ws, [number])[number]
    if linked and made.number.carrier != linked:  # it was followed before, with another carrier
        manual.change_carrier(ws, made.number.id, linked, actor)
        made = tracked.by_text(ws, [number])[number]
    return made
