"""The page about writing a connector is followed to the letter: its files are written as it says and held to what every
connector owes.
"""

import csv
import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doorstep.connectors import carriers
from doorstep.connectors.contract import Account, Answer, Broken, Busy, Carrier, Denied
from doorstep.connectors.registry import connectors
from doorstep.core.number import TrackingNumber, directory
from doorstep.core.order import TrackAnswer
from doorstep.core.status import Reason, Status
from tests.connectors import recordings, test_conformance
from tests.connectors.flow import NOW, answer, drive

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how-to" / "write-a-connector.md"
FILES = dict(re.findall(r"(?ms)^`([\w./-]+\.\w+)`:\n\n```\w+\n(.*?)^```$", PAGE.read_text(encoding="utf-8")))
MODULE = "src/doorstep/connectors/carriers/acme_post.py"
NAMED = "src/doorstep/core/number/named.csv"
RECORDED = Path("tests/connectors/carriers/acme_post")
ACCOUNT = Account(credentials={"key": "s3cr3t-key"}, now=NOW)
NUMBER = TrackingNumber(text="AP100200300", carrier="acme_post", keys={"postcode": "4000", "phone": "123"})


def owed(argument: str) -> list[Callable[..., None]]:
    """What the conformance suite asks of every ``argument``: a connector, or a recording."""
    tests = [one for name, one in vars(test_conformance).items() if name.startswith("test_")]
    return [one for one in tests if any(argument == mark.args[0] for mark in getattr(one, "pytestmark", ()))]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page, laid out as it says."""
    top = tmp_path_factory.mktemp("house")
    for name, text in FILES.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, encoding="utf-8")
    return top


@pytest.fixture(scope="module")
def acme(root: Path) -> Iterator[Carrier]:
    """The connector, found by the registry among the others. Afterwards it was never there."""
    header = (ROOT / NAMED).read_text(encoding="utf-8").splitlines()[0]
    [row] = csv.DictReader([header, FILES[NAMED]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carriers, "__path__", [*carriers.__path__, str((root / MODULE).parent)])
        patch.setattr(recordings, "HERE", root / "tests" / "connectors")
        patch.setitem(directory._named(), row["code"], row)
        connectors.cache_clear()
        found: Carrier = connectors("carrier")["acme_post"]  # type: ignore[assignment]  # the kind says so
        yield found
    connectors.cache_clear()
    del sys.modules[f"{carriers.__name__}.acme_post"]
    delattr(carriers, "acme_post")


@pytest.fixture(scope="module")
def approved(acme: Carrier) -> list[recordings.Recording]:
    """The recordings after the first run, which writes what was read and fails."""
    found = list(recordings.of(acme))
    new = [one for one in found if not one.golden.exists()]
    for one in new:
        with pytest.raises(pytest.fail.Exception, match="please review and commit it"):
            test_conformance.test_recording_is_read_as_a_person_has_approved(one)
    assert len(new) == len(found) - 1, "the page shows one of them"
    return found


def recorded(root: Path, case: str) -> Answer:
    [found] = [one for one in recordings.of(connectors("carrier")["acme_post"]) if one.path.stem == case]
    assert found.path.parent == root / RECORDED
    return found.answer()


def test_page_has_the_files_that_it_speaks_of() -> None:
    assert {MODULE, NAMED, str(RECORDED / "odd_scans.out.json")} < set(FILES)
    assert len(FILES) == 9
    assert set(re.findall(r"```(\w+)", PAGE.read_text(encoding="utf-8"))) == {"json", "csv", "python"}


@pytest.mark.parametrize("check", [["check"], ["format", "--check"]], ids=lambda check: check[0])
def test_module_is_clean(check: list[str]) -> None:
    """As if it lay where the page says."""
    ruff = [sys.executable, "-m", "ruff", *check, "--no-cache", "--stdin-filename", MODULE, "-"]
    done = subprocess.run(ruff, cwd=ROOT, input=FILES[MODULE], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_module_is_within_its_budget() -> None:
    assert 60 <= len(FILES[MODULE].splitlines()) <= 150


@pytest.mark.parametrize("check", owed("connector"), ids=lambda one: one.__name__)
def test_it_owes_what_every_connector_owes(
    acme: Carrier, approved: list[recordings.Recording], check: Callable[..., None]
) -> None:
    assert approved
    check(connector=acme)


@pytest.mark.parametrize("check", owed("recording"), ids=lambda one: one.__name__)
def test_its_recordings_are_what_recordings_are(
    approved: list[recordings.Recording], check: Callable[..., None]
) -> None:
    for one in approved:
        check(recording=one)


def test_every_check_of_the_suite_is_made() -> None:
    assert len(owed("connector")) >= 7
    assert len(owed("recording")) == 3


def test_track_asks_about_each_number_and_reads_it(acme: Carrier, root: Path) -> None:
    numbers = [NUMBER, TrackingNumber(text="AP100200302")]
    replies = [recorded(root, "delivered"), recorded(root, "unknown_number")]
    done = drive(acme, ACCOUNT, acme.track(ACCOUNT, numbers), replies)
    assert [one.url for one in done.requests] == [
        "https://api.acme.example/v1/parcels/AP100200300",
        "https://api.acme.example/v1/parcels/AP100200302",
    ]
    assert [one.query for one in done.requests] == [(("postcode", "4000"),), ()]
    known, unknown = [track for one in done.answers for track in acme.read(one).tracks]
    assert [one.status for one in known.events] == [
        Status.PICKED_UP,
        Status.IN_TRANSIT,
        Status.ATTEMPT_FAILED,
        Status.DELIVERED,
    ]
    assert known.events[2].reason is Reason.NOBODY_HOME
    assert (unknown.number, unknown.answer) == ("AP100200302", TrackAnswer.NOT_FOUND)


@pytest.mark.parametrize(("case", "kind"), [("bad_key", Denied), ("too_fast", Busy), ("maintenance_page", Broken)])
def test_track_ends_at_the_first_trouble(acme: Carrier, root: Path, case: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        drive(acme, ACCOUNT, acme.track(ACCOUNT, [NUMBER, NUMBER]), [recorded(root, case)])


def test_check_says_whose_key_it_is(acme: Carrier) -> None:
    reply = answer({"id": "7", "name": "Lamps Lda"})
    done = drive(acme, ACCOUNT, acme.check(ACCOUNT), reply)
    assert (done.result.external_id, done.result.label) == ("7", "Lamps Lda")
    assert [one.what for one in done.requests] == [""]


def test_its_page_in_the_reference_says_how_to_get_a_key(acme: Carrier) -> None:
    spec = importlib.util.spec_from_file_location("connector_pages", ROOT / "docs" / "connector_pages.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    page = made.page("carrier", acme)
    assert "2. Under Account, API keys, make a key for tracking." in page
    assert "It answers for Acme Post." in page
