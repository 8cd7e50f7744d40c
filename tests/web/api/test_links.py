"""What the document says about where answers lead: true of the document, and of answers."""

import re
from typing import Any

from doorstep.web.api.openapi import as_dict
from tests.app.ledger import Ledger
from tests.web.api.contract import Program
from tests.web.conftest import NUMBER

OPERATIONS = {
    one["operationId"]: (method.upper(), path, one)
    for path, by_method in as_dict()["paths"].items()
    for method, one in by_method.items()
}
HOOK = {"url": "https://shop.example/told"}


def links_of(name: str) -> dict[str, dict[str, Any]]:
    responses = OPERATIONS[name][2]["responses"]
    return next((one["links"] for one in responses.values() if "links" in one), {})


def led(name: str, answer: Any) -> dict[str, tuple[str, str]]:
    """Where an answer leads: operation -> (method, path), for those that need nothing but what stands in it."""
    found = {}
    for target, link in links_of(name).items():
        method, path, _ = OPERATIONS[target]
        for parameter, where in link["parameters"].items():
            value = answer
            for part in where.removeprefix("$response.body#/").split("/"):
                value = value[int(part) if part.isdecimal() else part]
            path = path.replace(f"{{{parameter}}}", value)
        found[target] = (method, path)
    return found


def test_every_link_gives_an_operation_all_ids_of_its_path() -> None:
    led_to = {(name, target) for name in OPERATIONS for target in links_of(name)}
    for name, target in led_to:
        given = links_of(name)[target]["parameters"]
        assert set(given) == set(re.findall(r"{(\w+)}", OPERATIONS[target][1])), (name, target)
    assert {target for _, target in led_to} == {name for name, (_, path, _) in OPERATIONS.items() if "{" in path}
    assert links_of("get_order") == links_of("pause_webhook") == links_of("rotate_webhook_secret") == {}


def test_what_was_made_is_read_changed_and_forgotten_by_its_links(me: Program) -> None:
    made = me.post("/webhooks", HOOK).json()
    to = led("make_webhook", made)
    assert me.ask(*to["change_webhook"], {"label": "told"}).json()["label"] == "told"
    assert me.ask(*to["get_webhook"]).json()["label"] == "told"
    assert led("list_webhooks", me.get("/webhooks").json())["get_webhook"] == to["get_webhook"]
    assert me.ask(*to["delete_webhook"]).status_code == 204
    assert me.ask(*to["get_webhook"]).status_code == 404


def test_a_push_leads_to_its_order_its_parcel_and_its_number(me: Program, shop: Ledger) -> None:
    to = led("list_pushes", me.get("/pushes").json())
    assert me.ask(*to["get_order"]).json()["external_id"] == "1001"
    assert me.ask(*to["get_number"]).json()["text"] == NUMBER
    assert me.ask(*to["get_parcel"]).json()["orders"] == [to["get_order"][1].rpartition("/")[2]]
