"""The English sentences, read as files: core knows their ids only."""

import functools
import tomllib
from pathlib import Path

ENGLISH = Path(__file__).resolve().parents[2] / "src/doorstep/locale/en"


@functools.cache
def area(name):
    return tomllib.loads((ENGLISH / f"{name}.toml").read_text(encoding="utf-8"))


def sentence(message):
    """What a person reads; KeyError where the sentence or one of its values is missing."""
    said = area(message.id.split(".")[0])
    plural = f"{message.id}#{'one' if message.values.get('count') == 1 else 'other'}"
    return said[plural if plural in said else message.id].format_map(message.values)
