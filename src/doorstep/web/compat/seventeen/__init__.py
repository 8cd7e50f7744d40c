"""The shape of 17TRACK's API v2.2, at its own paths. No machine-readable description of it exists: this follows its
published documentation and what its clients send.
"""
