"""``python -m tests.scan``: other people's tools against a real Doorstep on the loopback (`make scan`).

schemathesis reads the API's description and tries everything in it, links between operations included; wapiti walks
console, page and app as each kind of user. Both run beside the product: nothing of them is installed with it. Each is
bounded in time, and stopped when it does not end by itself.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.house import House
from tests.scan.described import described
from tests.scan.walked import walked

SECONDS: Final = os.environ.get("DOORSTEP_SCAN_SECONDS", "480")  # that schemathesis goes on trying
TOWN: Final = (sys.executable, "-W", "ignore", "-m", "tests.scan.town")
PATIENCE_S: Final = 1800  # where much else runs at the same time


def main() -> int:
    """0 where neither found anything."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "house")
        house.folder.mkdir()
        house.env["DOORSTEP_API_PER_MINUTE"] = "1000000"
        try:
            wrong = scanned(house, Path(folder))
        finally:
            house.close()
    sys.stdout.write(f"{wrong} findings\n" if wrong else "nothing found\n")
    return int(bool(wrong))


def scanned(house: House, folder: Path) -> int:
    """Fill it, start it, and let both at it: how much they found."""
    made = subprocess.run(TOWN, env=house.env, check=True, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S)
    town: dict[str, Any] = json.loads(made.stdout)
    house.up()
    base = f"http://127.0.0.1:{house.port}"
    wrong = sum(walked(base, who, one["start"], one["cookie"], folder) for who, one in town["users"].items())
    code, told = described(base, town["key"], "coverage,fuzzing,stateful", "--max-time", SECONDS)
    sys.stdout.write(told)
    return wrong + int(code != 0)


if __name__ == "__main__":
    sys.exit(main())
