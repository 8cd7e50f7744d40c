"""Writes the client's typed calls from the API's own description: an operation is a method, a schema a shape."""

import functools
import json
import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

PLACE: Final = Path(__file__).parents[1] / "src" / "doorstep" / "client"
METHODS: Final = ("get", "post", "put", "patch", "delete")
PLAIN: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, Any]",
}
MADE: Final = "Made from the API's description by `make docs`; do not edit it."
Schema = Mapping[str, Any]


def modules() -> dict[Path, str]:
    """The text of each module."""
    document = described()
    made = {
        PLACE / "words.py": words(document),
        PLACE / "shapes.py": shapes(document, asked=False),
        PLACE / "bodies.py": shapes(document, asked=True),
        PLACE / "calls.py": calls(document),
        PLACE.parent / "cli" / "groups.py": groups(document),
    }
    return {path: formatted(text) for path, text in made.items()}


def formatted(text: str) -> str:
    """As all code here is."""
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "made.py", "-"]
    done = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - ours
    return done.stdout


def described() -> Schema:
    """The API's description."""
    from doorstep.cli.screen import load_keyless  # noqa: PLC0415 - loads Django, which no other page needs

    load_keyless()
    from doorstep.web.api.openapi import as_dict  # noqa: PLC0415 - has to follow it

    return as_dict()


def words(document: Schema) -> str:
    """The closed lists of words."""
    known: Schema = document["components"]["schemas"]
    lists = [f"{name} = {kind_of(one)}" for name, one in known.items() if "enum" in one]
    head = f'"""The closed lists of words that the API uses.\n\n{MADE}\n"""\n'
    return "\n".join((head, "from typing import Literal\n", *lists, ""))


def groups(document: Schema) -> str:
    """What can be asked below each address: the command line has a group for it."""
    found: dict[str, list[str]] = {}
    for path, by_verb in document["paths"].items():
        for verb, one in by_verb.items():
            if verb in METHODS:
                found.setdefault(path.split("/")[1], []).append(one["operationId"])
    head = f'"""The operations of the API by the first word of their address.\n\n{MADE}\n"""\n'
    imports = "from collections.abc import Mapping\nfrom typing import Final\n"
    rows = [f'    "{group}": ({", ".join(map(quoted, names))},),' for group, names in found.items()]
    return "\n".join((head, imports, "GROUPS: Final[Mapping[str, tuple[str, ...]]] = {", *rows, "}", ""))


def shapes(document: Schema, *, asked: bool) -> str:
    """What comes back, or what is only sent (``asked``), as typed dictionaries."""
    known: Schema = document["components"]["schemas"]
    only = sent(document)
    own = {name: one for name, one in known.items() if not name.startswith(("Page_", "Problem", "Fault"))}
    kinds = [shape(name, one) for name, one in own.items() if "enum" not in one and (name in only) is asked]
    text = re.sub(r'(?s)""".*?"""', "", "".join(kinds))  # not what is only said of them
    named = [name for name, one in own.items() if "enum" in one and re.search(rf'["| \[]{name}["| \]]', text)]
    typing = [name for name in ("Any", "Literal", "NotRequired") if name in text]
    does = "takes" if asked else "tells"
    head = f'"""What the API {does}: instants are text (2026-03-01T09:00:00Z), ids too.\n\n{MADE}\n"""\n'
    imports = f"from typing import {', '.join((*typing, 'TypedDict'))}\n\nfrom doorstep.client.words import "
    return "\n".join((head, imports + ", ".join(sorted(named)), *kinds, ""))


@functools.cache
def sent_names() -> frozenset[str]:
    """The shapes that are sent and never come back."""
    return sent(described())


def sent(document: Schema) -> frozenset[str]:
    """The same, of a document."""
    operations = [one for by_verb in document["paths"].values() for verb, one in by_verb.items() if verb in METHODS]
    told = reached(document, [one["responses"] for one in operations])
    return reached(document, [one.get("requestBody", {}) for one in operations]) - told


def reached(document: Schema, begin: Any) -> frozenset[str]:
    """The schemas that something names, and those that they name."""
    found, left = set[str](), [begin]
    while left:
        names = set(re.findall(r"#/components/schemas/([\w.]+)", json.dumps(left.pop()))) - found
        found |= names
        left += [document["components"]["schemas"][name] for name in names]
    return frozenset(found)


def shape(name: str, schema: Schema) -> str:
    """One shape."""
    needed = set(schema.get("required", ()))
    fields = [field(one, kind_of(said), one in needed) for one, said in schema["properties"].items()]
    about = "\n".join(textwrap.wrap(schema.get("description", name), 105, subsequent_indent="    "))
    return "\n".join(("", "", f"class {name}(TypedDict):", f'    """{about}"""', "", *fields))


def field(name: str, kind: str, needed: bool) -> str:
    """One field of a shape."""
    assert not keyword.iskeyword(name)
    return f"    {name}: {kind}" if needed else f"    {name}: NotRequired[{kind}]"


