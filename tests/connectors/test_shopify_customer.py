"""A shop's customer is let in at the addresses that the shop publishes, by PKCE, once; their orders come in pages."""

import base64
import json
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from graphql import GraphQLSchema, build_client_schema, parse, validate

from doorstep.connectors.contract import ALSO, Account, Answer, Broken, Denied, Grant, NotFound, Refused, Request
from doorstep.connectors.signing import challenge
from doorstep.connectors.stores.shopify_accounts import access, documents
from doorstep.connectors.stores.shopify_customer import CONNECTOR
from sandbox.shopify_cost import MOST, requested
from sandbox.shopify_customers import CLIENT, ISSUER, PATH, the_schema
from sandbox.shopify_order import SHOP
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.shopify_shop import order, shop
from tests.connectors.test_shopify_schema import data_of, disagreements, misfits
from tests.connectors.vendor_specs import file

AT = f"https://{SHOP}"
THERE = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{AT}/authentication/oauth/authorize",
    "token_endpoint": f"{AT}/authentication/oauth/token",
    "end_session_endpoint": f"{AT}/authentication/logout",
}
API = {"graphql_api": AT + PATH}
NEW = Account(base_url=AT, settings={"client_id": CLIENT, "origin": "https://d.example"}, now=NOW)
GRANT = Grant(state="s" * 64, redirect="https://d.example/my/stores/signed-in", verifier="v" * 64)
CAME = {"code": "c", "state": GRANT.state}
TOKENS = {"access_token": "shcat_1", "expires_in": 3600, "refresh_token": "r-1"}
SIZES: dict[str, dict[str, Any]] = {
    "ORDERS": {"first": documents.PER_PAGE, **documents.IN_LIST},
    "ORDER": documents.ALONE,
}


@cache
def official() -> GraphQLSchema:
    said = json.loads(file("shopify/customer_2026-07.json").read_text())
    return build_client_schema(said["data"], assume_valid=True)


def found(**changed: Any) -> Account:
    """A shop whose addresses are known."""
    learned = drive(CONNECTOR, NEW, CONNECTOR.discover(NEW), [answer({**THERE, **changed}), answer(API)]).result
    return replace(NEW, settings={**NEW.settings, **learned})


def identity(**changed: Any) -> str:
    claims = {"iss": ISSUER, "aud": CLIENT, "exp": NOW.timestamp() + 60, "nonce": access.nonce(GRANT), **changed}
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.sig"


def test_the_way_to_the_page_proves_what_comes_back() -> None:
    page = urlsplit(CONNECTOR.authorize(found(), GRANT))
    asked = dict(parse_qsl(page.query))
    assert f"{page.scheme}://{page.netloc}{page.path}" == THERE["authorization_endpoint"]
    assert asked == {
        "client_id": CLIENT,
        "scope": "openid email customer-account-api:full",
        "response_type": "code",
        "redirect_uri": GRANT.redirect,
        "state": GRANT.state,
        "nonce": access.nonce(GRANT),
        "code_challenge": challenge(GRANT.verifier),
        "code_challenge_method": "S256",
    }
    assert GRANT.verifier not in page.query


@pytest.mark.parametrize(
    "where", ["https://evil.example/t", f"http://{SHOP}/t", "https://[/t", "https://xshopify.com/t"]
)
def test_a_shop_that_names_a_stranger_is_asked_nothing(where: str) -> None:
    with pytest.raises((Refused, Broken)):
        found(token_endpoint=where)


@pytest.mark.parametrize("where", ["https://shopify.com/authentication/1/t", "https://account.lamps.example/t"])
def test_addresses_of_shopify_and_within_the_shop_are_its_own(where: str) -> None:
    home = replace(NEW, base_url="https://www.lamps.example")
    said = {**THERE, "authorization_endpoint": where, "token_endpoint": where, "end_session_endpoint": ""}
    api = {"graphql_api": "https://shopify.com/1/account/customer/api/2026-07/graphql"}
    learned = drive(CONNECTOR, home, CONNECTOR.discover(home), [answer(said), answer(api)]).result
    assert learned["logout"] == "" and urlsplit(where).hostname in learned[ALSO].split()


@pytest.mark.parametrize("said", [answer("no", status=404), answer("<html>Shop</html>")])
def test_a_shop_without_customer_accounts_is_told_so(said: Answer) -> None:
    with pytest.raises(NotFound) as caught:
        drive(CONNECTOR, NEW, CONNECTOR.discover(NEW), said)
    assert caught.value.message and caught.value.message.id == "shop_accounts.none"


def test_a_code_becomes_tokens_with_the_verifier_and_no_secret() -> None:
    account = found()
    done = drive(
        CONNECTOR, account, CONNECTOR.redeem(account, GRANT, CAME), [answer({**TOKENS, "id_token": identity()})]
    )
    (sent,) = done.requests
    form = {name: value for name, (value,) in parse_qs(sent.body.decode()).items()}
    assert form == {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "code": "c",
        "redirect_uri": GRANT.redirect,
        "code_verifier": GRANT.verifier,
    }
    assert (sent.url, sent.headers["Origin"], sent.what) == (THERE["token_endpoint"], "https://d.example", "")
    assert {"access_token", "access_until", "refresh_token", "id_token"} == set(done.result)


