"""Shoppers read their own language, dates and plurals too; what is not translated is noticed."""

import re
import string
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from doorstep.app import clock, doors, say, tongues
from doorstep.core.diagnosis.rule import Line
from doorstep.core.diagnosis.table import TABLE
from doorstep.core.message import Message
from doorstep.core.status import Reason
from doorstep.db.models import Order, Person
from tests.app.ledger import Ledger
from tests.web.test_say import COMPOSED, keys_in_code, keys_in_template

SOURCE = Path(say.__file__).parents[1]
ABROAD = [one for one in tongues.LANGUAGES if one != say.ENGLISH]
SEEN = sorted(
    [
        *(SOURCE / "web/templates/page").glob("*.html"),
        *(SOURCE / "web/templates/shopper").glob("*.html"),
        *(SOURCE / f"web/templates/{one}.html" for one in ("fresh", "window")),
    ]
)
SPOKEN_BY = sorted([*(SOURCE / "web/page").glob("[!a]*.py"), SOURCE / "core/resync.py"])
MERCHANTS = ("page_settings.",)  # sentences of these modules that only merchants read


def composed(prefix: str) -> set[str]:
    """The sentences that a template puts together; of a diagnosis all that the table can say in a shopper's case."""
    if prefix == "finding.":
        return set(found())
    return {f"{prefix}{end}" for end in COMPOSED[prefix]}


def found() -> Iterator[str]:
    inside = {"refund_automatic", "access_denied", "source_trouble", "watch_ended", "number_replaced"}
    inside |= {"wrong_carrier_suspected", "protection_ends", "protection_over"}
    for rule in chain.from_iterable(one.rules for one in TABLE[:-1]):
        if rule.cause not in inside:
            yield f"finding.{rule.cause}"
            for line in rule.do:
                yield from advice(line) if rule.who not in {"merchant", "sender"} else ()


def advice(line: Line) -> Iterator[str]:
    yield from [f"finding.{line.name}.{one}" for one in Reason] if line.ends else [f"finding.{line.name}"]


def shoppers_keys() -> set[str]:
    """Every id that a page can show."""
    said = set(chain.from_iterable(map(keys_in_template, SEEN))) | set(
        chain.from_iterable(map(keys_in_code, SPOKEN_BY))
    )
    for path in SEEN:
        for first in re.findall(r"""\{% text ["']([^"']+\.)["'] """, path.read_text(encoding="utf-8")):
            said |= composed(first)
    said |= set(found()) | {f"time.{way}.{unit}" for way in ("ago", "in") for unit in ("d", "h", "min")}
    said |= {
        key for key in map(base, say.catalog()) if key.startswith(("page.", "status.", "order.explained.", "fresh."))
    }
    said |= {key for key in map(base, say.catalog()) if key.startswith(APP)} | TYPED
    said |= {key for key in chain.from_iterable(map(keys_in_code, HOME)) if not key.startswith("audit.")}
    return {key for key in said if not key.endswith(".") and not key.startswith(("status.who.", *BOARD))}


# What the shoppers' app says, and what it answers to what is typed.
APP = (
    "my.",
    "help.",
    "letter.code.",
    "letter.household.",
    "letter.home.",
    "letter.key.",
    "letter.postbox.",
    "number.not_a.",
)
HOME = sorted([*(SOURCE / "web/shopper").glob("*.py"), *(SOURCE / "app").glob("household*.py")])
TYPED = {"manual.empty", "refuse.carrier", "hold.is_order_number", "hold.not_a_tracking_number", "mail.decided_already"}
BOARD = ("fresh.next_short", "resync.store", "resync.skipped", "resync.range", "resync.nobody")


def base(key: str) -> str:
    return key.partition("#")[0]


def placeholders(locale: str, key: str) -> set[str]:
    sentences = [one for name, one in say.catalog(locale).items() if base(name) == key]
    return {name for one in sentences for _, name, _, _ in string.Formatter().parse(one) if name}


@pytest.mark.parametrize("locale", ABROAD)
def test_everything_that_a_shopper_reads_is_in_every_language(locale: str) -> None:
    keys = shoppers_keys()
    assert len(keys) > 280
    assert sorted(key for key in keys if not say.known(key, locale)) == []


@pytest.mark.parametrize("locale", ABROAD)
def test_translation_takes_the_same_values(locale: str) -> None:
    keys = set(map(base, say.catalog(locale)))
    assert {key for key in keys if not say.known(key)} == set(), "there is no such sentence in English"
    differing = [key for key in keys if placeholders(locale, key) != placeholders("en", key)]
    assert differing == []


@pytest.mark.parametrize("locale", ABROAD)
def test_no_sentence_is_said_twice_or_left_in_english(locale: str) -> None:
    same = {key for key, said in say.catalog(locale).items() if say.catalog().get(key) == said and " " in said}
    assert same <= {"page.meaning"}


def test_what_is_not_translated_is_said_in_english_and_noticed() -> None:
    with say.speaking("de"), pytest.warns(say.Unsaid, match=r"no sentence for push\.accepted in de"):
        assert say.say(Message(id="push.accepted", values={"store": "Lampen"})) == "Lampen has the number."
    assert say.spoken() == "en"


