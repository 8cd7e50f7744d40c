"""A test event: sent at once when somebody asks, whatever state the endpoint is in, and never again."""

from typing import Final

from doorstep.app import clock, loop
from doorstep.app.webhooks import history
from doorstep.app.webhooks.endpoints import live_secrets
from doorstep.app.webhooks.kinds import TEST
from doorstep.app.webhooks.post import Outcome, post, signing_time
from doorstep.app.webhooks.shapes import SHAPES, News
from doorstep.core.message import Message
from doorstep.db.ids import new_id
from doorstep.db.models import Endpoint, SendingTry

PATIENCE_S: Final = 20.0  # longer than a request lasts


def send_test(ws: int, endpoint_id: int) -> SendingTry:
    """Send it and wait for the answer; what came of it is in the log too. From a thread, outside of a transaction.
    Raises Endpoint.DoesNotExist; ValueError with a Message where the shape knows no tests; vault.WrongKey.
    """
    one = Endpoint.objects.get(ws=ws, id=endpoint_id)
    mark, shape = f"msg_test_{new_id():x}", SHAPES[one.shape]
    told = News(
        ws=ws,
        mark=mark,
        type=TEST,
        at=clock.now(),
        old=None,
        new=None,
        object="endpoint",
        subject_id=one.id,
        about={"id": str(one.id), "label": one.label},
    )
    body = shape.body(told) if TEST in shape.types else None
    if body is None:
        raise ValueError(Message(id="webhook.no_test"))
    headers = shape.sign(mark, body, live_secrets(one), signing_time())
    outcome: Outcome = loop.call(post(one.url, body, headers), PATIENCE_S)
    return history.remember(one, mark, TEST, outcome)
