"""The page on which a person allows an app, and the way back from it (RFC 6749, section 4.1)."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from aiohttp import web

PAGE = """<!doctype html><title>Allow an app</title><h1>{app} asks to be let in</h1>
<form method="post"><button name="answer" value="yes">Allow</button> <button name="answer" value="no">Decline</button>
</form>"""


async def ask(
    request: web.Request, needs: Mapping[str, str], back: str, allow: Callable[[Mapping[str, str]], str]
) -> web.Response:
    """Shows the page where the app asks as it has to (``needs``: parameters with what they must be, '' = anything);
    pressed, it sends the person ``back`` with the code that ``allow`` makes, or with their no.
    """
    asked = request.query
    wrong = [name for name, value in needs.items() if not asked.get(name) or value not in {"", asked[name]}]
    if wrong:
        return web.Response(status=400, text=f"invalid_request: {', '.join(wrong)}")
    if request.method == "GET":
        return web.Response(text=PAGE.format(app=needs["client_id"]), content_type="text/html")
    yes = (await request.post()).get("answer") == "yes"
    no = {"error": "access_denied", "error_description": "The user denied the request"}
    said = {"code": allow(asked)} if yes else no
    raise web.HTTPFound(f"{back}?{urlencode({**said, 'state': asked.get('state', '')})}")
