"""The HTTP API, version 1. Each operation is a function with typed arguments; the routes, the checks of what comes in
and the OpenAPI document are made from its signature. It decides nothing: what it changes goes through the use cases of
``app``, as the console and the command line do.
"""
