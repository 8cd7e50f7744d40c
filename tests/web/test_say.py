"""Every message has a sentence, and every sentence is well formed."""

import ast
import re
import string
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest

from doorstep.app import brands, say
from doorstep.app.api import api_keys
from doorstep.app.connections.connection_view import KINDS
from doorstep.app.figures import insight_tables
from doorstep.app.household import help_centre, household_news, household_parcels, household_sellers
from doorstep.app.order import acks
from doorstep.app.order.progress import STAGES
from doorstep.app.overview import bulk
from doorstep.app.overview.board import TABS
from doorstep.app.overview.columns import COLUMNS
from doorstep.app.process.work import LANES
from doorstep.app.shopper.page_view import STEPS
from doorstep.app.shopper.talks import SHOW
from doorstep.app.telling import alerts
from doorstep.app.webhooks.kinds import TYPES
from doorstep.connectors.accounts import FACTS, AccountKind
from doorstep.connectors.contract import Can
from doorstep.connectors.mail.taught import What
from doorstep.connectors.suppliers.sheets.columns import FIELDS
from doorstep.connectors.support import Way
from doorstep.core.advice import Verdict
from doorstep.core.conflict import Why
from doorstep.core.deadline import What as Ends
from doorstep.core.diagnosis import Cause, Confidence, Who
from doorstep.core.eta import Sure
from doorstep.core.letter import WORDS, Event
from doorstep.core.message import Message
from doorstep.core.order import OrderState, PurchaseState, Role, Stock, TrackAnswer
from doorstep.core.policy import MailBy, Tell, When, Which
from doorstep.core.resync import Range, Skip
from doorstep.core.roles import Member
from doorstep.core.status import Reason, Responsible, Status
from doorstep.web import tags

SOURCE = Path(say.__file__).parents[1]
TEMPLATES = sorted((SOURCE / "web" / "templates").rglob("*.html"))
MODULES = sorted(SOURCE.rglob("*.py"))
PUSHES = ("held", "due", "sending", "unsure", "accepted", "refused", "superseded", "withdrawn")