def kind_of(schema: Schema) -> str:
    """The type of a value."""
    if "$ref" in schema:
        return f'"{schema["$ref"].rpartition("/")[2]}"'
    if "enum" in schema:
        return f"Literal[{', '.join(map(quoted, schema['enum']))}]"
    if "anyOf" in schema:
        return union([kind_of(one) for one in schema["anyOf"]])
    if schema.get("type") == "array":
        return f"list[{kind_of(schema['items'])}]"
    if "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        return f"dict[str, {kind_of(schema['additionalProperties'])}]"
    return PLAIN.get(str(schema.get("type")), "Any")


def union(kinds: list[str]) -> str:
    """One of several types, as a text where it names a shape: shapes may come in any order."""
    bare = " | ".join(one.strip('"') for one in kinds)
    return f'"{bare}"' if any(one.startswith('"') for one in kinds) else bare


def quoted(text: str) -> str:
    """A word of an enumeration."""
    return f'"{text}"'


def calls(document: Schema) -> str:
    """A class with a method for each operation."""
    made = [
        method(path, verb, one)
        for path, by_verb in document["paths"].items()
        for verb, one in by_verb.items()
        if verb in METHODS
    ]
    head = f'"""Every operation of the API. {MADE}"""\n'
    imports = (
        "from collections.abc import Iterator, Sequence\nfrom typing import Literal, cast\n",
        "from doorstep.client import bodies, shapes, words\nfrom doorstep.client.send import Sender, segment\n\n",
        "class Client(Sender):",
        '    """One Doorstep, seen with one key: ``Client("https://track.shop.example", "dsk_...")``. A list is',
        "    walked to its end, page by page (``limit`` rows each). Every method raises Problem and Unreachable.",
        '    """',
    )
    return "\n".join((head, *imports, *made, ""))


def method(path: str, verb: str, operation: Schema) -> str:
    """One operation."""
    asked = [one for one in operation.get("parameters", ()) if one.get("in") in {"path", "query"}]
    named = [one["name"] for one in asked if one["in"] == "path"]
    queried = [one for one in asked if one["in"] == "query" and one["name"] != "cursor"]
    where = f'"{path}"'
    if named:
        where = "f" + where.replace("{", "{segment(").replace("}", ")}")
    query = ", ".join(f'"{one["name"]}": {one["name"]}' for one in queried)
    body = ", body" if "requestBody" in operation else ""
    call = f'self._call("{verb.upper()}", {where}, {{{query}}}{body})'
    kind, is_page = answered(operation)
    if is_page and verb == "get":
        call, kind = f"self._each({where}, {{{query}}})", f"Iterator[{kind}]"
    elif is_page:
        call, kind = f'{call}["data"]', f"list[{kind}]"
    about = "\n        ".join(textwrap.wrap(told(operation), 105))
    return "\n".join(
        (
            "",
            f"    def {operation['operationId']}({', '.join(taken(named, queried, operation))}) -> {kind}:",
            f'        """{about}"""',
            f"        {call}" if kind == "None" else f'        return cast("{kind}", {call})',
        )
    )


def told(operation: Schema) -> str:
    """What a method says of itself."""
    return f"{operation['summary'].rstrip('.')}. {operation.get('description', '').strip()}".strip()


def answered(operation: Schema) -> tuple[str, bool]:
    """The type of a good answer, or of its rows; and whether it is a page of these."""
    good = next(one for code, one in operation["responses"].items() if code < "300")
    if not good.get("content"):
        return "None", False
    name = next(iter(good["content"].values()))["schema"]["$ref"].rpartition("/")[2]
    return f"shapes.{name.removeprefix('Page_').strip('_')}", name.startswith("Page_")


def taken(named: list[str], queried: list[Schema], operation: Schema) -> Iterator[str]:
    """The arguments of a method."""
    yield "self"
    yield from (f"{one}: str" for one in named)
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        yield f"body: {argument(schema)}"
    needed = [one for one in queried if one.get("required")]
    rest = [one for one in queried if not one.get("required")]
    yield from (f"{one['name']}: {argument(one['schema'])}" for one in needed)
    if rest:
        yield "*"
    for one in rest:
        kind = "Sequence[str]" if one["name"] == "fields" else argument(one["schema"])
        yield f"{one['name']}: {kind} | None = None"


def argument(schema: Schema) -> str:
    """The type of an argument; shapes and words are named with their module."""
    kind = kind_of(schema)
    if not kind.startswith('"'):
        return kind
    name = kind.strip('"')
    enum = "enum" in described()["components"]["schemas"][name]
    return f"{'words' if enum else 'bodies' if name in sent_names() else 'shapes'}.{name}"


def write() -> None:
    """Write them."""
    for path, text in modules().items():
        path.write_text(text, encoding="utf-8")
