"""A real Vendure as a process, and its shopper, who speaks its shop API (GraphQL)."""

import json
import urllib.request
from pathlib import Path
from typing import Any, Final

from tests import tools
from tests.e2e.product import Program, environment, free_ports

USER, PASSWORD = "superadmin", "a-lantern-in-the-shop"
ADD: Final = (
    "mutation { addItemToOrder(productVariantId: 1, quantity: %d) { __typename ... on ErrorResult { message } } }"
)
CHECKOUT: Final = (
    """mutation { setCustomerForOrder(input: {
        firstName: "June", lastName: "Pepperdock", emailAddress: "june.pepperdock@example.com"
    }) { __typename ... on ErrorResult { message } } }""",
    """mutation { setOrderShippingAddress(input: {
        fullName: "June Pepperdock", streetLine1: "Lantern Quay 8", city: "Hamburg", countryCode: "DE"
    }) { __typename ... on ErrorResult { message } } }""",
    "mutation { setOrderShippingMethod(shippingMethodId: [1]) { __typename ... on ErrorResult { message } } }",
    'mutation { transitionOrderToState(state: "ArrangingPayment") { __typename ... on ErrorResult { message } } }',
)
PAY: Final = """mutation { addPaymentToOrder(input: { method: "%s", metadata: {} }) {
    __typename ... on Order { code state } ... on ErrorResult { message }
} }"""
METHODS: Final = "{ eligiblePaymentMethods { code } }"
SHIPMENTS: Final = "{ orderByCode(code: %s) { state fulfillments { state method trackingCode } } }"


class VendureShop(Program):
    """Vendure in memory. Raises tools.Missing when its packages are not installed."""

    def __init__(self, home: Path) -> None:
        (port,) = free_ports(1)
        self.host = f"127.0.0.1:{port}"
        self._session = ""
        env = {
            "NODE_PATH": str(tools.packages(tools.VENDURE)),
            "PORT": str(port),
            "SHOP_USER": USER,
            "SHOP_PASSWORD": PASSWORD,
            "VENDURE_DISABLE_TELEMETRY": "true",
        }
        words = [tools.node(), tools.VENDURE / "server.js"]
        super().__init__(words, environment() | env, home / "vendure.log", ready="vendure is ready")

    def buy(self, quantity: int = 1) -> str:
        """A shopper fills a cart, says where it goes, pays; returns the order's code."""
        for step in (ADD % quantity, *CHECKOUT):
            self.ask(step)
        method = self.ask(METHODS)["eligiblePaymentMethods"][0]["code"]
        paid = self.ask(PAY % method)["addPaymentToOrder"]
        assert paid["state"] == "PaymentSettled", paid
        return str(paid["code"])

    def shipments(self, code: str) -> list[dict[str, Any]]:
        """What the shopper sees of the order's shipments: state, method, trackingCode."""
        found: list[dict[str, Any]] = self.ask(SHIPMENTS % json.dumps(code))["orderByCode"]["fulfillments"]
        return found

    def ask(self, query: str) -> dict[str, Any]:
        """One call of the shop API in the shopper's session; an error of any kind fails the test."""
        request = urllib.request.Request(
            f"http://{self.host}/shop-api",
            data=json.dumps({"query": query}).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._session}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            self._session = answer.headers.get("vendure-auth-token") or self._session
            said = json.load(answer)
        assert "errors" not in said, said
        data: dict[str, Any] = said["data"]
        refused = [one["message"] for one in data.values() if isinstance(one, dict) and "message" in one]
        assert not refused, refused
        return data
