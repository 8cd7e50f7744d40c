"""The English sentences, read as files: core knows their ids only."""

import functools
import tomllib
from pathlib import Path

ENGLISH = Path(__file__).resolve().parents[2] / "src/doorstep/locale/en"


class Value(str):
    """A value in a sentence. What ``say`` does with dates is not core's business."""

    __slots__ = ()

    def __format__(self, spec) -> str:
        return str(self)


@functools.cache
def area(name):
    return tomllib.loads((ENGLISH / f"{name}.toml").read_text(encoding="utf-8"))


def sentence(message):
    """What a person reads; KeyError where the sentence or one of its values is missing."""
    said = area(message.id.split(".")[0])
    plural = f"{message.id}#{'one' if message.values.get('count') == 1 else 'other'}"
    values = {name: Value(value) for name, value in message.values.items()}
    return said[plural if plural in said else message.id].format_map(values)
