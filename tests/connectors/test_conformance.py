"""What every connector owes, found by the registry: there is no list to edit here either."""

import json
import os
import re
import tomllib
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doorstep.connectors import registry
from doorstep.connectors.contract import OWN, Account, Answer, Broken, Busy, Can, Connector, Denied, Facts, Trouble
from tests.connectors.flow import NOW, answer, drive, fresh
from tests.connectors.recordings import HERE, KEYS, Recording, everyone, folder, of, outcome, recordings, scalars

EVERYONE = everyone()
LONG = "DOORSTEP_LONG" in os.environ  # `tests/fuzz` spoils them too, in other ways
_PLACES: dict[int, list[tuple[Recording, list[tuple[Any, ...]]]]] = {}  # some connectors have no hash
LOCALE = HERE.parents[1] / "src/doorstep/locale/en"
SENTENCES = {name: said for path in LOCALE.glob("*.toml") for name, said in tomllib.loads(path.read_text()).items()}
ABILITIES = {
    Can.ORDERS: ("orders", "order"),
    Can.PUSH: ("push",),
    Can.READ_BACK: ("read_back",),
    Can.WITHDRAW: ("withdraw",),
    Can.HOOKS: ("subscribe", "receive"),
    Can.PURCHASES: ("purchases", "purchase"),
    Can.TRACK: ("track",),
    Can.FOLLOW: ("follow", "unfollow", "recarrier"),
    Can.TELL: ("tell",),
    Can.PAY: ("give",),
    Can.GRANT: ("authorize", "redeem"),
}


NOTHING = {"what": "", "status": 200, "headers": {}, "context": {}, "received_at": NOW.isoformat(), "body": ""}


def named(connector: Connector) -> str:
    return connector.meta.name


def remote(connector: Connector) -> bool:
    """Talks to somebody; a reader of mails or typed numbers does not."""
    return bool(connector.meta.hosts)


def account(connector: Connector) -> Account:
    """An account whose every secret can be told from everything else."""
    secret = {one.name: f"s3cr3t-{one.name}" for one in connector.meta.fields if one.secret}
    chosen = {one.name: one.name for one in connector.meta.fields if not one.secret}
    return Account(base_url="https://shop.example", settings=chosen, credentials=secret, now=NOW)


def title(recording: Recording) -> str:
    return f"{recording.connector.meta.name}-{recording.path.stem}"


every = pytest.mark.parametrize("connector", EVERYONE, ids=named)
recorded = pytest.mark.parametrize(
    "recording", recordings(), ids=lambda one: f"{one.connector.meta.name}-{one.path.stem}"
)


def test_registry_has_every_module_that_offers_a_connector() -> None:
    for kind, package in registry.PACKAGES.items():
        files = (HERE.parents[1] / "src/doorstep/connectors" / package).glob("*.py")
        offered = {path.stem for path in files if re.search(r"^CONNECTOR\b", path.read_text(), re.MULTILINE)}
        assert set(registry.connectors(kind)) == offered


def test_registry_says_what_exists() -> None:
    assert registry.connector("store", "woocommerce").meta.label == "WooCommerce"
    with pytest.raises(KeyError, match="woocommerce"):
        registry.connector("store", "nobody")
    with pytest.raises(KeyError, match="store, supplier, carrier"):
        registry.connector("shop", "woocommerce")


@every
def test_it_says_who_it_is(connector: Connector) -> None:
    meta = connector.meta
    assert re.fullmatch(r"[a-z][a-z0-9_]*", meta.name)
    assert meta.label.strip()
    assert meta.basis, "name the official schema or sample behind it"
    assert meta.polls_per_minute > 0
    assert meta.batch > 0
    if remote(connector):
        assert meta.can
        assert meta.docs.startswith("https://")
    names = [one.name for one in meta.fields]
    assert len(set(names)) == len(names)
    assert all(one.label for one in meta.fields)
    assert (meta.hosts == OWN) == ("base_url" in names)


@every
def test_it_can_do_exactly_what_it_says(connector: Connector) -> None:
    for ability, methods in ABILITIES.items():
        has = [hasattr(connector, method) for method in methods]
        assert all(has) if ability in connector.meta.can else not any(has), ability
    if remote(connector):
        assert hasattr(connector, "check")


@every
def test_it_has_recordings_of_good_and_bad(connector: Connector) -> None:
    outcomes = Counter(outcome(one).get("trouble", "Facts") for one in of(connector))
    assert outcomes.total() >= 4
    assert outcomes["Facts"] >= 2
    if remote(connector):
        assert {"Denied", "Busy", "Broken"} <= set(outcomes), "record what it says when it does not work, too"


