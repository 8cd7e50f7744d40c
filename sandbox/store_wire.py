"""How the shop's API reads calls and words its refusals: WordPress's shapes."""

import json
from datetime import UTC, datetime

from aiohttp import web

from sandbox.faults import Fault, Handler
from sandbox.store_order import SHOP_ZONE, Json


class Refusal(Exception):
    """An error in WordPress's shape."""

    def __init__(self, status: int, code: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "data": {"status": status, **more}}


def listed(request: web.Request, name: str) -> set[str]:
    """``a=1,2`` and ``a[]=1&a[]=2`` alike."""
    values = [*request.query.getall(name, []), *request.query.getall(f"{name}[]", [])]
    return {part.strip() for value in values for part in value.split(",") if part.strip()}


def instant(text: str, *, gmt: bool) -> datetime:
    """Wall time is the shop's own unless the call says dates_are_gmt."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "rest_invalid_param", "Invalid parameter(s): a date is not ISO8601") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC if gmt else SHOP_ZONE)


def number(request: web.Request, name: str, default: int, most: int | None) -> int:
    """A query parameter between 1 and ``most``."""
    text = request.query.get(name, str(default))
    if not text.isdigit() or int(text) < 1 or (most and int(text) > most):
        span = f"between 1 (inclusive) and {most} (inclusive)" if most else "greater than or equal to 1"
        raise Refusal(
            400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: f"{name} must be {span}"}
        )
    return int(text)


async def read_body(request: web.Request) -> Json:
    """The JSON object of a call."""
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        raise Refusal(400, "rest_invalid_json", "Invalid JSON body passed.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "rest_invalid_json", "Invalid JSON body passed.")
    return body


@web.middleware
async def in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The middleware that turns refusals into answers."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return web.json_response(refusal.body, status=refusal.status)
    except web.HTTPNotFound:
        words = {"code": "rest_no_route", "message": "No route was found matching the URL and request method."}
        return web.json_response({**words, "data": {"status": 404}}, status=404)


def _denied() -> web.Response:
    body = {"code": "woocommerce_rest_authentication_error", "message": "Consumer key is invalid."}
    return web.json_response({**body, "data": {"status": 401}}, status=401)


OWN_WORDS = {Fault.DENIED: _denied}
