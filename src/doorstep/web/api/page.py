"""The API as a page to read: every operation and every shape, without a script and from the same document."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from doorstep.web.api import openapi
from doorstep.web.api.problem import STATUS

_REF: Final = "#/components/schemas/"
_WORDS: Final = {"string": "text", "date-time": "instant", "date": "date"}


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Everything that the document says. It tells nothing of any workspace, so it asks for no login."""
    document = openapi.as_dict()
    groups: dict[str, list[dict[str, Any]]] = {one["name"]: [] for one in document["tags"]}
    for path, operations in document["paths"].items():
        for method, one in operations.items():
            said = [
                {**said, "kind": kind(said["schema"]), "about": words(said.get("description", ""))}
                for said in one["parameters"]
            ]
            about = words(one["description"])
            operation = {**one, "method": method.upper(), "path": path, "said": said, "about": about, **_bodies(one)}
            groups[one["tags"][0]].append(operation)
    schemas = document["components"]["schemas"]
    context = {
        "about": document["info"]["description"],
        "groups": [(one["name"], one["description"], groups[one["name"]]) for one in document["tags"]],
        "shapes": [(name, _shape(one)) for name, one in schemas.items() if not name.startswith("Page_")],
        "problems": [(name, status, f"api.problem.{name}", f"api.detail.{name}") for name, status in STATUS.items()],
        "example": f"curl -H 'Authorization: Bearer dsk_...' {document['servers'][0]['url']}/orders?limit=5",
    }
    return render(request, "api/page.html", context)


def _bodies(operation: Mapping[str, Any]) -> dict[str, Any]:
    """What an operation takes and answers, by the names of their shapes."""
    taken = operation.get("requestBody", {}).get("content", {})
    good = next(one for status, one in operation["responses"].items() if status.startswith("2"))
    sent = good.get("content", {}).get("application/json", {}).get("schema")
    return {
        "takes": [kind(one["schema"]) for one in taken.values()],
        "gives": kind(sent) if sent else [],
        "status": next(status for status in operation["responses"] if status.startswith("2")),
    }


def _shape(schema: Mapping[str, Any]) -> dict[str, Any]:
    fields = [
        {"name": name, "kind": kind(one), "needed": name in schema.get("required", ())}
        for name, one in schema.get("properties", {}).items()
    ]
    return {"about": words(schema.get("description", "")), "fields": fields, "members": schema.get("enum", ())}


def words(text: str) -> list[tuple[str, bool]]:
    """A text in pieces: (words, whether they are code)."""
    return [(piece, bool(at % 2)) for at, piece in enumerate(text.split("`")) if piece]


def kind(schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A type in words: (word, the shape that it leads to, '' = none) one after the other."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix(_REF)
        if name.startswith("Page_"):
            inner = name.removeprefix("Page_").rstrip("_")
            return [("page of", ""), (inner, inner)]
        return [(name, name)]
    if "anyOf" in schema:
        some = [kind(one) for one in schema["anyOf"]]
        return [part for n, one in enumerate(some) for part in ([("or", ""), *one] if n else one)]
    if "enum" in schema:
        return [(", ".join(map(str, schema["enum"])), "")]
    if schema.get("type") == "array":
        return [("list of", ""), *kind(schema["items"])]
    plain = str(schema.get("type", "anything"))
    return [(_WORDS.get(schema.get("format", plain), _WORDS.get(plain, plain)), "")]
