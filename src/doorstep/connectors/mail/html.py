"""HTML to text: lines where a reader sees lines, every link with where it leads, and the data for machines in it."""

import itertools
import re
from dataclasses import dataclass, field
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from doorstep.connectors.mail.markup import NOTHING, Markup, from_json, from_tree, said

# Against hostile pages, whose nesting takes a parser quadratic time; the largest real mail known has 1,600 tags.
MAX_TAGS: Final = 10_000
MAX_NODES: Final = 100_000
MAX_LINKS: Final = 400
MAX_LINK: Final = 4096
MAX_BLOCKS: Final = 20  # of JSON-LD
_SILENT: Final = frozenset({"script", "style", "title", "template", "noscript", "svg", "select"})
_LINE: Final = frozenset({
    "address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table",
    "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip
_CELL: Final = frozenset({"td", "th"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link and what it is called. ``at`` is where its words begin in the text."""

    url: str
    words: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page says: ``text`` with a line per block and the cells of a row apart by tabs, its http(s) links in
    order, and the schema.org data in it (JSON-LD and microdata).
    """

    text: str
    links: tuple[Link, ...] = ()
    markup: Markup = NOTHING


@dataclass(slots=True)
class _Writer:
    """Collects the text. Blank space is collapsed as a browser does; ``at`` is the length so far."""

    parts: list[str] = field(default_factory=list)
    at: int = 0
    fresh: bool = True  # at the beginning of a line
    links: list[tuple[str, int, int]] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)  # of JSON-LD

    def say(self, text: str) -> None:
        words = " ".join(text.split())
        if not words:
            self.gap(text)
            return
        if text[0].isspace():
            self.gap(text)
        self._add(words)
        self.fresh = False
        if text[-1].isspace():
            self.gap(text)

    def gap(self, text: str = " ") -> None:
        if text and not self.fresh and not self.parts[-1].endswith((" ", "\t")):
            self._add(" ")

    def cell(self) -> None:
        if not self.fresh and not self.parts[-1].endswith("\t"):
            self._add("\t")

    def line(self) -> None:
        if not self.fresh:
            self._add("\n")
            self.fresh = True

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.at += len(text)


def read_page(html: str) -> Page:
    """Read a page, however broken."""
    writer = _Writer()
    root = LexborHTMLParser(_cut(html)).root
    if root is not None:
        _walk(root, writer)
    text = "".join(writer.parts)
    kept = writer.links[:MAX_LINKS]
    links = (Link(url=url, words=text[start:end].strip(), at=start) for url, start, end in kept)
    things = from_json(writer.blocks[:MAX_BLOCKS])
    if root is not None and "itemscope" in html:
        things += from_tree(root)
    return Page(text=text, links=tuple(links), markup=said(things) if things else NOTHING)


def _cut(html: str) -> str:
    """The page up to its last allowed tag."""
    if html.count("<") <= MAX_TAGS:
        return html
    beyond = next(itertools.islice(re.finditer("<", html), MAX_TAGS, None), None)
    return html[: beyond.start()] if beyond else html


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Depth first without recursion: a hostile page may nest as deep as it likes."""
    above: list[tuple[LexborNode, str]] = []
    open_links: list[tuple[str, int]] = []
    node, tag = root, root.tag or ""
    for _ in range(MAX_NODES):
        inside = _enter(node, tag, writer, open_links)
        if inside is not None:
            above.append((node, tag))
            node, tag = inside, inside.tag or ""
            continue
        _leave(tag, writer, open_links)
        while above and (beside := node.next) is None:
            node, tag = above.pop()
            _leave(tag, writer, open_links)
        if not above:
            return
        assert beside is not None
        node, tag = beside, beside.tag or ""


def _enter(node: LexborNode, tag: str, writer: _Writer, open_links: list[tuple[str, int]]) -> LexborNode | None:
    """Write the beginning of a node; returns its first child to go on with."""
    if tag == "-text":
        writer.say(node.text_content or "")
        return None
    if tag in _SILENT or not tag:
        if tag == "script" and "ld+json" in (node.attributes.get("type") or ""):
            writer.blocks.append(node.text())
        return None
    if tag in _LINE:
        writer.line()
    elif tag in _CELL:
        writer.cell()
    elif tag == "a":
        open_links.append(((node.attributes.get("href") or "").strip(), writer.at))
    return node.child


def _leave(tag: str, writer: _Writer, open_links: list[tuple[str, int]]) -> None:
    if tag in _LINE:
        writer.line()
    elif tag in _CELL:
        writer.cell()
    elif tag == "a" and open_links:
        url, start = open_links.pop()
        if url.lower().startswith(("http://", "https://")) and len(url) <= MAX_LINK:
            writer.links.append((url, start, writer.at))
