"""Container files and units are consistent: what they start, set, copy and name exists. Needs no container engine."""

import configparser
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from doorstep.cli import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"] == "doorstep"}
INSTRUCTIONS = {
    "FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT",
    "CMD",
}  # fmt: skip
NOT_SETTINGS = {"DOORSTEP_NAME"}  # of the proxy and of compose.yaml itself


def settings() -> set[str]:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    return set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", page))


def understood(words: Sequence[str]) -> None:
    """Fails unless the command line knows the command and its options."""
    group = typer.main.get_command(app)
    group.commands[words[0]].make_context(words[0], list(words[1:]))  # type: ignore[attr-defined]


def dockerfile() -> Iterator[tuple[str, str]]:
    """(instruction, its words), continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, words = line.partition(" ")
            yield name, words.strip()


def test_dockerfile_copies_what_exists_and_sends_it_to_the_builder():
    sent = set((ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines())
    lines = list(dockerfile())
    assert {name for name, _ in lines} <= INSTRUCTIONS and lines[0][0] == "FROM"
    for name, words in lines:
        if name == "COPY" and not words.startswith("--from=build"):
            for path in words.split()[:-1]:
                assert (ROOT / path).exists() and f"!{path.partition('/')[0]}" in sent, path


def test_image_starts_a_command_as_a_user_of_its_own():
    last = dict(dockerfile())
    assert json.loads(last["ENTRYPOINT"]) == ["doorstep"] and last["USER"] == "doorstep"
    understood(json.loads(last["CMD"]))
    check = json.loads(last["HEALTHCHECK"].partition("CMD")[2])
    compile(check[-1], "HEALTHCHECK", "exec")
    assert set(re.findall(r"\b(DOORSTEP_\w+)=", last["ENV"])) <= settings()


@pytest.mark.parametrize("name", OURS)
def test_service_starts_a_part_with_settings_that_exist(name):
    service = OURS[name]
    understood(service["command"])
    assert set(service["environment"]) <= settings()
    assert service["build"]["dockerfile"] == "deploy/Dockerfile"


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_an_init_and_names_only_what_there_is(name):
    service = SERVICES[name]
    assert service["init"] is True
    assert set(service.get("depends_on", ())) <= set(SERVICES)
    named = {one.partition(":")[0] for one in service.get("volumes", ())}
    assert all((DEPLOY / one).exists() if one.startswith(".") else one in COMPOSE["volumes"] for one in named)


def test_each_part_is_there_once_and_waits_for_the_migration():
    assert sorted(one["command"][0] for one in OURS.values()) == ["hooks", "migrate", "web", "worker"]
    for service in OURS.values():
        waits = {"postgres": "service_healthy"} if service["command"] == ["migrate"] else None
        known = waits or {"migrate": "service_completed_successfully"}
        assert {one: what["condition"] for one, what in service["depends_on"].items()} == known


def test_variables_of_compose_are_told_at_its_head():
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    head = text.partition("\nname:")[0]
    used = set(re.findall(r"\$\{(\w+)", text))
    assert [one for one in used if one not in head] == []
    assert {one for one in used if one.startswith("DOORSTEP_")} - NOT_SETTINGS <= settings()


def test_proxy_sends_to_parts_and_shows_nothing_internal():
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert set(re.findall(r"reverse_proxy (\w+):8000", text)) == {"web", "hooks"}
    assert "@inside path /metrics /healthz /readyz\n\trespond @inside 404" in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_unit_starts_a_part_and_gives_it_time_to_stop(path):
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    unit.read_string(path.read_text(encoding="utf-8"))
    assert unit.sections() == ["Unit", "Service", "Install"]
    service = unit["Service"]
    program, *words = shlex.split(service["ExecStart"].replace("%i", "8001"))
    assert program == "/opt/doorstep/bin/doorstep"
    understood(words)
    assert ("@" in path.name) == ("%i" in service["ExecStart"])
    assert int(service["TimeoutStopSec"]) > 10 and service["User"] == "doorstep"
    assert service["EnvironmentFile"] == "/etc/doorstep/doorstep.env"


def test_environment_of_the_units_names_only_settings():
    text = (DEPLOY / "systemd" / "doorstep.env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^#?([A-Z_]+)=", text)) <= settings()
