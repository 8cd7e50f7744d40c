"""How the console answers a press: done, or why not."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from doorstep.app.receive.manual import Doubtful
from doorstep.app.say import say
from doorstep.app.vendors.accounts import message_of
from doorstep.connectors.contract import Trouble
from doorstep.core.message import Message
from doorstep.core.number import carrier_named


def tell(request: HttpRequest, message: Message, *, wrong: bool = False) -> None:
    """Show a sentence on the next screen."""
    (messages.error if wrong else messages.success)(request, say(message))


def attempt(request: HttpRequest, what: Callable[[], object]) -> bool:
    """Do it; a refusal (a ValueError that carries a Message) and Trouble are told. Raises Doubtful: one may insist."""
    try:
        what()
    except Doubtful:
        raise
    except ValueError as refused:
        why = getattr(refused, "message", None) or (refused.args[0] if refused.args else None)
        if not isinstance(why, Message):
            raise
        tell(request, why, wrong=True)
    except Trouble as trouble:
        tell(request, message_of(trouble), wrong=True)
    else:
        return True
    return False


def named_carrier(text: str) -> str:
    """The code of a typed carrier, '' for none. Raises ValueError with a Message when nobody has that name."""
    code = carrier_named(text) if text.strip() else ""
    if text.strip() and not code:
        raise ValueError(Message(id="refuse.carrier", values={"name": text.strip()[:60]}))
    return code
