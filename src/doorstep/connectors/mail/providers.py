"""Where the mailboxes of well-known providers are read: ``providers.toml`` as values."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One row of ``providers.toml``. ``host`` '' = its mailboxes are not read with a password."""

    name: str
    host: str
    passwords: str = ""
    says: str = ""


def provider_of(domain: str) -> Provider | None:
    """Whose addresses end in a domain (lower case); None for a provider that is not known here."""
    return _BY_DOMAIN.get(domain)


def provider_at(host: str) -> Provider | None:
    """Whose server that is."""
    return _BY_HOST.get(host)


def with_pages() -> tuple[Provider, ...]:
    """Those whose page for passwords is known."""
    return tuple(one for one in _BY_HOST.values() if one.passwords)


def _rows() -> dict[str, Provider]:
    data = tomllib.loads(resources.files(__package__).joinpath("providers.toml").read_text(encoding="utf-8"))
    found: dict[str, Provider] = {}
    for row in data.values():
        provider = Provider(**{name: value for name, value in row.items() if name != "domains"})
        found |= dict.fromkeys(row["domains"], provider)
    return found


_BY_DOMAIN: Final = _rows()
_BY_HOST: Final = {one.host: one for one in _BY_DOMAIN.values() if one.host}
