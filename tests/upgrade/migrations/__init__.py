"""The product's migrations and one more: what the next release might add."""

from doorstep.db import migrations

__path__ = [*__path__, *migrations.__path__]
