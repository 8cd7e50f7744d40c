"""Doorstep follows every order from the supplier's label to the shopper's doorstep.

As a library: ``from doorstep import recognize, extract, diagnose, estimate`` needs the standard library only;
``normalize`` and ``read_mail`` load msgspec and selectolax when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doorstep.connectors.mail.read import read_mail
    from doorstep.connectors.normalize import normalize
    from doorstep.core.diagnosis import diagnose
    from doorstep.core.eta import estimate
    from doorstep.core.number import extract, recognize

__version__ = "0.1.0"
__all__ = ["diagnose", "estimate", "extract", "normalize", "read_mail", "recognize"]

_HOMES = {
    "diagnose": "doorstep.core.diagnosis",
    "estimate": "doorstep.core.eta",
    "extract": "doorstep.core.number",
    "normalize": "doorstep.connectors.normalize",
    "read_mail": "doorstep.connectors.mail.read",
    "recognize": "doorstep.core.number",
}


def __getattr__(name: str) -> Any:
    """Load a public function when it is first named (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
