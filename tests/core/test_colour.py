"""A merchant's colours can be read, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.colour import BLACK, READABLE, WHITE, contrast, ink, mix, parse, readable

colours = st.integers(0, 0xFFFFFF).map(lambda one: f"#{one:06x}")


@pytest.mark.parametrize(
    ("text", "colour"),
    [("#6A3460", "#6a3460"), ("6a3460", "#6a3460"), (" #fc0 ", "#ffcc00"), ("", ""), ("  ", "")],
)
def test_colour_is_read_however_it_is_written(text: str, colour: str) -> None:
    assert parse(text) == colour


@pytest.mark.parametrize("text", ["red", "#12345", "#12", "#gggggg", "url(x)", "#fff;}body{"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no colour"):
        parse(text)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(WHITE, BLACK) == pytest.approx(21)
    assert contrast("#767676", WHITE) == pytest.approx(4.54, abs=0.01)  # the lightest grey of WCAG's examples
    assert contrast(WHITE, "#767676") == contrast("#767676", WHITE)


def test_examples_of_what_can_be_read() -> None:
    assert (ink("#f4d03f"), ink("#6a3460")) == (BLACK, WHITE)
    assert readable("#6a3460", WHITE, towards=BLACK) == "#6a3460"
    assert contrast("#f4d03f", WHITE) < READABLE <= contrast(readable("#f4d03f", WHITE, towards=BLACK), WHITE)


@given(colours)
def test_black_or_white_can_be_read_on_every_colour(ground: str) -> None:
    assert contrast(ink(ground), ground) >= READABLE


@given(colours)
def test_colour_is_moved_until_it_can_be_read_and_no_further(colour: str) -> None:
    for card, towards in (("#ffffff", BLACK), ("#1f1e1b", WHITE)):
        moved = readable(colour, card, towards=towards)
        assert contrast(moved, card) >= READABLE
        if contrast(colour, card) >= READABLE:
            assert moved == colour


def test_where_nothing_helps_the_end_of_the_way_is_taken() -> None:
    assert readable("#808080", "#808080", "#000000", towards=BLACK) == BLACK
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
