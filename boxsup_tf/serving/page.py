"""What a browser and a program ask a server for besides masks: the page at `/`, the classes."""

import base64
import hashlib
import html
import importlib.resources
import string
from collections.abc import Sequence
from typing import Any

from boxsup_tf.labels import color_map

# Nothing is fetched but from this server, and no script runs but ours.
_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src data: blob:; style-src 'unsafe-inline'; "
    "script-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(model_name: str) -> tuple[str, dict[str, str]]:
    """The page that takes a photograph and shows its mask, and the headers of the answer."""
    folder = importlib.resources.files(__package__)
    script = folder.joinpath("page.js").read_text(encoding="utf-8")
    text = folder.joinpath("page.html").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    body = string.Template(text).substitute(model_name=html.escape(model_name), script=script)
    return body, {"content-security-policy": _POLICY.format(digest)}


def metadata(model_name: str, version: str, class_names: Sequence[str]) -> dict[str, Any]:
    """What the server says of its model, for JSON: TensorFlow Serving's `model_spec`, and classes.

    Returns:
        `model_spec` with `name` and `version`, and `metadata` with `classes`: of each its `label`,
        `name` and `color` (#rrggbb).
    """
    colors = (f"#{bytes(color).hex()}" for color in color_map(len(class_names)))
    classes = [
        {"label": label, "name": name, "color": color}
        for label, (name, color) in enumerate(zip(class_names, colors, strict=True))
    ]
    spec = {"name": model_name, "version": version}
    return {"model_spec": spec, "metadata": {"classes": classes}}
