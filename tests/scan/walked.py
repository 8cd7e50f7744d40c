"""wapiti over pages, as one kind of user at a time, and what of its findings is one."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

WAPITI: Final = Path(__file__).parents[2] / ".cache" / "wapiti" / "bin" / "wapiti"
# Those that need no server of wapiti's own outside, no list from the network, and no product by a name.
MODULES: Final = (
    *("backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "ldap", "methods"),
    *("permanentxss", "redirect", "sql", "timesql", "upload", "xss"),
)
CRAWL_S: Final = 40
MODULE_S: Final = 12
MOST_S: Final = CRAWL_S + MODULE_S * len(MODULES) + 900  # it ends by itself before, also where much else runs
TOKEN: Final = "csrftoken=aKd93mQz7LwT2xRb8VnYc5JhGf4Sp6Ue"  # beside what stands in each form
# What would end the walk: leaving, and closing what is walked through.
LEFT_OUT: Final = (
    *("accounts/logout/*", "accounts/password/*", "accounts/sessions/*", "accounts/2fa/*", "data/close", "data/person"),
    *("team/leave", "team/members/*", "my/leave", "my/you/erase"),
)
# Found, and none: (wapiti's word, what it says of it) -> docs/reference/scan.md says why.
NONE: Final[Sequence[tuple[str, str]]] = (
    ("Secure Flag cookie", "Secure flag is not set"),
    ("Cross Site Request Forgery", "is not properly checked in backend"),
    ("LDAP Injection", ".xlsx"),
    *(("Cross Site Request Forgery", f"POST {door}") for door in ("/t/", "/s/", "/find/")),
)


def walked(base: str, who: str, start: Sequence[str], cookie: str, folder: Path) -> int:
    """Everything that wapiti says is written to standard output; returns how much of it is a finding. 1 where it did
    not come to its end.
    """
    report = folder / f"{who.replace(' ', '_')}.json"
    words = [WAPITI, "-u", f"{base}{start[0]}", "--scope", "domain", "--flush-session", "--store-session", folder,
             "-C", "; ".join(filter(None, (cookie, TOKEN))), "-m", ",".join(MODULES), "-d", "4", "-v", "0",
             "--max-scan-time", str(CRAWL_S), "--max-attack-time", str(MODULE_S), "--max-files-per-dir", "30",
             "--endpoint", f"{base}/", "--no-bugreport", "-f", "json", "-o", report]  # fmt: skip
    words += [word for path in start[1:] for word in ("-s", f"{base}{path}")]
    words += [word for path in LEFT_OUT for word in ("-x", f"{base}/{path}")]
    try:
        subprocess.run(words, check=False, stdout=sys.stderr, timeout=MOST_S, stdin=subprocess.DEVNULL)
        said = json.loads(report.read_text())
    except (subprocess.TimeoutExpired, OSError) as problem:
        sys.stdout.write(f"wapiti as {who}: did not come to its end: {problem}\n")
        return 1
    sys.stdout.write(f"wapiti as {who}: {said['infos'].get('crawled_pages_nbr')} pages\n")
    told = sorted(set(findings(said)))
    for finding, category, line in told:
        sys.stdout.write(f"wapiti as {who}: {'' if finding else '(explained) '}{category}: {line}\n")
    return sum(finding for finding, _, _ in told)


def findings(said: Mapping[str, Any]) -> Iterator[tuple[bool, str, str]]:
    """(whether it is one, wapiti's word for it, where and what) of everything that it found odd."""
    for kind in ("vulnerabilities", "anomalies"):
        for category, every in said[kind].items():
            for one in every:
                told = f"{one['method']} {one['path']} {one['info']}"
                yield not any(category == word and says in told for word, says in NONE), category, told
