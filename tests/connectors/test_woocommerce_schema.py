"""What is sent to WooCommerce, and the orders recorded here, against the schemas of the plugin itself."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from doorstep.connectors.contract import Request
from doorstep.connectors.stores.woo.ways import PLAIN
from doorstep.connectors.stores.woocommerce import CONNECTOR
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.test_woocommerce_push import push
from tests.connectors.woocommerce_shop import ACCOUNT, WOO, Shop

SPECS = Path(__file__).parents[3] / "shared/specs"
FILE = "woocommerce/woocommerce_10.9.1_wc_v3_schemas.json"


@pytest.fixture(scope="module")
def contract() -> Any:
    path = SPECS / "derived/contract.py"
    if not path.exists():
        pytest.skip("../shared is absent: no schemas of WooCommerce")
    spec = importlib.util.spec_from_file_location("contract", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def problems(contract: Any, name: str, body: object, *, strict: bool) -> list[str]:
    spec = contract.Spec(FILE, strict=strict)
    found: list[str] = spec._check(spec.doc[f"WC_REST_{name}_Controller"]["item_schema"], body)
    return found


def parameters(contract: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = contract.Spec(FILE).doc[f"WC_REST_{name}_Controller"]["collection_params"]
    return found


def sent(requests: list[Request], path: str) -> list[Request]:
    return [one for one in requests if path in one.url and one.method != "GET"]


def test_recorded_orders_are_orders_of_the_schema(contract: Any) -> None:
    checked = 0
    for recording in of(CONNECTOR):
        body = recording.content["body"]
        orders = body if isinstance(body, list) else [body]
        for order in orders if recording.path.stem in {"orders_page", "order_without_plugin"} else []:
            told = {name: value for name, value in order.items() if value is not None}  # the schema knows no null
            assert problems(contract, "Orders", told, strict=False) == []
            checked += 1
    assert checked == 3


def test_status_words_of_the_schema_are_all_known(contract: Any) -> None:
    schema = contract.Spec(FILE).doc["WC_REST_Orders_Controller"]["item_schema"]
    assert set(schema["properties"]["status"]["enum"]) <= set(WOO.status)


def test_queries_use_parameters_of_the_schema(contract: Any) -> None:
    asked = drive(WOO, ACCOUNT, WOO.orders(ACCOUNT, NOW), [answer([])]).requests[0]
    known = parameters(contract, "Orders")
    assert {name for name, _ in asked.query} <= set(known)
    query = dict(asked.query)
    assert query["orderby"] in known["orderby"]["enum"]
    assert query["order"] in known["order"]["enum"]
    assert int(query["per_page"]) <= known["per_page"]["maximum"]


def test_completing_an_order_is_a_request_of_the_schema(contract: Any) -> None:
    account = type(ACCOUNT)(base_url=ACCOUNT.base_url, settings={"way": PLAIN}, credentials={}, now=NOW)
    (request,) = sent(push(Shop(), account=account).requests, "/wc/v3/orders")
    assert problems(contract, "Orders", json.loads(request.body), strict=True) == []


def test_webhooks_are_requests_of_the_schema(contract: Any) -> None:
    flow = WOO.subscribe(ACCOUNT, "https://me.example/hooks/x", "hush")
    made = drive(WOO, ACCOUNT, flow, [answer([]), answer({"id": 1}), answer({"id": 2})])
    requests = sent(made.requests, "/wc/v3/webhooks")
    assert len(requests) == 2
    for request in requests:
        assert problems(contract, "Webhooks", json.loads(request.body), strict=True) == []