@recorded
def test_recording_says_where_it_comes_from(recording: Recording) -> None:
    assert set(recording.content) == KEYS
    assert re.match(r"recorded|vendor sample's shape|made from the schema", recording.content["origin"])
    assert all(name == name.lower() for name in recording.content["headers"])
    assert recording.answer().received_at.tzinfo


@recorded
def test_recording_is_read_as_a_person_has_approved(recording: Recording) -> None:
    found = outcome(recording)
    if not recording.golden.exists():
        recording.golden.write_text(json.dumps(found, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
        pytest.fail(f"wrote {recording.golden.name}: please review and commit it")
    assert json.loads(recording.golden.read_text()) == json.loads(json.dumps(found))


@recorded
def test_trouble_is_told_in_words(recording: Recording) -> None:
    told = outcome(recording).get("message")
    if told:
        assert SENTENCES[told["id"]].format(**told.get("values", {})).strip()


@every
def test_no_golden_without_its_recording(connector: Connector) -> None:
    goldens = {path.name.removesuffix(".out.json") for path in folder(connector).glob("*.out.json")}
    assert goldens == {one.path.stem for one in of(connector)}


@every
def test_every_status_word_is_recorded_or_listed_as_unseen(connector: Connector) -> None:
    seen = {word for one in of(connector) for word in scalars(one.content["body"])}
    assert set(connector.status) - seen <= connector.unseen, "neither recorded nor listed as unseen"
    assert not connector.unseen & seen, "listed as unseen, but a recording shows it"


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, one in inner for deeper in nodes(one, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


def read_without_surprise(connector: Connector, given_answer: Answer) -> None:
    try:
        facts = connector.read(given_answer)
    except Trouble:
        return
    assert isinstance(facts, Facts)


def everywhere(connector: Connector) -> list[tuple[Recording, list[tuple[Any, ...]]]]:
    """Its recordings, and all places in each of them."""
    if id(connector) not in _PLACES:
        recorded = list(of(connector)) or [Recording(connector, HERE, NOTHING)]
        _PLACES[id(connector)] = [(one, nodes(one.content["body"])) for one in recorded]
    return _PLACES[id(connector)]


@every
@settings(max_examples=600 if LONG else 30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_garbage_is_trouble_and_nothing_else(connector: Connector, data: st.DataObject) -> None:
    whats = sorted({one.content["what"] for one in of(connector)})
    body = data.draw(st.binary(max_size=200) | odd.map(lambda value: json.dumps(value).encode()))
    status = data.draw(st.sampled_from([200, 200, 200, 301, 400, 401, 404, 429, 500, 503]))
    what = data.draw(st.sampled_from([*whats, ""]))
    read_without_surprise(connector, Answer(what=what, status=status, body=body, received_at=NOW))


@every
@settings(max_examples=1200 if LONG else 40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_odd_value_is_trouble_at_most(connector: Connector, data: st.DataObject) -> None:
    recording, places = data.draw(st.sampled_from(everywhere(connector)))
    body = replaced(recording.content["body"], data.draw(st.sampled_from(places)), data.draw(odd))
    changed = Recording(recording.connector, recording.path, {**recording.content, "body": body})
    read_without_surprise(connector, changed.answer())


def try_out(connector: Any, ours: Account, canned: Answer) -> None:
    """As the app does: credentials that are over are renewed first."""
    let_in = fresh(connector, ours, canned)
    drive(connector, let_in, connector.check(let_in), canned)


@every
def test_a_connection_test_that_fails_says_how(connector: Connector) -> None:
    """Every request of it goes to the connector's own hosts, and no secret is told."""
    if not remote(connector):
        pytest.skip("talks to nobody")
    ours = account(connector)
    page = answer("<html><title>Maintenance</title></html>", content_type="text/html")
    for canned, kinds in (
        (answer({"message": "no"}, status=401), Denied),
        (answer({"message": "no"}, status=403), Denied),
        (answer("slow down", status=429, retry_after="7"), Busy),
        (answer("down", status=503), Busy),
        (answer("oops", status=500), Broken),
        (page, Trouble),
        (answer(b"\xff\x00"), Broken),
    ):
        with pytest.raises(kinds) as caught:
            try_out(connector, ours, canned)
        told = f"{caught.value.said} {caught.value.message and dict(caught.value.message.values)}"
        assert not [secret for secret in ours.credentials.values() if secret in told]


@every
def test_an_account_does_not_print_its_secrets(connector: Connector) -> None:
    assert "s3cr3t" not in repr(account(connector))
