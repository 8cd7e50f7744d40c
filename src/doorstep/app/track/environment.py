"""Carrier accounts in the environment, for a look without any database. Needs no Django."""

from collections.abc import Iterator, Mapping

from doorstep.connectors.contract import Field
from doorstep.connectors.registry import connector, connectors


def variable(name: str, field: Field) -> str:
    """The name that a field of a connector's account has in the environment: AFTERSHIP_API_KEY."""
    return f"{name}_{field.name}".upper()


def named(environment: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """The carrier accounts that are whole in the environment, by connector: what their form would hold."""
    found = {}
    for name, one in connectors("carrier").items():
        form = {field.name: environment.get(variable(name, field), "") for field in one.meta.fields}
        needed = [form[field.name] for field in one.meta.fields if field.required]
        if needed and all(needed):
            found[name] = form
    return found


def in_order(forms: Mapping[str, Mapping[str, str]], carrier: str) -> Iterator[str]:
    """Which of them may know a carrier's numbers ('' = not known whose): its own account, then aggregators."""
    metas = {name: connector("carrier", name).meta for name in forms}
    yield from (name for name, meta in metas.items() if carrier in meta.carriers)
    yield from (name for name, meta in metas.items() if not meta.carriers)
