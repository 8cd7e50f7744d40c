"""What queries cost and how fast they may come: one point an object, lists as many as are asked for, lists in lists
multiply, ten a mutation.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, SelectionSetNode
from graphql.language import IntValueNode, OperationDefinitionNode, OperationType, VariableNode

MOST = 1000  # of one query
Fragments = dict[str, SelectionSetNode]


@dataclass(slots=True)
class Bucket:
    """Leaks ``rate`` points a real second."""

    size: float = 2000.0
    rate: float = 100.0
    available: float = 2000.0
    _at: float = field(default_factory=time.monotonic)

    def refill(self) -> None:
        """Up to now."""
        now = time.monotonic()
        self.available = min(self.size, self.available + (now - self._at) * self.rate)
        self._at = now

    def as_json(self) -> dict[str, float]:
        """As ``throttleStatus``."""
        return {
            "maximumAvailable": self.size,
            "currentlyAvailable": int(self.available),
            "restoreRate": self.rate,
        }


def requested(document: DocumentNode, variables: dict[str, Any]) -> int:
    """The most that a document can cost with these variables."""
    fragments = {
        one.name.value: one.selection_set for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    total = 0
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            each = 10 if one.operation is OperationType.MUTATION else 0
            total += _cost(one.selection_set, fragments, variables, 1) + each * len(one.selection_set.selections)
    return total


def _cost(chosen: SelectionSetNode, fragments: Fragments, variables: dict[str, Any], many: int) -> int:
    """``many``: how many nodes the connection around it may have."""
    total = 0
    for one in chosen.selections:
        if isinstance(one, FragmentSpreadNode):
            total += _cost(fragments[one.name.value], fragments, variables, many)
        elif isinstance(one, FieldNode) and one.selection_set:
            first = _first(one, variables)
            inner = _cost(one.selection_set, fragments, variables, first)
            if one.name.value == "nodes":
                total += many * (1 + inner)
            elif first and not _is_connection(one):
                total += first * (1 + inner)
            else:
                total += 1 + inner
    return total


def _is_connection(one: FieldNode) -> bool:
    chosen = one.selection_set.selections if one.selection_set else ()
    return any(isinstance(inner, FieldNode) and inner.name.value == "nodes" for inner in chosen)


def _first(one: FieldNode, variables: dict[str, Any]) -> int:
    for argument in one.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            if isinstance(value, VariableNode):
                return int(variables.get(value.name.value) or 0)
            return int(value.value) if isinstance(value, IntValueNode) else 0
    return 0


def spent(data: Any) -> int:
    """What an answer really cost: its objects."""
    if isinstance(data, dict):
        return 1 + sum(map(spent, data.values()))
    return sum(map(spent, data)) if isinstance(data, list) else 0