@pytest.mark.parametrize(
    "proof",
    [
        identity(nonce="another"),
        identity(iss="https://shopify.com/authentication/2"),
        identity(aud=["another"]),
        identity(exp=NOW.timestamp() - 1),
        "garbage",
        "e30.###.x",
    ],
)
def test_an_identity_of_another_attempt_shop_or_client_is_refused(proof: str) -> None:
    account = found()
    with pytest.raises(Denied):
        drive(CONNECTOR, account, CONNECTOR.redeem(account, GRANT, CAME), [answer({**TOKENS, "id_token": proof})])


@pytest.mark.parametrize(
    "query",
    [{**CAME, "state": "x"}, {"state": GRANT.state, "error": "access_denied"}, {**CAME, "iss": "https://evil.example"}],
)
def test_a_forged_or_declined_way_back_asks_for_no_tokens(query: dict[str, str]) -> None:
    account = found()
    with pytest.raises(Denied):
        drive(CONNECTOR, account, CONNECTOR.redeem(account, GRANT, query), [])


def test_an_identity_for_several_is_for_us_too() -> None:
    account = found()
    proof = identity(aud=["another", CLIENT])
    flow = CONNECTOR.redeem(account, GRANT, {**CAME, "iss": ISSUER})
    assert drive(CONNECTOR, account, flow, [answer({**TOKENS, "id_token": proof})]).result["id_token"] == proof


def test_tokens_are_renewed_in_time_and_given_back_at_the_end() -> None:
    held = {"access_token": "shcat_0", "refresh_token": "r-0", "access_until": NOW.isoformat(), "id_token": "i-0"}
    account = replace(found(), credentials=held)
    assert CONNECTOR.stale(account)
    done = drive(CONNECTOR, account, CONNECTOR.renew(account), [answer(TOKENS)])
    assert b"grant_type=refresh_token&refresh_token=r-0" in done.requests[0].body
    assert done.result["refresh_token"] == "r-1"
    assert not CONNECTOR.stale(replace(account, credentials={**held, **done.result}))
    (left,) = drive(CONNECTOR, account, CONNECTOR.leave(account), [answer()]).requests
    assert (left.url, left.query) == (THERE["end_session_endpoint"], (("id_token_hint", "i-0"),))
    assert drive(CONNECTOR, NEW, CONNECTOR.leave(NEW), []).requests == [], "nobody is there to be told"


def signed_in() -> Account:
    return replace(found(), credentials={"access_token": "shcat_1"})


def test_nobody_is_known_before_they_signed_in() -> None:
    with pytest.raises(Denied):
        drive(CONNECTOR, NEW, CONNECTOR.check(NEW), [answer(THERE), answer(API)])


def test_orders_come_by_change_with_their_numbers_and_large_ones_alone() -> None:
    there = shop()
    for n in range(6):
        made = there.place(order(f"#10{n}", *range(1, 12 if n == 3 else 3)))
        made.fulfill({made.shares[0].id: {made.lines[0].id: 1}}, NOW).renumber({"company": "CTT", "number": f"RB{n}"})
    account = signed_in()
    email = there.orders[0].buyer.email

    def speaks(request: Request) -> Answer:
        assert (urlsplit(request.url).path, request.headers["Authorization"]) == (PATH, "shcat_1")
        assert b"mail" not in request.body and b"ddress" not in request.body
        sent = json.loads(request.body)
        return answer(there.customers.execute(email, sent["query"], sent["variables"], schema=official()))

    assert drive(CONNECTOR, account, CONNECTOR.check(account), speaks).result.external_id == f"{AT}/7"
    done = drive(CONNECTOR, account, CONNECTOR.orders(account, None), speaks)
    assert [one.what for one in done.requests] == ["orders", "order", "orders"]
    read = [one for said in done.answers for one in CONNECTOR.read(said).orders]
    assert {one.number: [sent.number for sent in one.shipments or ()] for one in read} == {
        f"#10{n}": [f"RB{n}"] for n in range(6)
    }
    assert all(one.buyer is None or not one.buyer.email for one in read)
    done = drive(CONNECTOR, account, CONNECTOR.orders(account, NOW), speaks)
    assert json.loads(done.requests[0].body)["variables"]["changed"] == "updated_at:>='2026-07-01T12:00:00Z'"
    assert CONNECTOR.read(done.answers[0]).orders == ()


@pytest.mark.parametrize("name", ["WHO", "ORDERS", "ORDER"])
def test_document_is_one_of_the_vendors_schema_and_cheap_enough(name: str) -> None:
    document = parse(getattr(documents, name))
    assert validate(official(), document) == []
    assert requested(document, SIZES.get(name, {})) <= MOST


def test_recordings_and_sandbox_speak_a_part_of_the_vendors_schema() -> None:
    for name, one in the_schema().type_map.items():
        if not name.startswith("__"):
            assert not disagreements(one, official().type_map[name]), name
    wrong = [said for one in of(CONNECTOR) if (data := data_of(one)) for said in misfits(data, official())]
    assert wrong == ["FulfillmentEventStatus: DELIVERED_BY_OWL"]
    assert set(official().type_map["FulfillmentEventStatus"].values) == set(CONNECTOR.status)  # type: ignore[attr-defined]  # an enum
