"""What somebody wrote in answer to a mail, apart from the mail that their program put below it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.connectors.mail.reply import automatic, own_words, read_reply

MARK = "--- Write your answer above this line ---"
BELOW = f"> {MARK}\n>\n> It left on Monday.\n"


@pytest.mark.parametrize(
    "quoted",
    [
        f"On Mon, 1 Jun 2026 at 10:00, Shop <r@in.shop.example> wrote:\n{BELOW}",
        f"On Mon, 1 Jun 2026 at 10:00, Shop\n<r@in.shop.example> wrote:\n\n{BELOW}",
        f"Am Mo., 1. Juni 2026 um 10:00 Uhr schrieb Shop <r@in.shop.example>:\n\n{BELOW}",
        f"Le lun. 1 juin 2026 à 10:00, Shop <r@in.shop.example> a écrit :\n{BELOW}",
        f"El lun, 1 jun 2026 a las 10:00, Shop (<r@in.shop.example>) escribió:\n{BELOW}",
        f"Em seg., 1 de jun. de 2026 às 10:00, Shop <r@in.shop.example> escreveu:\n{BELOW}",
        f"Shop <r@in.shop.example> 于2026年6月1日周一 10:00写道:\n{BELOW}",
        "-----Original Message-----\nFrom: Shop <r@in.shop.example>\nSent: Monday\nSubject: x\n\nIt left.\n",
        "________________________________\nVon: Shop <r@in.shop.example>\nGesendet: Montag\n\nIt left.\n",
        "*From:* Shop <r@in.shop.example>\n*Sent:* Monday\n\nIt left.\n",
        f"{MARK}\n\nIt left on Monday.\n",
        "-- \nInes Aroso\nPorto\n",
        BELOW,
    ],
)
def test_what_is_quoted_below_is_not_what_was_written(quoted: str) -> None:
    assert own_words(f"Thank you!\n\nWhich street?\n\n{quoted}", [MARK]) == "Thank you!\n\nWhich street?"


def test_answers_between_quoted_lines_are_kept() -> None:
    assert own_words("> Which colour?\nRed\n\n> How many?\nTwo") == "Red\n\nTwo"


@pytest.mark.parametrize(
    "text",
    [
        "My sister wrote: it is here. Thanks",
        "On Monday I was not at home.",
        "I am from: nowhere",
        "> only what somebody else wrote",
        "a - b -- c",
    ],
)
def test_what_may_be_somebodys_own_words_is_kept(text: str) -> None:
    assert own_words(text) == text


@given(st.text(max_size=300))
def test_something_is_always_left_of_a_text(text: str) -> None:
    assert bool(own_words(text)) == bool(text.replace("\r\n", "\n").strip())


def test_html_alone_is_read_as_text_and_its_pictures_are_counted() -> None:
    raw = (
        b"From: a@b.example\r\nMessage-ID: <1@b.example>\r\nContent-Type: multipart/related; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n<p>Where is it?</p>\r\n"
        b"--x\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
        b"--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nnotes\r\n--x--\r\n"
    )
    reply = read_reply(raw)
    assert (reply.sender, reply.text, reply.left_out) == ("a@b.example", "Where is it?", 1)
    assert reply.pictures == (b"\x89PNG\r\n\x1a\n",)
    assert read_reply(b"From: a@b.example, c@d.example\r\n\r\nx").sender == ""


@pytest.mark.parametrize(
    ("header", "by_itself"),
    [
        ("Auto-Submitted: auto-replied; owner-email=x", True),
        ("Auto-Submitted: auto-generated", True),
        ("Auto-Submitted: no", False),
        ("Precedence: Bulk", True),
        ("List-Id: x", True),
        ("Return-Path: <>", True),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", True),
        ("X-Mailer: x", False),
    ],
)
def test_program_says_that_it_answered_by_itself(header: str, by_itself: bool) -> None:
    assert automatic(f"From: a@b.example\r\n{header}\r\n\r\nx".encode()) is by_itself
