"""Shopify's documents, recorded answers and carrier names, and the sandbox's schema, against the vendor's own."""

import json
import re
from functools import cache
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    is_required_argument,
    is_required_input_field,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode

from doorstep.connectors.contract import Moved
from doorstep.connectors.stores.shopify import CONNECTOR
from doorstep.connectors.stores.shopify_admin import documents
from doorstep.connectors.stores.shopify_admin.giving import EVENTS
from doorstep.core.channel import carrier_name, channel
from doorstep.core.number import carriers
from doorstep.core.status import Status
from sandbox.shopify import MOST, the_schema
from sandbox.shopify_cost import requested
from tests.connectors.flow import NOW, drive
from tests.connectors.recordings import of
from tests.connectors.shopify_shop import SHOPIFY, TOKENED, order, shipment, shop, speaks
from tests.connectors.vendor_specs import file

DOCUMENTS = {
    name: said
    for name, said in vars(documents).items()
    if isinstance(said, str) and said.startswith(("query", "mutation"))
}
SIZES = {"ORDERS": {"first": documents.PER_PAGE, **documents.IN_LIST}, "ORDER": documents.ALONE}


@cache
def official() -> GraphQLSchema:
    said = json.loads(file("shopify/admin_2026-07.json").read_text())
    return build_client_schema(said["data"], assume_valid=True)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_is_one_of_the_vendors_schema_and_cheap_enough(name: str) -> None:
    document = parse(DOCUMENTS[name])
    assert validate(official(), document) == []
    assert requested(document, SIZES.get(name, {})) <= MOST


def test_everything_that_is_sent_is_valid_with_its_variables() -> None:
    """The whole road, on the vendor's schema itself: our shop answers under it, too."""
    there = shop()
    there._schema = official()
    to = there.place(order())
    ref = drive(CONNECTOR, TOKENED, SHOPIFY.push(TOKENED, shipment(to)), speaks(there)).result.ref
    moved = Moved(order=str(to.id), ref=ref, number="RB1", status=Status.IN_TRANSIT, at=NOW, key="k", city="Porto")
    flows: list[Any] = [
        SHOPIFY.check(TOKENED),
        SHOPIFY.orders(TOKENED, NOW),
        SHOPIFY.order(TOKENED, str(to.id)),
        SHOPIFY.push(
            TOKENED,
            shipment(
                to,
                "1Z9",
                carrier="",
                carrier_name="Nord",
                url="https://n.example/1",
                replaces=ref,
                former="RB123456785PT",
            ),
        ),
        SHOPIFY.tell(TOKENED, moved),
        SHOPIFY.withdraw(TOKENED, str(to.id), ref),
        SHOPIFY.subscribe(TOKENED, "https://doorstep.example/hooks/x", ""),
    ]
    sent = [request for flow in flows for request in drive(CONNECTOR, TOKENED, flow, speaks(there)).requests]
    assert len(sent) == 15
    for request in sent:
        said = json.loads(request.body)
        operation = parse(said["query"]).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        given = get_variable_values(official(), operation.variable_definitions or (), said["variables"])
        assert not isinstance(given, list), given
    assert to.fulfillments[0].status == "CANCELLED"


def test_recorded_answers_hold_only_words_and_fields_of_the_schema() -> None:
    """A recorded order is looked up field by field, enum by enum; the invented word is the one exception."""
    wrong = [said for one in of(CONNECTOR) if (data := data_of(one)) for said in misfits(data, official())]
    assert wrong == ["FulfillmentDisplayStatus: HELD_AT_THE_MOON"]


def data_of(recording: Any) -> Any:
    body = recording.content["body"]
    return body.get("data") if isinstance(body, dict) and recording.path.stem != "odd_shapes" else None


def misfits(value: Any, schema: GraphQLSchema, kind: Any = None) -> list[str]:
    """What of an answer the schema does not know."""
    named = schema.query_type if kind is None else kind
    while hasattr(named, "of_type"):
        named = named.of_type
    if isinstance(value, list):
        return [said for one in value for said in misfits(one, schema, named)]
    if isinstance(value, dict) and isinstance(named, GraphQLObjectType):
        unknown = [f"{named.name}.{field}" for field in value if field not in named.fields]
        known = [field for field in value if field in named.fields]
        return unknown + [said for field in known for said in misfits(value[field], schema, named.fields[field].type)]
    if isinstance(named, GraphQLEnumType) and value is not None and value not in named.values:
        return [f"{named.name}: {value}"]
    return []


def test_every_word_of_the_schema_is_known() -> None:
    shown = official().type_map["FulfillmentDisplayStatus"]
    told = official().type_map["FulfillmentEventStatus"]
    assert isinstance(shown, GraphQLEnumType) and isinstance(told, GraphQLEnumType)
    assert set(shown.values) == set(SHOPIFY.status)
    assert set(EVENTS.values()) <= set(told.values)


def test_carriers_are_called_exactly_as_on_shopifys_list() -> None:
    said = json.loads(file("shopify/supported_tracking_companies_2026-07.json").read_text())
    parts = (part for way in ("\n", " ") for part in re.split(r",|\n|\*\*.*?\*\*:", way.join(said)))
    listed = {part.strip(" .") for part in parts}  # by country, and broken into lines anywhere
    named = (carrier_name(channel("shopify"), one.code) for one in carriers())
    assert {one.field for one in named if one.listed} <= listed


def test_sandbox_speaks_a_part_of_the_vendors_schema() -> None:
    ours, theirs = the_schema(), official()
    for name, one in ours.type_map.items():
        if not name.startswith("__"):
            assert not disagreements(one, theirs.type_map[name]), name


def disagreements(one: GraphQLNamedType, other: GraphQLNamedType) -> list[str]:
    if type(one) is not type(other):
        return [f"{one} is another kind of type"]
    if isinstance(one, GraphQLEnumType) and isinstance(other, GraphQLEnumType):
        return sorted(set(one.values) - set(other.values))
    if isinstance(one, GraphQLObjectType) and isinstance(other, GraphQLObjectType):
        return [said for name, field in one.fields.items() for said in field_disagrees(name, field, other)]
    if isinstance(one, GraphQLInputObjectType) and isinstance(other, GraphQLInputObjectType):
        missing = {name for name, field in other.fields.items() if is_required_input_field(field)} - set(one.fields)
        return sorted(missing) + [
            name for name, field in one.fields.items() if str(field.type) != str(other.fields[name].type)
        ]
    return []


def field_disagrees(name: str, field: Any, other: GraphQLObjectType) -> list[str]:
    there = other.fields[name]
    wrong = [] if str(field.type) == str(there.type) else [name]
    wrong += [
        f"{name}({one})" for one, said in there.args.items() if is_required_argument(said) and one not in field.args
    ]
    return wrong + [f"{name}({one})" for one, said in field.args.items() if str(said.type) != str(there.args[one].type)]
