"""Logging: one line per event, JSON for machines, coloured for people. Secrets are blanked out whatever says them."""

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

BLANK = "[removed]"
_SECRET_NAME = re.compile(
    r"(?i)authorization|cookie|token|secret|password|credential|signature|api_?key|^key$|consumer"
)
_SECRET_VALUE = re.compile(
    r"(?i)(?P<scheme>\b(?:basic|bearer)\s+)[\w.~+/=-]{6,}"
    r"|(?P<pair>\b(?:\w*token|\w*secret|password|api_?key|consumer_key|oauth_signature)=)[^&\s\"']+"
    r"|(?P<vendor>\b[cs]k_)[0-9a-f]{8,}"
    r"|(?P<own>\b(?:dsk|whsec)_)[\w+/=-]{8,}"
    r"|(?P<path>/(?:hooks|t|s|find|leave|follow|quiet|join|calendar)/)[\w-]{16,}"
)


def configure(*, json: bool | None = None, level: int | str = "") -> None:
    """Set up logging of Doorstep and of the libraries; ``json`` None = unless standard error is a terminal."""
    level = level or os.environ.get("DOORSTEP_LOG", "INFO").upper()
    as_json = not sys.stderr.isatty() if json is None else json
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for quiet in ("asyncio", "mail.log", "django.request", "uvicorn"):
        logging.getLogger(quiet).setLevel("WARNING")
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: blanks values under secret names, and secrets inside of texts."""
    for name, value in event.items():
        if name.startswith("_"):
            continue
        event[name] = BLANK if _SECRET_NAME.search(name) else clean(value)
    return event


def clean(value: Any) -> Any:
    """A value without secrets; looks into mappings and sequences."""
    if isinstance(value, str):
        return _SECRET_VALUE.sub(lambda found: f"{next(filter(None, found.groups()))}{BLANK}", value)
    if isinstance(value, dict):
        return {key: BLANK if _SECRET_NAME.search(str(key)) else clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value
