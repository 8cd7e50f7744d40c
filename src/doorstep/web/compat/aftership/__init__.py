"""The shape of AfterShip's Tracking API, versions 2024-07 and later: what its official SDKs ask for, at the same paths.

Sources: the SDKs ``aftership-tracking-sdk`` (PyPI) and ``@aftership/tracking-sdk`` (npm), the JSON Schema of the
TypeScript SDK, and the documentation of 2025-01.
"""
