"""The OpenAPI 3.1 document, made from the operations' signatures and the types that they name."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from django.conf import settings

from doorstep.app.api import api_keys
from doorstep.app.say import text
from doorstep.web.api.links import links
from doorstep.web.api.problem import MEDIA, STATUS, Problem
from doorstep.web.api.route import Route, row_of
from doorstep.web.api.table import MODULES, TABLE

VERSION: Final = "1.0"
REFS: Final = "#/components/schemas/{name}"
TAGGED: Final = ("GET",)  # methods whose answers have an ETag
Schema = dict[str, Any]
_GOOD: Final = {200: "api.status.done", 201: "api.status.made", 202: "api.status.taken", 204: "api.status.silent"}


@functools.cache
def document() -> bytes:
    """The document as JSON."""
    return msgspec.json.encode(as_dict())


@functools.cache
def as_dict() -> Mapping[str, Any]:
    """The document as plain data."""
    made = msgspec.json.encode(_document()).decode()
    for long in re.findall(r"#/components/schemas/(doorstep\.[\w.]+)", made):  # two kinds of one name
        *_, module, name = long.split(".")
        made = made.replace(long, f"{module.title()}{name}")
    return msgspec.json.decode(made, type=dict[str, Any])


def _document() -> Schema:
    routes = [one for by_method in TABLE.values() for one in by_method.values()]
    schemas, components = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for one in routes:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Doorstep",
            "version": VERSION,
            "summary": text("api.summary"),
            "description": text("api.about"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": f"{settings.PUBLIC_URL}/api/v1"}],
        "security": [{"key": []}],
        "tags": [{"name": tag_of(one.__name__), "description": (one.__doc__ or "").strip()} for one in MODULES],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": text("api.key.how", prefix=api_keys.PREFIX)}
            },
            "responses": {name: _problem(name) for name in STATUS},
            "headers": _headers(),
        },
    }


def tag_of(module: str) -> str:
    """The group of a module's operations."""
    return module.rpartition(".")[2].replace("recognizing", "recognize")


def operations() -> Iterator[Route]:
    """All operations, group by group."""
    for by_method in TABLE.values():
        yield from by_method.values()


def _schemas(routes: list[Route]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """The schema of every type that is sent or taken, and what they refer to."""
    types: list[Any] = [Problem]
    for one in routes:
        types += [kind for kind in (one.answer, one.body, one.query) if kind not in {None, bytes}]
    unique = list(dict.fromkeys(types))
    made, components = msgspec.json.schema_components(unique, ref_template=REFS)
    schemas = dict(zip(unique, made, strict=True))
    for kind in {one.query for one in routes if one.query}:  # said as parameters, and nowhere else
        schemas[kind] = components.pop(kind.__name__)
    sparse = {row_of(one.answer).__name__ for one in routes if one.sparse}
    for name, schema in components.items():
        _polish(schema)
        if name in sparse:
            schema["required"] = ["id"] if "id" in schema["properties"] else []
    return schemas, components


def _polish(schema: Schema) -> None:
    """Words for people in the form that documents have."""
    if "description" in schema:
        schema["description"] = _plain(schema["description"])
    for one in schema.get("properties", {}).values():
        if one.get("default") == "":
            one.pop("default")


def _plain(said: str) -> str:
    return re.sub(r"\s+", " ", said.replace("``", "`")).strip()


def _operation(one: Route, schemas: Mapping[Any, Schema]) -> Schema:
    summary, _, rest = _plain(one.about).partition(". ")
    made: Schema = {
        "operationId": one.name,
        "tags": [tag_of(one.handle.__module__)],
        "summary": summary.rstrip("."),
        "description": " ".join(filter(None, (rest, text("api.needs", scope=one.scope) if one.scope else ""))),
        "parameters": [*_path_parameters(one), *_query_parameters(one, schemas), *_header_parameters(one)],
        "responses": _responses(one, schemas),
    }
    if one.body:
        content = {media: {"schema": schemas[one.body]} for media in one.media}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _path_parameters(one: Route) -> Iterator[Schema]:
    for name in one.names:
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"}}


def _query_parameters(one: Route, schemas: Mapping[Any, Schema]) -> Iterator[Schema]:
    if one.query is None:
        return
    schema = schemas[one.query]
    for name, said in schema["properties"].items():
        plain = {key: value for key, value in _not_null(said).items() if key not in {"description", "default"}}
        made = {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": plain}
        described = said.get("description") or _not_null(said).get("description")
        if name == "fields":
            described = f"{described} {', '.join(sorted(one.sparse))}"
        yield made | ({"description": described} if described else {})


def _not_null(said: Schema) -> Schema:
    """What may be left out is not said as null behind a question mark."""
    some = [one for one in said.get("anyOf", ()) if one.get("type") != "null"]
    return some[0] if len(some) == 1 else said


def _header_parameters(one: Route) -> Iterator[Schema]:
    if one.method == "POST":
        how = text("api.idempotency.how")
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "description": how,
            "schema": {"type": "string", "maxLength": 255},
        }
    if one.method in TAGGED:
        how = text("api.etag.how")
        yield {"name": "If-None-Match", "in": "header", "description": how, "schema": {"type": "string"}}


def _responses(one: Route, schemas: Mapping[Any, Schema]) -> Schema:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit", "RateLimit-Policy")}
    extra = {"ETag"} if one.method in TAGGED else {"Location"} if one.status in {201, 202} else set[str]()
    headers |= {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(extra)}
    good: Schema = {"description": text(_GOOD[one.status]), "headers": headers}
    if one.answer is not None:
        good["content"] = {"application/json": {"schema": schemas[one.answer]}}
    if leads := links(one, operations()):
        good["links"] = leads
    found: Schema = {str(one.status): good}
    if one.method in TAGGED:
        found["304"] = {"description": text("api.status.same")}
    for status in sorted({STATUS[name] for name in _ways(one)}):
        found[str(status)] = {"$ref": f"#/components/responses/{_named(status)}"}
    return found


def _ways(one: Route) -> Iterator[str]:
    """How an operation can go wrong."""
    yield from ("unreadable", "no_key", "too_many", "broken", "busy", "not_found", "invalid")
    if one.scope:
        yield "no_scope"
    if one.body:
        yield from ("too_large", "media")
    if one.method != "GET":
        yield "not_now"


def _named(status: int) -> str:
    """One problem of a status: their shape is the same."""
    return next(name for name, code in STATUS.items() if code == status)


def _problem(name: str) -> Schema:
    return {
        "description": text(f"api.problem.{name}"),
        "content": {MEDIA: {"schema": {"$ref": REFS.format(name=Problem.__name__)}}},
    }


def _headers() -> Schema:
    names = ("RateLimit", "RateLimit-Policy", "ETag", "Location")
    return {name: {"description": text(f"api.header.{name}"), "schema": {"type": "string"}} for name in names}
