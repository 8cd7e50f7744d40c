"""A mail as its reader gets it: the store's words filled for one order, as text and as HTML in the store's colours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from doorstep.app import brands, doors, tongues
from doorstep.app.order.parcel_view import Seen, parcels
from doorstep.app.say import day, speaking, spoken, text
from doorstep.app.telling.letters import Words
from doorstep.core.letter import fill, fill_line
from doorstep.db.models import Line, Order

# Mails know no style sheets beside them: one block in the head, without variables, and nothing on the elements.
STYLE: Final = (
    "body{{margin:0;background:{g};color:#24211c;font:16px/24px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}}"
    ".p{{max-width:600px;margin:0 auto;padding:24px 16px}}.c{{background:#fff;border-radius:12px;padding:24px}}"
    ".l{{display:block;max-height:48px;max-width:200px;margin:0 0 16px}}.n{{font-weight:600;margin:0 0 16px}}"
    "p{{margin:0 0 16px;overflow-wrap:anywhere}}a{{color:{a}}}"
    ".b{{display:inline-block;padding:10px 20px;border-radius:8px;background:{a};color:{ai};text-decoration:none;"
    "font-weight:600}}.q{{color:#67625a;font-size:14px;line-height:20px;margin:16px 0 0}}.q p{{margin:0 0 4px}}"
    ".q a{{color:#67625a}}"
)
_COLOURS: Final = {"g": "#f6f4f0", "a": "#6a3460", "ai": "#ffffff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """What stands below a mail: why it came (a sentence's key), and where to stop it, '' = nowhere."""

    why: str = "letter.why.buyer"
    stop: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail without its reader. ``style`` is the block that the HTML carries."""

    subject: str
    text: str
    html: str
    style: str


def values(order: Order, parcel_id: int, brand: brands.Look, news: str = "") -> dict[str, str]:
    """What the placeholders stand for, in the language spoken now; '' = not known. ``parcel_id`` 0 = of no parcel."""
    lines = list(Line.objects.filter(ws=order.ws, order_id=order.id).order_by("id"))
    seen = next((one for one in parcels(order.ws, order.id, lines) if one.id == parcel_id), None)
    return {
        "store": brand.name,
        "order": order.number,
        "link": doors.page_url(order.ws, order.id),
        "news": news,
        **(_of(seen) if seen else {}),
    }


def _of(seen: Seen) -> dict[str, str]:
    number = seen.current[0] if seen.current else None
    return {
        "status": text(f"status.{seen.status}"),
        "explained": text(f"status.explained.{seen.status}"),
        "number": number.text if number else "",
        "carrier": number.carrier_name if number else "",
        "expected": _expected(seen),
    }


def _expected(seen: Seen) -> str:
    if seen.window is None:
        return ""
    start, end = day(seen.window.start), day(seen.window.end)
    return end if start == end else f"{start} – {end}"


def write(
    words: Words, filled: Mapping[str, str], order: Order, brand: brands.Look, language: str, foot: Foot
) -> Draft:
    """The mail. Where the words do not name the page, a link to it follows them."""
    row = brands.of(order.ws, order.store_id)
    colours = _COLOURS | (brands.by_day(row.colour, row.ground) if row else {})
    subject, body, link = fill_line(words.subject, filled), fill(words.body, filled), filled["link"]
    follows = link not in body
    with speaking(language):
        style = STYLE.format(**colours)
        return Draft(
            subject=subject,
            text=_plain(body, link if follows else "", filled["store"], foot),
            html=_html(subject, body, link, brand, style, foot, button=follows),
            style=style,
        )


def _plain(body: str, link: str, store: str, foot: Foot) -> str:
    parts = [body, f"{text('letter.follow')}:\n{link}" if link else "", "--\n" + text(foot.why, store=store)]
    stop = f"{text('letter.stop')}: {foot.stop}" if foot.stop else ""
    return "\n\n".join(filter(None, parts)) + (f"\n{stop}\n" if stop else "\n")


def _html(
    subject: str, body: str, link: str, brand: brands.Look, style: str, foot: Foot, *, button: bool
) -> SafeString:
    anchor = format_html('<a href="{}">{}</a>', link, link)
    said = format_html_join("\n", "<p>{}</p>", ((_lines(part, link, anchor),) for part in body.split("\n\n") if part))
    pressed = format_html('\n<p><a class="b" href="{}">{}</a></p>', link, text("letter.follow")) if button else ""
    stop = format_html('<p><a href="{}">{}</a></p>', foot.stop, text("letter.stop")) if foot.stop else ""
    return format_html(
        '<!doctype html>\n<html lang="{}" dir="{}">\n<head><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width,initial-scale=1"><title>{}</title><style>{}</style></head>\n<body><div class="p">'
        '<div class="c">{}\n{}{}</div>\n<div class="q"><p>{}</p>{}</div></div></body>\n</html>\n',
        *(spoken(), tongues.direction(spoken()), subject, mark_safe(style)),  # noqa: S308 - our own, with checked colours
        *(_head(brand), said, pressed, text(foot.why, store=brand.name), stop),
    )


def _lines(part: str, link: str, anchor: SafeString) -> SafeString:
    """The lines of a paragraph, with the page's address as a link. Everything else is escaped."""
    escaped = str(conditional_escape(part)).replace("\n", "<br>")
    return mark_safe(escaped.replace(str(conditional_escape(link)), anchor))  # noqa: S308 - escaped above


def _head(brand: brands.Look) -> SafeString:
    if not brand.logo:
        return format_html('<p class="n">{}</p>', brand.name)
    source = settings.PUBLIC_URL + reverse("look_logo", args=[brand.key])
    return format_html('<img class="l" src="{}" alt="{}">', source, brand.name)
