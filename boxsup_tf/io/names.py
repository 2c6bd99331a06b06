"""Names that come from data, as ids, file names and class names do.

They stay below the folder that a program writes to, and are one line of text. That they never
become markup is the business of who writes markup (`evaluation.report.markup`).
"""

import os
import re
import unicodedata

from boxsup_tf.errors import InputError

_NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}  # control characters, half characters, ends of lines


def path_below(folder: str, name: str) -> str:
    """The path of a file that bears a name from data; folders in the name are below `folder`.

    Raises:
        InputError: the name leads elsewhere.
    """
    if not name or "\0" in name or _leads_out(name):
        raise InputError(
            f"{folder}: the name {name!r} leads out of the folder: expected a relative path "
            "without '..'"
        )
    return os.path.join(folder, name)


def check_image_name(name: str, where: str) -> str:
    """The name of an image, or its id, if files may bear it.

    Raises:
        InputError: it leads out of a folder, or is no line of text.
    """
    if _leads_out(name):
        raise InputError(f"{where}: image {name!r}: expected a relative path without '..'")
    return check_text(name, where)


def check_text(name: str, where: str) -> str:
    """A name, if it is a line of text.

    Raises:
        InputError: it is empty, or has an end of line or another control character in it.
    """
    wrong = [letter for letter in name if unicodedata.category(letter) in _NO_TEXT]
    if wrong or not name.strip():
        shown = f"{wrong[0]!r} in it" if wrong else "no letter"
        raise InputError(f"{where}: name {name!r} has {shown}: expected a line of text")
    return name


def _leads_out(name: str) -> bool:
    """Also by a backslash, which tools of Windows write and those read."""
    parts = name.replace("\\", "/").split("/")
    is_absolute = not parts[0] and len(parts) > 1
    return is_absolute or ".." in parts or re.match(r"[A-Za-z]:[\\/]|\w+://", name) is not None
