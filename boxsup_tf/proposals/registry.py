"""Finds proposal methods by name, and runs them."""

import dataclasses
import importlib
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from boxsup_tf import settings
from boxsup_tf.errors import InputError
from boxsup_tf.plugins import file_names
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import methods
from boxsup_tf.proposals.proposal_input import ProposalInput


def method_names() -> list[str]:
    """The files of boxsup_tf/proposals/methods."""
    return list(file_names(methods.__path__))


def get_method(name: str) -> ModuleType:
    """The module of the method called `name`: it has `Options` and `propose`.

    Raises:
        InputError: there is none.
    """
    if name not in method_names():
        raise InputError(f"--method={name}: expected one of {', '.join(method_names())}")
    return importlib.import_module(f"{methods.__name__}.{name}")


def make_options(name: str, values: Mapping[str, Any]) -> Any:
    """The options of a method.

    Args:
        name: of the method.
        values: those that differ from the method's defaults.

    Raises:
        InputError: unknown method; an option that the method does not have; a bad value.
    """
    method = get_method(name)
    if hasattr(method, "make_options"):
        return method.make_options(values)
    known = option_names(name)
    for unknown in values.keys() - known:
        expected = ", ".join(f"--{field}" for field in sorted(known)) or "no options"
        raise InputError(f"--{unknown}: --method={name} does not know it: expected {expected}")
    return settings.from_values(method.Options, values)


def option_names(name: str) -> set[str]:
    """The names of a method's own options.

    Raises:
        InputError: unknown method.
    """
    return {field.name for field in dataclasses.fields(get_method(name).Options)}


def record(options: Any) -> dict[str, Any]:
    """What dataset.json says of the options of a method; a run with another is refused.

    All of them, where they have no method `record` that says it otherwise.
    """
    return options.record() if hasattr(options, "record") else dataclasses.asdict(options)


def check_classes(options: Any, class_names: tuple[str, ...]) -> None:
    """Makes sure that options fit the classes of a data set; most fit any.

    Raises:
        InputError: they do not.
    """
    if hasattr(options, "check_classes"):
        options.check_classes(class_names)


def edge_detectors(options: Any) -> list[str]:
    """The edge detectors that options name, of a method or of several that are united."""
    united = options.options.values() if hasattr(options, "options") else (options,)
    return sorted({each.edges for each in united if hasattr(each, "edges")})


def options_of_all() -> type:
    """A dataclass of the options of all methods, each None: not given, the method's own default.

    Its documentation groups them by the methods that have them, and gives the defaults.
    """
    kinds: dict[str, Any] = {}
    methods_of: dict[str, list[str]] = {}
    texts: dict[str, dict[str, list[str]]] = {}  # by option and text the methods
    for name in method_names():
        options = get_method(name).Options
        kinds |= settings.field_types(options)
        described = settings.descriptions(options)
        for field in dataclasses.fields(options):
            text = described[field.name][1]
            default = settings.format_value(field.default)
            text += f" Default {default}." if default else ""
            methods_of.setdefault(field.name, []).append(name)
            texts.setdefault(field.name, {}).setdefault(text, []).append(name)
    lines = ["The options of all methods.", "", "Attributes:"]
    for option in sorted(kinds, key=methods_of.__getitem__):
        united = "" if methods_of[option] == ["union"] else ", alone or in a union"
        heading = f"    Only with --method={' or '.join(methods_of[option])}{united}:"
        lines += [heading] if heading not in lines else []
        each = texts[option].items()
        alike = len(each) == 1
        said = " ".join(text if alike else f"For {', '.join(of)}: {text}" for text, of in each)
        lines.append(f"    {option}: {said}")
    return dataclasses.make_dataclass(
        "OptionsOfAll",
        [(name, kind | None, None) for name, kind in kinds.items()],
        namespace={"__doc__": "\n".join(lines)},
        frozen=True,
    )


def propose(
    image: np.ndarray,
    method: str = "mcg",
    boxes: np.ndarray | None = None,
    filename: str = "",
    labels: np.ndarray | None = None,
    **options: Any,
) -> CandidatePool:
    """The candidate segments of one image.

    Args:
        image: uint8 [H, W, 3], RGB.
        method: see `method_names`.
        boxes: float32 [B, 4], yxyx half-open, pixels; rectangle, grabcut, bbox_seg and sam need
            them.
        filename: the image's file name; the method `imported` finds its files by it.
        labels: int64 [B], the boxes' classes; sam with a belief needs them.
        **options: of the method, see its `Options`.

    Raises:
        InputError: unknown method or option, a bad value, or no boxes for a method that has
            nothing else to go by.
        ValueError: the image or the boxes are not what the method can work on.
    """
    inputs = ProposalInput(
        image, np.zeros((0, 4), np.float32) if boxes is None else boxes, filename, labels
    )
    if boxes is None:
        _check_needs_no_boxes([method])
    made = make_options(method, options)
    if boxes is None:
        _check_needs_no_boxes(getattr(made, "options", ()))  # of a union: its methods
    return get_method(method).propose(inputs, made)


def _check_needs_no_boxes(methods: Iterable[str]) -> None:
    for name in methods:
        if getattr(get_method(name), "NEEDS_BOXES", False):
            raise InputError(f"boxes=None: {name} finds masks of boxes: expected float32 [B, 4]")
