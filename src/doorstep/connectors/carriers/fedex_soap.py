"""Saved answers of FedEx's older SOAP service (``TrackReply``), in the words of Track v1 which came after it."""

from typing import Any, Final
from xml.etree.ElementTree import Element

from doorstep.connectors import xml

_NOT_FOUND: Final = frozenset({"9040", "9041"})
_INVALID: Final = frozenset({"5508", "6035"})
_FINE: Final = "0"


class NotSoap(ValueError):
    """Why the bytes are not read as such an answer."""


def answer(body: bytes) -> dict[str, Any]:
    """The answer as Track v1 would have given it, as JSON values. Raises NotSoap."""
    try:
        root = xml.parsed(body)
    except xml.NotXml as error:
        raise NotSoap(str(error)) from error
    reply = root if root.tag == "TrackReply" else root.find(".//TrackReply")
    if reply is None:
        raise NotSoap(root.tag)
    details = list(reply.iter("TrackDetails"))
    if not details:
        return {"errors": [_error(one) for one in reply.iter("Notifications") if _error(one)["code"] != _FINE]}
    return {"output": {"completeTrackResults": [_complete(one) for one in details]}}


def _complete(detail: Element) -> dict[str, Any]:
    return {"trackingNumber": xml.said(detail, "TrackingNumber"), "trackResults": [_result(detail)]}


def _result(detail: Element) -> dict[str, Any]:
    error = _error(detail.find("Notification"))
    return {
        "scanEvents": [_scan(one) for one in detail.findall("Events")],
        "error": error if error["code"] != _FINE else None,
        "dateAndTimes": [{"type": "ESTIMATED_DELIVERY", "dateTime": xml.said(detail, "EstimatedDeliveryTimestamp")}],
    }


def _scan(event: Element) -> dict[str, Any]:
    place = event.find("Address")
    where = {"city": xml.said(place, "City"), "countryCode": xml.said(place, "CountryCode")}
    return {
        "date": xml.said(event, "Timestamp"),
        "eventType": xml.said(event, "EventType"),
        "eventDescription": xml.said(event, "EventDescription"),
        "exceptionCode": xml.said(event, "StatusExceptionCode"),
        "exceptionDescription": xml.said(event, "StatusExceptionDescription"),
        "locationType": xml.said(event, "ArrivalLocation"),
        "scanLocation": where,
    }


def _error(notification: Element | None) -> dict[str, str]:
    """Its code in the words of Track v1."""
    code = xml.said(notification, "Code") or _FINE
    known = "NOTFOUND" if code in _NOT_FOUND else "INVALID" if code in _INVALID else ""
    return {"code": f"{code} {known}".strip(), "message": xml.said(notification, "Message")}
