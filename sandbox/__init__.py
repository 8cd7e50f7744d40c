"""A simulated world that speaks the vendors' own protocols over real HTTP and SMTP: ``python -m sandbox``.

Four servers on the loopback: a WooCommerce store, a CJdropshipping supplier, a 17TRACK aggregator and a control door
for people and tests. Everything lives in memory and is gone when it stops. It shares no code with the product, so that
a misreading on one side shows on the other.
"""
