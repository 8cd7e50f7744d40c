"""``python -m tests.scan``: other people's tools against a real Doorstep on the loopback, from an environment of their
own (`make scan`). schemathesis reads the API's description and tries everything in it, links between operations
included; wapiti walks console, page and API as an owner, a viewer and nobody. Both are tools that run beside the
product: nothing of them is imported here or installed with Doorstep.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final

from tests.house import House

TOOLS: Final = Path(__file__).parents[2] / ".cache"
PASSWORD: Final = "a long enough secret 7"
PEOPLE: Final = {"alice@example.org": "owner", "vera@example.org": "viewer"}
EXAMPLES: Final = os.environ.get("DOORSTEP_SCAN_EXAMPLES", "40")
SECONDS: Final = os.environ.get("DOORSTEP_SCAN_SECONDS", "300")
MODULES: Final = "all,-brute_login_form,-buster,-nikto,-shellshock,-wapp,-network_device"


def main() -> int:
    """0 where neither found anything."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        house.env["DOORSTEP_API_PER_MINUTE"] = "1000000"
        try:
            return prepared(house, Path(folder))
        finally:
            house.close()


def prepared(house: House, folder: Path) -> int:
    """Make people, a parcel and a key; run both."""
    for email, role in PEOPLE.items():
        said(house.run("user", "add", email, "--workspace", "Alice", "--role", role, "--password", PASSWORD))
    house.up()
    said(house.run("numbers", "follow", "1Z999AA10123456784"))
    scopes = [word for one in scopes_of_the_api(house) for word in ("--scope", one)]
    key = json.loads(said(house.run("key", "make", "scan", *scopes, "--json")))["key"]
    base = f"http://127.0.0.1:{house.port}"
    wrong = described(base, key)
    for email in ("", *PEOPLE):
        wrong += walked(base, email, folder)
    sys.stdout.write(f"{wrong} findings\n" if wrong else "nothing found\n")
    return int(bool(wrong))


def said(done: "subprocess.CompletedProcess[str]") -> str:
    """What a command said that went well."""
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout.splitlines()[-1] if done.stdout else ""


def scopes_of_the_api(house: House) -> list[str]:
    """All there are, as the description has them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{house.port}/api/v1/openapi.json", timeout=30) as answer:
        told = json.dumps(json.load(answer))
    return sorted(set(re.findall(r"\b[a-z]+:(?:read|write)\b", told)))


def described(base: str, key: str) -> int:
    """schemathesis: 1 where an answer is not as described, or is the server's fault."""
    words = ["run", f"{base}/api/v1/openapi.json", "--url", f"{base}/api/v1", "-H", f"Authorization: Bearer {key}",
             "--phases", "examples,coverage,fuzzing,stateful", "-n", EXAMPLES, "--checks", "all",
             "--exclude-checks", "unsupported_method,positive_data_acceptance,missing_required_header",
             "--continue-on-failure", "--request-timeout", "60"]  # fmt: skip
    return int(subprocess.run([TOOLS / "schemathesis" / "bin" / "schemathesis", *words], check=False).returncode != 0)


def walked(base: str, email: str, folder: Path) -> int:
    """wapiti as this person, '' = nobody: how many findings of its worse kinds."""
    report = folder / f"{email or 'nobody'}.json"
    words = ["-u", f"{base}/", "--scope", "domain", "-f", "json", "-o", str(report), "-m", MODULES, "--no-bugreport",
             "--max-scan-time", SECONDS, "--max-attack-time", "60", "-v", "0", "--flush-session",
             "-x", f"{base}/accounts/logout/", "--store-session", str(folder)]  # fmt: skip
    if email:
        words += ["-C", str(cookies(base, email, folder))]
    subprocess.run([TOOLS / "wapiti" / "bin" / "wapiti", *words], check=False, stdout=sys.stderr)
    found: dict[str, Any] = json.loads(report.read_text())["vulnerabilities"]
    for name, every in found.items():
        for one in every:
            told = f"{one['method']} {one['path']} {one['info']}"
            sys.stdout.write(f"wapiti as {email or 'nobody'}: {name}: {told}\n")
    return sum(map(len, found.values()))


def cookies(base: str, email: str, folder: Path) -> Path:
    """A file with the session of somebody who logged in, as wapiti reads it."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = opener.open(f"{base}/accounts/login/", timeout=30).read().decode()
    token = page.split('name="csrfmiddlewaretoken" value="', 1)[1].split('"', 1)[0]
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": token, "login": email, "password": PASSWORD})
    opener.open(f"{base}/accounts/login/", form.encode(), timeout=30).close()
    held: dict[str, Any] = {}
    for one in jar:
        path = held.setdefault(f".{one.domain}", {}).setdefault(one.path, {})
        path[one.name] = {"version": 0, "expires": one.expires, "secure": one.secure, "value": one.value, "port": None}
    assert any("session" in name for paths in held.values() for path in paths.values() for name in path)
    file = folder / f"{email}.cookies.json"
    file.write_text(json.dumps(held))
    return file


if __name__ == "__main__":
    sys.exit(main())
