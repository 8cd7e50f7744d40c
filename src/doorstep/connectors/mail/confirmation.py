"""A mailbox provider asks whether it may forward here. Only its own mail and its own link are taken for that."""

import re
import tomllib
from collections.abc import Collection
from importlib import resources
from typing import Final
from urllib.parse import urlsplit

from doorstep.connectors.mail.links import host
from doorstep.connectors.mail.mime import Letter, domain

_PROVIDERS: Final = tomllib.loads(
    resources.files(__package__).joinpath("confirmations.toml").read_text(encoding="utf-8")
)
_SUBJECT: Final = re.compile(
    r"forward|weiterleit|weitergeleit|transfert|transférer|réexpédi|reenvío|reenvio|reenviar|encaminha|inoltr"
    r"|przekaz|doorstur|vidarebefor|videresend|转发|轉寄|転送|전달|пересыл",
    re.IGNORECASE,
)
_CONFIRM: Final = re.compile(
    r"confirm|verif|bestätig|bestaetig|potwierd|bevestig|bekräft|bekræft|vf-|确认|確認|확인|подтвер", re.IGNORECASE
)


def confirmation_link(letter: Letter) -> str:
    """The link that confirms a forwarding, '' if the letter asks for no such thing."""
    if not _SUBJECT.search(letter.subject):
        return ""
    sender = domain(letter.sender)
    for provider in _PROVIDERS.values():
        if _within(sender, provider["senders"]):
            return next((one.url for one in letter.links if _confirms(one.url, one.words, provider)), "")
    return ""


def _confirms(url: str, words: str, provider: dict[str, list[str] | str]) -> bool:
    path = str(provider["path"])
    if not url.lower().startswith("https://") or not _within(host(url), provider["links"]):
        return False
    return urlsplit(url).path.startswith(path) if path else bool(_CONFIRM.search(url) or _CONFIRM.search(words))


def _within(name: str, domains: Collection[str]) -> bool:
    return any(name == one or name.endswith("." + one) for one in domains)
