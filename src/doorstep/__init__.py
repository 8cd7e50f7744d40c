"""Doorstep follows every order from the supplier's label to the shopper's doorstep."""

__version__ = "0.1.0"
