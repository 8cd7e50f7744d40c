"""One spelling for every number."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.number import normalize


@pytest.mark.parametrize(
    "text",
    [
        "1Z5R89390357567127",
        "1z5r89390357567127",
        " 1Z 5R8 939 03 5756 7127\n",
        "1Z-5R8-939-03-5756-7127",
        "1Z.5R8.939.03.5756.7127",
        "1Z–5R8—939‑03_5756·7127",
        "\u200b1Z5R8939\u200d0357\u00ad567127\ufeff",
        "１Ｚ５Ｒ８９３９０３５７５６７１２７",
        "1Z٥R٨٩٣٩٠٣٥٧٥٦٧١٢٧",
        "1Z\u00a05R8\u2009939\u300003 5756 7127",
    ],
)
def test_every_way_of_writing_a_number_becomes_the_same(text):
    assert normalize(text) == "1Z5R89390357567127"


def test_what_is_no_separator_stays():
    assert normalize("#10/01+é") == "#10/01+É"


@settings(deadline=None)  # the first example reads the tables
@given(st.text())
def test_normalizing_twice_changes_nothing(text):
    assert normalize(normalize(text)) == normalize(text)
