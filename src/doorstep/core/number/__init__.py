"""Tracking numbers: formats, check digits, recognition, look-alikes."""

from doorstep.core.number.value import TrackingNumber

__all__ = ["TrackingNumber"]
