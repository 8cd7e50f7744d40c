"""A client of the HTTP API, typed, with the standard library only.

    from doorstep.client import Client

    shop = Client("https://track.shop.example", "dsk_...")
    for order in shop.list_orders(state="shipped"):
        print(order["number"], order["parcels"])
    shop.add_number_to_order(order["id"], {"text": "1Z999AA10123456784"})

``calls``, ``shapes``, ``bodies`` and ``words`` are made from the API's own description (``make docs``); what sends is
``send``. A program that receives webhooks checks them with ``webhooks.verify``.
"""

from doorstep.client.calls import Client
from doorstep.client.send import Problem, Unreachable

__all__ = ["Client", "Problem", "Unreachable"]
