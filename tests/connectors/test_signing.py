import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from doorstep.connectors import signing

VECTORS = Path(__file__).parents[3] / "shared/specs/derived/signature_vectors.json"
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def vector(start: str) -> dict[str, object]:
    if not VECTORS.exists():
        pytest.skip("../shared is absent: no published signature vectors")
    return next(one for one in json.loads(VECTORS.read_text())["vectors"] if one["scheme"].startswith(start))


def test_oauth_signature_is_the_one_of_the_rfc() -> None:
    one = vector("oauth1")
    pairs = tuple(one["params"].items())
    assert signing.base_string(one["method"], one["url"], pairs) == one["base_string"]
    secrets = {"secret": one["consumer_secret"], "token_secret": one["token_secret"]}
    assert signing.oauth_signature(one["method"], one["url"], pairs, **secrets, digest="sha1") == one["expected"]


def test_webhook_signature_is_woocommerces() -> None:
    one = vector("woocommerce-webhook")
    assert signing.hmac_base64(one["secret"], one["body"].encode()) == one["expected"]


def test_base_string_follows_the_rfcs_example_of_normalization() -> None:
    """RFC 5849 section 3.4.1.3: sorted by name and value after encoding, repeated and empty values kept."""
    pairs = (("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b"), ("c2", ""), ("a3", "2 q"))
    said = signing.base_string("post", "http://EXAMPLE.com:80/request", pairs)
    assert said == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&"
        "a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D"
    )


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://shop.example:443/x", "https%3A%2F%2Fshop.example%2Fx"),
        ("http://shop.example:8080", "http%3A%2F%2Fshop.example%3A8080%2F"),
    ],
)
def test_only_a_default_port_is_left_out(url: str, signed: str) -> None:
    assert signing.base_string("GET", url, ()) == f"GET&{signed}&"


def test_signed_query_carries_time_nonce_and_signature() -> None:
    query = dict(signing.oauth_query("GET", "http://s.example/", (), key="ck", secret="cs", now=NOW, nonce="n1"))
    assert (query["oauth_timestamp"], query["oauth_nonce"]) == ("1782864000", "n1")
    other = dict(signing.oauth_query("GET", "http://s.example/", (), key="ck", secret="cs", now=NOW, nonce="n2"))
    assert query["oauth_signature"] != other["oauth_signature"]


def test_signatures_of_any_text_can_be_compared() -> None:
    assert signing.same("abc", "abc")
    assert not signing.same("abc", "äbc\ud800")


def test_challenge_is_the_one_of_rfc_7636() -> None:
    ours = signing.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert ours == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_key_that_is_no_base64_is_taken_as_it_is() -> None:
    assert [signing.standard_key(one) for one in ("whsec_AAAA", "whsec_?", "plain")] == [
        b"\0\0\0",
        b"whsec_?",
        b"plain",
    ]


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_without_all_three_headers_nobody_has_signed(missing: str) -> None:
    proof = signing.hmac_base64("key", b"msg_1.1780000000.{}")
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1780000000", "webhook-signature": f"v1,{proof}"}
    assert signing.signed_at(b"key", headers, b"{}") == datetime.fromtimestamp(1780000000, UTC)
    assert signing.signed_at(b"", headers, b"{}") is None
    assert signing.signed_at(b"key", {**headers, missing: ""}, b"{}") is None
