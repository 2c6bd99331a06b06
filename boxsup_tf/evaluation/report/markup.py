"""HTML and SVG as trees, so that no text can become markup."""

from collections.abc import Sequence
from xml.etree import ElementTree

Node = ElementTree.Element


def node(tag: str, *children: Node | str, **attributes: object) -> Node:
    """An element.

    Args:
        tag: of HTML or SVG.
        children: elements and texts, in order.
        attributes: `_` in a name stands for `-`; one at its end only keeps the name from being
            a word of Python's (`class_`).
    """
    named = {name.rstrip("_").replace("_", "-"): str(value) for name, value in attributes.items()}
    element = ElementTree.Element(tag, named)
    for child in children:
        if isinstance(child, ElementTree.Element):
            element.append(child)
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + child
        else:
            element.text = (element.text or "") + child
    return element


def to_html(element: Node) -> str:
    """The element as a piece of an HTML page; texts and attributes are escaped."""
    return ElementTree.tostring(element, encoding="unicode", method="html")


def section(name: str, title: str, *children: Node) -> Node:
    """A part of the page; `name` is what a link refers to."""
    heading = f"{name}-heading"
    title_node = node("h2", title, id=heading)
    return node("section", title_node, *children, id=name, aria_labelledby=heading)


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[Node | str]]) -> Node:
    """A table whose first column names its rows; it scrolls where it is too wide."""
    head = node("tr", *(node("th", text, scope="col") for text in header))
    body = [
        node("tr", node("th", first, scope="row"), *(node("td", cell) for cell in cells))
        for first, *cells in rows
    ]
    parts = node("caption", caption), node("thead", head), node("tbody", *body)
    return scroller(caption, node("table", *parts))


def scroller(label: str, child: Node) -> Node:
    """A frame around something wide that can be scrolled by keyboard, too."""
    return node("div", child, class_="scroll", tabindex=0, role="group", aria_label=label)


def swatch(color: int) -> Node:
    """A spot in a colour (`color_class`)."""
    return node("span", class_=f"swatch {color_class(color)}")


def color_class(color: int) -> str:
    """The name in report.css of the colour of result or curve number `color`; they repeat."""
    return f"c{color % 6}"