def test_days_and_times_are_written_as_the_language_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 1, tzinfo=clock.UTC))
    written = {}
    for locale in tongues.LANGUAGES:
        with say.speaking(locale):
            written[locale] = (say.day(date(2026, 3, 1)), say.moment(datetime(2025, 12, 24, 8, 5)))  # noqa: DTZ001 - a carrier's own
    assert written == {
        "en": ("1 Mar", "24 Dec 2025, 08:05"),
        "es": ("1 de marzo", "24 de diciembre de 2025, 08:05"),
        "de": ("1. März", "24. Dezember 2025, 08:05"),
        "fr": ("1 mars", "24 décembre 2025 à 08:05"),
        "pt-BR": ("1 de março", "24 de dezembro de 2025, 08:05"),
        "zh-Hans": ("3月1日", "2025年12月24日 08:05"),
    }


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de", ["vor 0 Stunden", "vor 1 Stunde", "vor 2 Stunden"]),
        ("fr", ["il y a 0 heure", "il y a 1 heure", "il y a 2 heures"]),
        ("zh-Hans", ["0 小时前", "1 小时前", "2 小时前"]),
    ],
)
def test_what_is_counted_takes_the_plural_of_the_language(locale: str, said: list[str]) -> None:
    assert [say.text("time.ago.h", locale, count=count) for count in (0, 1, 2)] == said


@pytest.mark.parametrize(
    ("tag", "served"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("PT_br", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-Hant-HK", ""),
        ("zh-TW", ""),
        ("nl", ""),
        ("", ""),
        ("*", ""),
        ("../de", ""),
    ],
)
def test_language_is_served_by_the_nearest_that_there_is(tag: str, served: str) -> None:
    assert tongues.match(tag) == served


@pytest.mark.parametrize(
    ("wishes", "header", "last", "spoken"),
    [
        (("fr", "de"), "es", "pt", "fr"),
        (("tlh", "de"), "es", "pt", "de"),
        ((), "nl, es;q=0.4, fr;q=0.9", "pt", "fr"),
        ((), "es;q=0, de;q=oops, zh-TW", "pt", "pt-BR"),
        ((), "", "nl", "en"),
    ],
)
def test_choice_goes_before_the_order_and_that_before_the_browser(
    wishes: tuple[str, ...], header: str, last: str, spoken: str
) -> None:
    assert tongues.choose(wishes, header, last) == spoken


def test_languages_written_from_the_right_say_so() -> None:
    assert [tongues.direction(one) for one in ("ar", "he-IL", "de")] == ["rtl", "rtl", "ltr"]


@pytest.mark.parametrize(
    ("locale", "headline", "scan"),
    [
        ("es", "Enviado en parte", "En reparto"),
        ("de", "Teilweise versandt", "In Zustellung"),
        ("fr", "Expédiée en partie", "En cours de livraison"),
        ("pt-BR", "Enviado em parte", "Saiu para entrega"),
        ("zh-Hans", "部分发货", "派送中"),
    ],
)
def test_page_speaks_the_chosen_language(page: str, locale: str, headline: str, scan: str) -> None:
    answer = Client().get(page, {"lang": locale})
    text = answer.content.decode()
    assert f'<html lang="{locale}" dir="ltr">' in text
    assert headline in text and f"<b>{scan}</b>" in text
    assert (
        '<div class="q"><bdi lang="">Out for delivery</bdi></div>' in text
    )  # the carrier's own words, whatever they are in
    assert f'action="{page}/resync?lang={locale}"' in text or "/resync" not in text


def test_page_speaks_the_buyers_language_unless_another_is_chosen(order: Order, page: str) -> None:
    Person.objects.filter(id=order.person_id).update(locale="de_AT")
    german = {"HTTP_ACCEPT_LANGUAGE": "fr"}
    assert '<html lang="de"' in Client().get(page, **german).content.decode()
    assert '<html lang="es"' in Client().get(f"{page}?lang=es", **german).content.decode()
    Person.objects.filter(id=order.person_id).update(locale="")
    assert '<html lang="fr"' in Client().get(page, **german).content.decode()


def test_look_up_and_a_dead_link_speak_too(shop: Ledger) -> None:
    find = doors.lookup_url(shop.ws, shop.store.id).removeprefix(settings.PUBLIC_URL)
    assert "Ihre Bestellung finden" in Client().get(f"{find}?lang=de").content.decode()
    found = Client().post(f"{find}?lang=de", {"number": "1001", "secret": "ines@buyer.example"})
    assert found.headers["Location"].endswith("?lang=de")
    gone = Client().get("/t/AAAAAAAAAAAAAAAAAAAAAA", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert "此链接已失效" in gone.content.decode()


def test_resync_keeps_the_language(page: str) -> None:
    assert Client().post(f"{page}/resync?lang=fr").headers["Location"] == f"{page}?lang=fr"
    assert Client().post(f"{page}/resync?lang=%22%3E").headers["Location"] == page


def test_distance_is_said_in_every_language() -> None:
    from doorstep.web import tags

    for locale in tongues.LANGUAGES:
        with say.speaking(locale):
            assert tags.distance(clock.now() - timedelta(days=3, minutes=1))
            assert tags.distance(clock.now() + timedelta(hours=5, seconds=9))
