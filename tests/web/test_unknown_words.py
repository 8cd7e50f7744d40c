"""Unknown words in the console, without JavaScript; and finding what can be connected."""

import pytest
from django.test import Client

from doorstep.app.receive import words
from doorstep.db.models import Meaning, Word
from tests.app.ledger import Ledger, scan, track17
from tests.web.conftest import NUMBER, SCANS

BEAMED = scan(5.9, "Beamed_Up", "Energize")


@pytest.fixture
def word(shop: Ledger) -> Word:
    shop.hears(shop.track(track17(NUMBER, *SCANS, BEAMED, key=3011)))
    return Word.objects.get(ws=shop.ws, sample="Beamed_Up")


def page(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_word_is_tried_kept_and_taken_back(word: Word, alice: Client) -> None:
    assert f'href="/words/{word.pk}"' in page(alice, "/words") and "Unknown words" in page(alice, "/connections")
    path = f"/words/{word.pk}"
    assert "“Energize”" in page(alice, path)
    assert "would have another status" in page(alice, path, status="customs", reason="customs_held")
    assert not Meaning.objects.exists()
    said = alice.post(f"{path}/say", {"status": "customs", "reason": "customs_held"}, follow=True).content.decode()
    assert "Kept. Parcels" in said and "Looked at 0 of" in said and "No unknown words" in said
    while words.step():
        pass
    assert "1 parcel has another status since" in page(alice, "/words") and "What counts now:" in page(alice, path)
    table = alice.get("/words/seventeen_track.csv")
    assert table.content.decode().endswith("Beamed_Up,customs,customs_held\n")
    back = alice.post(f"/words/said/{Meaning.objects.get().id}/take-back", follow=True).content.decode()
    assert "taken back" in back and "Nobody knows these" in back


def test_what_cannot_be_meant_is_told_and_what_is_not_there_is_not_found(word: Word, alice: Client) -> None:
    assert "Choose a status" in page(alice, f"/words/{word.pk}", status="beamed")
    refused = alice.post(f"/words/{word.pk}/say", {"status": "beamed"}, follow=True)
    assert "Choose a status" in refused.content.decode() and not Meaning.objects.exists()
    assert alice.get("/words/99").status_code == alice.post("/words/said/1/take-back").status_code == 404
    assert alice.post("/words/99/say", {"status": "customs"}).status_code == 404


def test_a_word_of_another_workspace_is_not_found(word: Word, charlie: Client) -> None:
    assert charlie.get(f"/words/{word.pk}").status_code in {302, 404}
    assert charlie.post(f"/words/{word.pk}/say", {"status": "customs"}).status_code in {302, 403, 404}


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("woo", "WooCommerce", "Shopify"),
        ("swiss post", "Answers for Swiss Post", "PayPal"),
        ("dpd", "Answers for", "WooCommerce"),
        ("no-such-thing", "Nothing is called “no-such-thing”", "WooCommerce"),
        ("", "WooCommerce", "Nothing is called"),
    ],
)
def test_what_can_be_connected_is_found_by_name_and_by_carrier(
    shop: Ledger, alice: Client, query: str, there: str, missing: str
) -> None:
    text = page(alice, "/connections/new", q=query)
    assert there in text and missing not in text


def test_what_is_connected_says_so(shop: Ledger, alice: Client) -> None:
    assert "1 connected" in page(alice, "/connections/new", q="woocommerce")
