"""Writes what an installed Doorstep is made of as CycloneDX 1.6 JSON: ``python docs/sbom.py > sbom.json``.

From the packages' own metadata and the locks: each with its version, licence, address (purl) and hashes.
"""

import json
import re
import sys
import uuid
from importlib.metadata import Distribution, version
from typing import Any, Final

from generate import REQUIREMENTS, closure, licence  # beside this file

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://doorstep/sbom")


def document() -> dict[str, Any]:
    """The document. Two runs on one installation give the same one."""
    needed = closure(REQUIREMENTS / "base.in") | closure(REQUIREMENTS / "postgres-extra.in")
    own = {
        "type": "application",
        "name": "doorstep",
        "version": version("doorstep"),
        "bom-ref": "doorstep",
        "licenses": [{"expression": "Apache-2.0"}],
    }
    parts = [component(name, one) for name, one in sorted(needed.items())]
    serial = uuid.uuid5(NAMESPACE, json.dumps(parts, sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
        "dependencies": [{"ref": "doorstep", "dependsOn": [one["bom-ref"] for one in parts]}],
    }


def component(name: str, package: Distribution) -> dict[str, Any]:
    """One package."""
    at = f"pkg:pypi/{name}@{package.version}"
    return {
        "type": "library",
        "name": name,
        "version": package.version,
        "purl": at,
        "bom-ref": at,
        "licenses": [{"license": {"name": licence(package)}}],
        "hashes": [{"alg": "SHA-256", "content": one} for one in locked(name, package.version)],
    }


def locked(name: str, of: str) -> list[str]:
    """The hashes of the files that the lock allows for a version."""
    lock = (REQUIREMENTS / "postgres.txt").read_text(encoding="utf-8")
    pin = re.search(rf"(?m)^{re.escape(name)}(?:\[[^]]*\])?=={re.escape(of)}\b.*\n(?:    .*\n)*", lock)
    return re.findall(r"--hash=sha256:([0-9a-f]{64})", pin[0]) if pin else []


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2)
