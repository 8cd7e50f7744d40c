"""Signatures of webhooks: the standard's own library reads ours, and our client reads the standard's."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from doorstep.app.webhooks.shapes import SHAPES
from doorstep.client import webhooks

OURS = SHAPES["doorstep"]
BODY = b'{"type":"parcel.status","id":"msg_1"}'
SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four bytes or more").decode()
MARKS = st.from_regex(r"msg_[a-z0-9]{1,9}", fullmatch=True)
OTHER = "whsec_" + base64.b64encode(b"another secret that has enough bytes").decode()


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_the_standards_library_reads_what_we_sign_with_either_live_secret() -> None:
    for secret in (SECRET, OTHER):
        headers = OURS.sign("msg_1", BODY, [OTHER, SECRET], now())
        assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, OURS.sign("msg_1", BODY, [OTHER], now()))


def test_a_drawn_secret_is_one_that_the_standard_takes() -> None:
    drawn = OURS.new_secret()
    assert drawn != OURS.new_secret() and 24 <= len(base64.b64decode(drawn.removeprefix("whsec_"))) <= 64
    assert Webhook(drawn).verify(BODY, OURS.sign("msg_1", BODY, [drawn], now()))


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.dictionaries(st.text(max_size=9), st.text(max_size=9) | st.none(), max_size=5), mark=MARKS)
def test_our_client_reads_whatever_the_standards_library_signs(body: dict[str, object], mark: str) -> None:
    raw, at = json.dumps(body), now()
    headers = {
        "Webhook-Id": mark,
        "WEBHOOK-TIMESTAMP": str(int(at.timestamp())),
        "webhook-signature": "v1a,xx " + Webhook(SECRET).sign(mark, at, raw),
    }
    assert webhooks.verify(raw, headers, [OTHER, SECRET], now=at.timestamp()) == body
    with pytest.raises(webhooks.Unverified, match="no signature"):
        webhooks.verify(raw + " ", headers, SECRET, now=at.timestamp())


def signed(body: bytes = BODY) -> dict[str, str]:
    return OURS.sign("msg_1", body, [SECRET], now())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"webhook-id": ""}, "missing"),
        ({"webhook-id": "msg_2"}, "no signature"),
        ({"webhook-timestamp": "x"}, "five minutes"),
        ({"webhook-timestamp": "9" * 40}, "five minutes"),
        ({"webhook-timestamp": "٣"}, "five minutes"),
        ({"webhook-timestamp": "a little earlier"}, "no signature"),
        ({"webhook-signature": "v1,??? v1 v2,AA=="}, "no signature"),
        ({"webhook-signature": " "}, "no signature"),
    ],
)
def test_what_was_altered_is_not_believed(changed: dict[str, str], why: str) -> None:
    headers = signed()
    if changed.get("webhook-timestamp") == "a little earlier":
        changed = {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 4)}
    with pytest.raises(webhooks.Unverified, match=why):
        webhooks.verify(BODY, {**headers, **changed}, SECRET)


@pytest.mark.parametrize("later", [timedelta(seconds=301), timedelta(seconds=-301)])
def test_what_is_old_or_of_the_future_is_not_believed(later: timedelta) -> None:
    at = now()
    headers = OURS.sign("msg_1", BODY, [SECRET], at)
    with pytest.raises(webhooks.Unverified, match="five minutes"):
        webhooks.verify(BODY, headers, SECRET, now=(at + later).timestamp())
    assert webhooks.verify(BODY.decode(), headers, SECRET, now=(at + later * 0.99).timestamp())


@pytest.mark.parametrize("body", [b"[1]", b"nothing", b"\xff"])
def test_a_body_that_is_no_object_is_no_event(body: bytes) -> None:
    with pytest.raises(webhooks.Unverified, match="no JSON object"):
        webhooks.verify(body, signed(body), SECRET)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_???", [], "secret!"])
def test_a_secret_that_is_none_is_told_to_the_programmer(secret: str | list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        webhooks.verify(BODY, signed(), secret)