# What templates and code put together from a prefix and a value of a closed list.
COMPOSED = {
    "messages.": SHOW,
    "done.domain.": ("ask", "check", "remove"),
    "coupon.state.": ("given", "redeemed", "back"),
    "done.coupon.": ("add", "make", "redeemed"),
    "thread.proof.": ("buyer", "unproven", "other"),
    "done.thread.": ("assign", "close", "reopen"),
    "insight.table.": insight_tables.TABLES,
    "insight.by.": ("carriers", "lanes", "suppliers"),
    "insight.col.": chain.from_iterable(columns for columns, _ in insight_tables.TABLES.values()),
    "dispute.why.": ("shared", "emptied", "large", "altered"),
    "dispute.by.": ("buyer", "shop"),
    "status.": Status,
    "status.explained.": Status,
    "status.reason.": Reason,
    "order.": OrderState,
    "order.explained.": OrderState,
    "finding.": Cause,
    "finding.confidence.": Confidence,
    "finding.who.": Who,
    "page.act.": [*Responsible, "nobody"],
    "page.step.": STEPS,
    "stage.": [*STAGES, "cancelled"],
    "tab.": [tab + end for tab in TABS for end in ("", ".empty", ".empty.how")],
    "fresh.answer.": [*TrackAnswer, "ok", "busy", "denied", "not_found", "refused", "broken", "none"],
    "push.state.": PUSHES,
    "change.push.": PUSHES,
    "connection.state.": ("active", "paused", "denied"),
    "webhook.state.": ("active", "paused", "off"),
    "webhook.tested.": ("taken", "declined", "unreached"),
    "webhook.type.": TYPES,
    "done.webhook.": ("save", "pause", "resume", "replay", "end_overlap"),
    "audit.connection.": ("active", "paused"),
    "audit.": [f"{kind}_door.revoke" for kind in ("page", "lookup", "hook", "mail", "ical")],
    "audit.mail.": ("accept", "dismiss"),
    "change.parcel.": ("status", "scan", "mark", "unmark"),
    "mark.": ("received", "missing", "damaged"),
    "page.mark.": ("received", "missing", "damaged"),
    "page.mark.said.": ("received", "missing", "damaged"),
    "done.connection.": ("pause", "resume", "remove"),
    "done.mail_": ("taken", "known", "accepted", "dismissed"),
    "refuse.": ("delay_h", "max_hold_h"),
    "trouble.": ("busy", "denied", "not_found", "refused", "broken"),
    "kind.": [kind + end for kind in KINDS for end in ("", ".what", ".none")],
    "can.": Can,
    "role.": Role,
    "differ.why.": Why,
    "purchase.": PurchaseState,
    "stock.": Stock,
    "order.evidence.": ("time", "state"),
    "order.shown_by.": ("buyer", "person", "channel", "doorstep"),
    "rules.when.": When,
    "advice.verdict.": Verdict,
    "preview.kind.": ("push", "hold", "refuse", "keep", "withdraw"),
    "preview.field.": ("number", "carrier", "carrier_beside", "link"),
    "stages.by.": ("buyer", "person", "channel", "doorstep"),
    "rules.which.": [one + end for one in Which for end in ("", ".then")],
    "rules.mail.": [one + end for one in MailBy for end in ("", ".then")],
    "rules.tell.": [one + end for one in Tell for end in ("", ".then")],
    "teach.is.": What,
    "estimate.sure.": Sure,
    "given_up.": ("push", "withdraw", *LANES),
    "resync.range.": Range,
    "resync.skipped.": Skip,
    "my.": ("privacy", "terms"),
    "my.group.": household_parcels.GROUPS,
    "my.news.mail.": household_news.MAILS[1:],
    "my.way.": household_sellers.WAYS,
    "my.mark.said.": ("received", "missing", "damaged"),
    "help.topic.": help_centre.TOPICS,
    "page.find.": ("nothing", "too_many"),
    "import.field.": FIELDS,
    "deadline.": [one + end for one in Ends for end in ("", ".of")],
    "check.state.": ("right", "wrong", "open"),
    "account.": [
        *FACTS,
        *(f"{one}{end}" for one in list(AccountKind)[:3] for end in ("", *(f".{fact}" for fact in FACTS))),
    ],
    "support.way.": [one + end for one in Way for end in ("", ".what")],
    "audit.numbers.": ("confirm", "undo"),
    "audit.bulk.": bulk.VERBS,
    "audit.finding.": acks.ANSWERS,
    "bulk.verb.": bulk.VERBS,
    "bulk.ask.": bulk.VERBS,
    "bulk.how.": bulk.VERBS,
    "bulk.go.": bulk.VERBS,
    "bulk.done.": bulk.VERBS,
    "bulk.was.": bulk.UNDOES,
    "bulk.why.": bulk.WHY,
    "board.": COLUMNS,
    "ack.said.": acks.ANSWERS,
    "today.step.": STAGES,
    "team.role.": Member,
    "team.may.": Member,
    "slot.": brands.SUPPORT[1:],
    "slot.what.": brands.SUPPORT[1:],
    "page.support.": brands.SUPPORT[1:],
    "keys.api.group.": api_keys.GROUPS,
    "letters.event.": [one + end for one in Event for end in ("", ".how")],
    "letters.place.": WORDS,
    "alerts.kind.": alerts.KINDS,
    "alerts.short.": alerts.KINDS,
    "letters.state.": ("sent", "refused", "skipped", "held", "due", "dead"),
    "letters.who.": ("buyer", "follower", "extra"),
}
BEFORE = {"Noted": "change.", "record": "audit."}  # the third argument of these calls is shown with this prefix


