"""A real Medusa as a process on a PostgreSQL database of its own, furnished over its own admin API, and its shopper."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import psycopg

from tests import tools
from tests.e2e.product import Program, environment, free_ports, new_database

EMAIL, PASSWORD = "owner@medusa.example", "a-lantern-in-the-shop"
PAID: Final = "pp_system_default"  # Medusa's own payment provider: nothing is charged
JUNE: Final = {"first_name": "June", "last_name": "Pepperdock", "address_1": "Lantern Quay 8", "city": "Hamburg"}


class MedusaShop(Program):
    """Medusa without its dashboard. Raises tools.Missing when its packages are not installed."""

    def __init__(self, home: Path) -> None:
        (port,) = free_ports(1)
        self.host, self.key = f"127.0.0.1:{port}", ""
        self._pass, self._ids = "", dict[str, str]()
        packages = tools.packages(tools.MEDUSA)
        place = home / "medusa"  # a project wants its packages below it, and writes beside them
        place.mkdir()
        (place / "node_modules").symlink_to(packages)
        for name in ("package.json", "medusa-config.js"):
            shutil.copy(tools.MEDUSA / name, place / name)
        self._command = [tools.node(), packages / "@medusajs/cli/cli.js"]
        self._database = new_database()
        env = {
            "DATABASE_URL": node_address(self._database),
            "MEDUSA_DISABLE_TELEMETRY": "true",
            "NODE_ENV": "production",
        }
        words = [*self._command, "start", "-H", "127.0.0.1", "-p", str(port)]
        super().__init__(words, environment() | env, home / "medusa.log", ready="Server is ready on port", place=place)

    def furnish(self) -> None:
        """Tables and an owner, before it starts. Orders count from 48,201: a mail about "order 1" may mean any."""
        for words in (("db:migrate", "--skip-scripts"), ("user", "-e", EMAIL, "-p", PASSWORD)):
            with self.log.open("ab") as out:
                command = [*self._command, *words]
                subprocess.run(command, env=self.env, cwd=self.folder, stdout=out, stderr=out, check=True, timeout=180)
        with psycopg.connect(self._database, autocommit=True) as link:
            link.execute("ALTER SEQUENCE order_display_id_seq RESTART WITH 48201")

    def open(self) -> None:
        """A shop with one lantern, one way of shipping and one of paying. ``key`` is a secret API key for others."""
        self._pass = self._post("/auth/user/emailpass", {"email": EMAIL, "password": PASSWORD})["token"]
        self.key = self._make("api-keys", "api_key", title="Doorstep", type="secret")["token"]
        public = self._make("api-keys", "api_key", title="Storefront", type="publishable")
        self._ids["public"] = public["token"]
        channel = self._get("/admin/sales-channels")["sales_channels"][0]["id"]
        self._post(f"/admin/api-keys/{public['id']}/sales-channels", {"add": [channel]})
        region = {"name": "Germany", "currency_code": "eur", "countries": ["de"], "payment_providers": [PAID]}
        self._ids["region"] = self._make("regions", "region", **region)["id"]
        profile = self._make("shipping-profiles", "shipping_profile", name="Parcels", type="default")["id"]
        self._ids["option"] = self._way_of_shipping(channel, profile)
        prices = [{"currency_code": "eur", "amount": 19}]
        variant = {"title": "Plain", "sku": "LANTERN-1", "manage_inventory": False, "prices": prices}
        product = self._make(
            "products",
            "product",
            title="Paper lantern",
            status="published",
            shipping_profile_id=profile,
            sales_channels=[{"id": channel}],
            options=[{"title": "Colour", "values": ["Plain"]}],
            variants=[{**variant, "options": {"Colour": "Plain"}}],
        )
        self._ids["variant"] = product["variants"][0]["id"]

    def buy(self, quantity: int = 1) -> tuple[str, str]:
        """A shopper fills a cart, says where it goes, pays; returns the order's id and its number."""
        to = {**JUNE, "country_code": "de", "postal_code": "20457"}
        items = [{"variant_id": self._ids["variant"], "quantity": quantity}]
        wanted = {"region_id": self._ids["region"], "email": "june.pepperdock@example.com", "items": items}
        cart = self._post("/store/carts", {**wanted, "shipping_address": to})["cart"]["id"]
        self._post(f"/store/carts/{cart}/shipping-methods", {"option_id": self._ids["option"]})
        bill = self._post("/store/payment-collections", {"cart_id": cart})["payment_collection"]["id"]
        self._post(f"/store/payment-collections/{bill}/payment-sessions", {"provider_id": PAID})
        done = self._post(f"/store/carts/{cart}/complete", {})
        assert done["type"] == "order", done
        return done["order"]["id"], str(done["order"]["display_id"])

    def shipments(self, order: str) -> list[tuple[str, ...]]:
        """The numbers of each shipment that has left, as the owner sees them."""
        found = self._get(f"/admin/orders/{order}?fields=*fulfillments,*fulfillments.labels")["order"]["fulfillments"]
        sent = [one for one in found if one["shipped_at"] and not one["canceled_at"]]
        return [tuple(label["tracking_number"] for label in one["labels"]) for one in sent]

    def _way_of_shipping(self, channel: str, profile: str) -> str:
        """From a place, with a provider, to a country; the id of the shipping option."""
        place = self._make("stock-locations", "stock_location", name="Cellar")["id"]
        path = f"/admin/stock-locations/{place}"
        self._post(f"{path}/sales-channels", {"add": [channel]})
        self._post(f"{path}/fulfillment-providers", {"add": ["manual_manual"]})
        made = self._post(f"{path}/fulfillment-sets?fields=*fulfillment_sets", {"name": "Parcels", "type": "shipping"})
        there = made["stock_location"]["fulfillment_sets"][0]["id"]
        zone = {"name": "Germany", "geo_zones": [{"type": "country", "country_code": "de"}]}
        zones = self._post(f"/admin/fulfillment-sets/{there}/service-zones", zone)["fulfillment_set"]["service_zones"]
        option = self._make(
            "shipping-options",
            "shipping_option",
            name="Parcel",
            price_type="flat",
            provider_id="manual_manual",
            service_zone_id=zones[0]["id"],
            shipping_profile_id=profile,
            type={"label": "Parcel", "description": "A parcel", "code": "parcel"},
            prices=[{"currency_code": "eur", "amount": 4.9}],
        )
        return str(option["id"])

    def _make(self, kind: str, one: str, /, **wanted: Any) -> dict[str, Any]:
        made: dict[str, Any] = self._post(f"/admin/{kind}", wanted)[one]
        return made

    def _get(self, path: str) -> dict[str, Any]:
        return self._ask(urllib.request.Request(f"http://{self.host}{path}"))

    def _post(self, path: str, body: Any) -> dict[str, Any]:
        return self._ask(urllib.request.Request(f"http://{self.host}{path}", data=json.dumps(body).encode()))

    def _ask(self, request: urllib.request.Request) -> dict[str, Any]:
        """HTTPError, with what Medusa says about it, fails the test."""
        request.add_header("Content-Type", "application/json")
        if request.selector.startswith("/store/"):
            request.add_header("x-publishable-api-key", self._ids["public"])
        elif self._pass:
            request.add_header("Authorization", f"Bearer {self._pass}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
                said: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as problem:
            raise AssertionError(f"{request.selector}: {problem.read().decode()}") from problem
        return said


def node_address(database: str) -> str:
    """The database's address as Node's drivers read it: a socket's folder in place of the host."""
    parts = urlsplit(database)
    folder = parse_qs(parts.query).get("host", [""])[0]
    return f"postgresql://{parts.username}@{quote(folder, safe='')}:5432{parts.path}" if folder else database
