"""Webhooks out: a workspace's own programs are told what changes.

``intents`` writes what is to be told beside each change, ``turns`` tells it, endpoint by endpoint, ``news`` says what a
change is about now. How it is written down and signed is a ``shapes.Shape``: ``shapes.SHAPES`` is the only list of
them, and a further shape (another vendor's) is one module beside ``shapes.own`` and one line there.
"""
