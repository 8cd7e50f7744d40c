"""XML that a vendor sent, as a tree. What a document of a tracking API never needs, and an attacker does, is refused:
document types (entities, external files), depth, and more elements than any parcel has.
"""

from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

DEEPEST: Final = 40
MOST: Final = 50_000  # elements


class NotXml(ValueError):
    """Why the bytes are not read as a document."""


class _Tree:
    """Builds the tree, and stops at what is refused. Names lose their namespaces: vendors change those at will."""

    def __init__(self) -> None:
        self.builder, self.depth, self.count = TreeBuilder(), 0, 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth, self.count = self.depth + 1, self.count + 1
        if self.depth > DEEPEST or self.count > MOST:
            raise NotXml("more elements than a tracking answer has")
        self.builder.start(_bare(name), {_bare(key): value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        self.depth -= 1
        self.builder.end(_bare(name))

    def refuse(self, *_: object) -> None:
        raise NotXml("a document type is not read")


def parsed(body: bytes) -> Element:
    """The root element; names are without namespaces. Blanks before the document are forgiven. Raises NotXml."""
    tree = _Tree()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = tree.start, tree.end
    parser.CharacterDataHandler = tree.builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = tree.refuse
    try:
        parser.Parse(body.lstrip(), True)
        return tree.builder.close()
    except (expat.ExpatError, LookupError, ValueError, AssertionError) as error:
        raise NotXml(str(error)) from error


def opened(body: bytes) -> Element | None:
    """The root element of what may be a document, or not."""
    try:
        return parsed(body)
    except NotXml:
        return None


def said(element: Element | None, path: str) -> str:
    """The trimmed text at a path below, '' where there is none."""
    found = element.find(path) if element is not None else None
    return (found.text or "").strip() if found is not None else ""


def soap(header: str, body: str, spaces: Mapping[str, str]) -> bytes:
    """A SOAP 1.1 envelope. ``header`` and ``body`` are markup; ``spaces``: the namespaces of the prefixes in them."""
    names = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items())
    return (
        f'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"{names}>'
        f"<soapenv:Header>{header}</soapenv:Header><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    ).encode()


def _bare(name: str) -> str:
    return name.rpartition(" ")[2]
