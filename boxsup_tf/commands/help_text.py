"""What --help prints of a program."""

import dataclasses
import shutil
import textwrap
from collections.abc import Sequence

from boxsup_tf import settings

_NOTE = (
    "Flags are shown with their defaults. --flagfile=FILE reads flags from a file, one per line; "
    "--NAME and --noNAME stand for --NAME=true and --NAME=false."
)


def introduction(program: str, description: str) -> str:
    """How a program is called, and what it does.

    Args:
        program: how it is called.
        description: the docstring of its file.
    """
    return f"usage: {program} --FLAG=VALUE ...\n\n{description.strip()}"


def flags_text(classes: Sequence[type]) -> str:
    """The flags by the headings in the docstrings of their dataclasses; the required ones first.

    Args:
        classes: those that the flags make.
    """
    width = min(100, shutil.get_terminal_size().columns)
    groups: dict[str, list[str]] = {"Required": []}
    for cls in classes:
        fields = {field.name: field for field in dataclasses.fields(cls)}
        for name, (heading, text) in settings.descriptions(cls).items():
            field, heading = fields[name], heading or "Options"
            if field.default is dataclasses.MISSING:
                heading = "Required"
            flag = f"  --{field.name}={settings.format_value(field.default) or '...'}"
            lines = textwrap.wrap(text, width, initial_indent=" " * 6, subsequent_indent=" " * 6)
            groups.setdefault(heading, []).extend([flag, *lines])
    parts = ["\n".join([f"{title}:", *lines]) for title, lines in groups.items() if lines]
    return "\n\n".join([*parts, textwrap.fill(_NOTE, width)])
