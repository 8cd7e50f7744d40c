"""How an endpoint is told: the shapes of bodies and signatures.

THE SEAM. A shape is an object with what ``Shape`` says, in a module of its own beside ``own``, and is listed in
``SHAPES``. Everything else is the same for all of them: what is told, in which order, when again, the log, pausing,
replaying. A shape that has no words for a type leaves it out of ``types``; for one change it answers None.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from doorstep.app.webhooks.shapes.aftership import AFTERSHIP
from doorstep.app.webhooks.shapes.base import News, Shape
from doorstep.app.webhooks.shapes.own import OWN
from doorstep.app.webhooks.shapes.seventeen_track import SEVENTEEN_TRACK

__all__ = ["SHAPES", "News", "Shape"]

SHAPES: Final[Mapping[str, Shape]] = MappingProxyType({one.name: one for one in (OWN, AFTERSHIP, SEVENTEEN_TRACK)})
