"""Files of a folder by their names without the ending, as exactly as users name them."""

import functools
import os
import unicodedata
from collections.abc import Sequence

from boxsup_tf.io import files


def find_file(folder: str, stem: str, endings: Sequence[str]) -> str | None:
    """The path of the file STEM with one of the endings; None where there is none.

    The ending may be in capitals, and letters with accents in either of Unicode's two forms, which
    look alike: one that macOS writes, and one that the others write.

    Args:
        folder: in which to look.
        stem: may begin with folders in it.
        endings: the first that is there is taken.
    """
    for ending in endings:
        path = os.path.join(folder, stem + ending)
        if files.is_file(path):
            return path
    inner, name = os.path.split(os.path.join(folder, stem))
    if files.is_folder(inner):
        listed = _names(inner, _modified_ns(inner))
        for ending in endings:
            if found := listed.get((normal_name(name), ending)):
                return os.path.join(inner, found)
    return None


def _modified_ns(folder: str) -> int:
    try:
        return files.modified_ns(folder)
    except OSError:  # object stores know it of files alone
        return 0


@functools.lru_cache(maxsize=64)
def _names(folder: str, modified_ns: int) -> dict[tuple[str, str], str]:
    """The names in a folder by their stem, normalised, and their ending in small letters."""
    del modified_ns  # only to list a folder again that has changed
    found: dict[tuple[str, str], str] = {}
    for name in sorted(files.names_in(folder)):
        stem, ending = os.path.splitext(name)
        found.setdefault((normal_name(stem), ending.lower()), name)
    return found


def normal_name(name: str) -> str:
    """A file name in the one of Unicode's forms that does not take letters apart."""
    return unicodedata.normalize("NFC", name)
