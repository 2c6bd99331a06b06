"""HTML and SVG as trees, so that no text can become markup."""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from matplotlib.figure import Figure

from boxsup_tf.evaluation.plots import COLORS, color_class, to_svg

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
    """A spot in the colour of result or curve number `color`."""
    return node("span", class_=f"swatch {color_class(color)}")


def legend(names: Iterable[tuple[int, str]]) -> Node:
    """Colour numbers and what they stand for."""
    return node("ul", *(node("li", swatch(color), name) for color, name in names), class_="legend")


def plot(figure: Figure, label: str) -> Node:
    """A figure of `plots` as a part of the page, in the page's colours.

    Args:
        figure: any number of them may lie in one page.
        label: what a reader hears of it.
    """
    svg = ElementTree.fromstring(to_svg(figure))
    for element in svg.iter():
        element.tag = element.tag.rpartition("}")[2]  # HTML knows SVG's names without a namespace
        element.attrib = {key.rpartition("}")[2]: text for key, text in element.attrib.items()}
        if element.tag == "g":
            element.attrib.pop("id", None)  # figures have them in common
        for name, color in COLORS.items():
            if color in (style := element.get("style", "")):
                element.set("style", style.replace(color, f"var(--{name})"))
    view = {"viewBox": svg.attrib["viewBox"], "role": "img", "aria-label": label}
    svg.attrib = view  # the page decides the size
    return svg
