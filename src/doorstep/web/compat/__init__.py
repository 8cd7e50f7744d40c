"""APIs in the shapes of other systems, so that programs written for those need another address and another key only.

A folder a shape. Each is thin: the same keys, scopes, limits and use cases as the API's own (``web.api``), told in the
other system's envelopes and codes. What Doorstep cannot do is refused in their way, never pretended.
"""
