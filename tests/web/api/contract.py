"""A program that asks the API, and holds every answer against the OpenAPI document."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import jsonschema
from django.http import HttpResponse
from django.test import Client

from doorstep.app.api import api_keys
from doorstep.web.api import openapi

ROOT = "/api/v1"
DOCUMENT = openapi.as_dict()


@dataclass
class Program:
    """Who has a key."""

    secret: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        named = {f"HTTP_{name.upper()}": value for name, value in headers.items() if name != "content_type"}
        if self.secret:
            named.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.secret}")
        data = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
        kind = headers.get("content_type", "application/json")
        answer = self.client.generic(method, ROOT + path, data, kind, **named)
        check(method, path.partition("?")[0], answer)
        return answer  # type: ignore[no-any-return]

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.ask("POST", path, body, **headers)

    def rows(self, path: str, **headers: str) -> list[dict[str, Any]]:
        answer = self.get(path, **headers)
        assert answer.status_code == 200, answer.content
        return list(answer.json()["data"])


def program(ws: int, *scopes: str, actor: str = "user:1") -> Program:
    """A program with a key of these scopes; all of them where none is named."""
    return Program(api_keys.make(ws, "a program", scopes or api_keys.SCOPES, 30, actor)[1])


def check(method: str, path: str, answer: HttpResponse) -> None:
    """Every answer is one that the document tells of, in the shape that it says."""
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code >= 400:
        assert kind == "application/problem+json", (path, kind)
        problem = answer.json()  # type: ignore[attr-defined]
        valid({"$ref": "#/components/schemas/Problem"}, problem)
        assert problem["status"] == answer.status_code and "…" not in problem["detail"]
    operation = operation_of(method, path)
    if operation is None:
        assert answer.status_code in {404, 405}, path
        return
    said = operation["responses"].get(str(answer.status_code))
    assert said is not None, f"{method} {path}: {answer.status_code} is not in the document"
    if answer.status_code < 400 and "content" in said:
        assert kind == "application/json"
        if method != "HEAD" and "fields=" not in path:
            valid(said["content"]["application/json"]["schema"], answer.json())  # type: ignore[attr-defined]
    else:
        assert answer.status_code not in {204, 304} or not answer.content


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    for template, operations in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[0-9]{1,19}", re.escape(template)), path):
            found: dict[str, Any] | None = operations.get("get" if method == "HEAD" else method.lower())
            if found is not None:
                return found
    return None


def valid(schema: dict[str, Any], value: Any) -> None:
    jsonschema.Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}, format_checker=jsonschema.FormatChecker(["date"])
    ).validate(value)