def keys_in_code(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = [word.value for word in node.keywords if name == "Message" and word.arg == "id"]
            given += node.args[2:3] if name in BEFORE else []
            given += node.args[:1] if name in {"text", "Refusal"} else []
            for one in given:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield BEFORE.get(name, "") + one.value


def keys_in_template(path: Path) -> Iterator[str]:
    for first, rest in re.findall(r"""\{% text ["']([^"']+)["']([^%]*)%\}""", path.read_text(encoding="utf-8")):
        if not rest.strip() or re.match(r"\s+(?:\w+=|as \w+)", rest):
            yield first
        else:
            assert first in COMPOSED, f"{path.name}: {first!r} is composed of what?"


def test_every_message_in_the_source_has_a_sentence() -> None:
    used = set(chain.from_iterable(map(keys_in_code, MODULES))) | set(
        chain.from_iterable(map(keys_in_template, TEMPLATES))
    )
    assert len(used) > 200
    assert sorted(key for key in used if not say.known(key)) == []


def test_every_composed_message_has_a_sentence() -> None:
    missing = [f"{before}{end}" for before, ends in COMPOSED.items() for end in ends if not say.known(f"{before}{end}")]
    assert missing == []


def test_no_two_areas_claim_the_same_sentence() -> None:
    areas = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((say.LOCALE / "en").glob("*.toml"))]
    assert [key for key, times in Counter(chain.from_iterable(areas)).items() if times > 1] == []


def test_every_sentence_is_well_formed() -> None:
    assert {key: sentence for key, sentence in say.catalog().items() if not well_formed(sentence)} == {}


def well_formed(sentence: str) -> bool:
    """It says something, and what stands in braces is a name."""
    named = string.Formatter().parse(sentence)
    return bool(sentence.strip()) and all(name is None or name.isidentifier() for _, name, _, _ in named)


def test_instants_and_dates_are_written_for_people() -> None:
    until = datetime(2024, 11, 14, 10, 30, tzinfo=UTC)
    assert say.say(Message(id="hold.not_dispatched", values={"until": until.isoformat()})).endswith(
        "14 Nov 2024, 10:30."
    )
    kept = Message(id="finding.saw.kept_until", values={"at": until.isoformat()})
    assert say.say(kept) == "It is kept until 14 Nov 2024."
    assert say.text("page.eta", date="2024-11-14") == "Expected by 14 Nov 2024"


def test_what_is_counted_takes_its_plural() -> None:
    tried = [say.say(Message(id="finding.saw.attempts", values={"count": count})) for count in (0, 1, 2)]
    assert tried == ["It was tried 0 times.", "It was tried 1 time.", "It was tried 2 times."]
    assert say.known("finding.saw.attempts")


@pytest.mark.parametrize("locale", [path.name for path in say.LOCALE.iterdir()])
def test_every_plural_has_all_forms_of_its_language(locale: str) -> None:
    forms = {say.PLURALS[locale](count) for count in range(200)}
    said = {key for key in say.catalog(locale) if "#" in key}
    assert said
    assert said == {f"{key.partition('#')[0]}#{form}" for key in said for form in forms}


def test_stored_message_reads_like_a_fresh_one() -> None:
    assert say.say({"id": "push.accepted", "values": {"store": "Lamps"}}) == "Lamps has the number."
    assert say.say(None) == ""


def test_missing_sentence_and_missing_value_are_noticed() -> None:
    with pytest.warns(say.Unsaid, match="no sentence for no.such"):
        assert say.text("no.such") == "no.such"
    with pytest.warns(say.Unsaid, match="misses its value store"):
        assert say.text("push.accepted") == "… has the number."


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_shape_and_words(status: Status) -> None:
    assert "<svg" in tags.badge(status)


def test_static_file_changes_its_address_with_its_content() -> None:
    assert re.fullmatch(r"/static/page\.css\?v=[0-9a-f]{8}", tags.asset("page.css"))


def test_words_that_only_look_like_a_date_are_said_as_they_are() -> None:
    message = Message(id="refuse.carrier", values={"name": "2020-99-99"})
    assert "2020-99-99" in say.say(message)
