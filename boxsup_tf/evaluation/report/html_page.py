"""One HTML file that needs nothing else: nothing is fetched, and no script runs but its own."""

import base64
import hashlib
import html
import importlib.resources
import string
from collections.abc import Sequence

from boxsup_tf.evaluation.report.markup import node, to_html

# Whatever a class is called.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{}'; "
    "base-uri 'none'; form-action 'none'"
)


def html_page(
    title: str, data: str, links: Sequence[tuple[str, str]], body: str, script: str = ""
) -> str:
    """The page's text.

    Args:
        title: what it shows.
        data: of which data.
        links: to parts of the page: their names and what is read.
        body: markup.
        script: the one in `body` that may run.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    navigation = [node("li", node("a", text, href=f"#{name}")) for name, text in links]
    return string.Template(resource("report.html")).substitute(
        policy=html.escape(_POLICY.format(digest)),
        style=resource("report.css"),
        title=html.escape(title),
        data=html.escape(data),
        navigation=to_html(node("ul", *navigation)),
        body=body,
    )


def resource(name: str) -> str:
    """The text of a file beside this one."""
    return importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
