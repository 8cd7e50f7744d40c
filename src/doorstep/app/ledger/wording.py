"""What scans usually say. Packed scans are compressed against these bytes (zstd, as a raw dictionary), so words and
forms that stand here cost next to nothing.

Never change it, not even a letter: what was packed with it is read with it. A better one is another form
(``app.ledger.packed``). What is most frequent stands last.
"""

from typing import Final

# 17TRACK's names of what happened, and what carriers around the world write.
_CODES: Final = (
    *("NotFound_Other", "NotFound_InvalidCode", "Expired_Other", "Exception_Other", "Exception_Returning"),
    *("Exception_Returned", "Exception_NoBody", "Exception_Security", "Exception_Damage", "Exception_Rejected"),
    *("Exception_Delayed", "Exception_Lost", "Exception_Destroyed", "Exception_Cancel", "DeliveryFailure_Other"),
    *("DeliveryFailure_NoBody", "DeliveryFailure_Security", "DeliveryFailure_Rejected"),
    *("DeliveryFailure_InvalidAddress", "InTransit_CustomsRequiringInformation", "AvailableForPickup_Other"),
    *("OutForDelivery_Other", "Delivered_Other", "InfoReceived", "InTransit_CustomsProcessing"),
    *("InTransit_CustomsReleased", "InTransit_PickedUp", "InTransit_Departure", "InTransit_Arrival", "InTransit_Other"),
)
_PHRASES: Final = (
    *("Delivery could not be completed", "Addressee not available, notice left", "Returned to sender"),
    *("Held at the customer's request", "Address incomplete or incorrect", "Refused by the addressee"),
    *("Delivery rescheduled for the next working day", "Available for pickup at the parcel shop"),
    *("Ready for collection at the post office", "Delivered to a neighbour", "Delivered, left in mailbox"),
    *("Delivered, front door", "Delivered and signed for", "Delivered", "Out for delivery", "With the courier"),
    *("The item is being processed by customs", "Customs inspection", "Import customs clearance started"),
    *("Import customs clearance completed", "Export customs clearance completed", "Released by customs"),
    *("Handed over to customs", "Handed over to the airline", "Handed over to the local carrier", "Flight departed"),
    *("Flight arrived", "Arrived at the airport of destination", "Departed from the airport of origin"),
    *("Arrived in the country of destination", "Departed from the country of origin", "Left the origin country"),
    *("Arrived at the delivery depot", "Processed through the sorting facility", "Arrived at the regional facility"),
    *("Departed from the regional facility", "Arrived at the sorting centre", "Departed from the sorting centre"),
    *("Arrived at the transit hub", "Departed from the transit hub", "In transit to the next facility", "In transit"),
    *("Accepted by the carrier", "Accepted at the post office", "Picked up by the carrier", "Parcel received"),
    *("Waiting for the parcel to be handed over", "Order information received", "Electronic data received"),
    *("Shipping label created", "Shipment information received"),
)
_PLACES: Final = (
    *("Los Angeles, CA, US", "New York, NY", "Chicago, IL", "Sydney, Australia", "Toronto, Canada", "London, UK"),
    *("Amsterdam, Netherlands", "Liege, Belgium", "Paris, France", "Madrid, Spain", "Frankfurt, Germany"),
    *("Hong Kong", "Yiwu, China", "Guangzhou, China", "Shanghai, China", "Shenzhen, China"),
)
# A row as it is packed (``packed.Row``): short arrays with the wall time, an offset, the place, a code, a text.
_ROWS: Final = b"".join(
    b"\x9d\x00\x04\x00" + bytes([place]) + b"\xb3" + at + b"\xcd\x01\xe0\xcd\x01\xe0\x01\xa0\xaf"
    for place, at in enumerate((b"2026-01-01T00:00:00", b"2026-11-23T15:30:00", b"2027-06-14T09:45:00"))
)
DICTIONARY: Final = "\n".join((*_CODES, *_PHRASES, *_PLACES)).encode() + _ROWS
