"""The check sums of an export's files, as `sha256sum --check` reads them."""

import hashlib
import os
import re

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.names import path_below
from boxsup_tf.records.example import read_bytes

_SUMS_FILE = os.path.join("assets.extra", "SHA256SUMS")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def write_sums(folder: str) -> None:
    """Writes them beside the warm-up requests; paths in it are below the folder of the export."""
    names = sorted(os.path.relpath(path, folder) for path in files.below(folder))
    lines = [f"{_sum(os.path.join(folder, name))}  {name}\n" for name in names]
    path = os.path.join(folder, _SUMS_FILE)
    files.make_folders(os.path.dirname(path))
    with files.create(path) as file:
        file.write("".join(lines))


def check_sums(folder: str) -> None:
    """Makes sure that the files are those that were exported; exports of old have no sums.

    Raises:
        InputError: one is missing, or is another now.
    """
    path = os.path.join(folder, _SUMS_FILE)
    if not files.exists(path):
        return
    lines = read_bytes(path, "check sums").decode(errors="replace").removesuffix("\n").split("\n")
    for line in lines:
        named = _LINE.fullmatch(line)
        if not named:
            raise InputError(f"{path}: line {line!r:.100}: expected a SHA-256 and a file")
        file = path_below(folder, named[2])
        if _sum(file) != named[1]:
            raise InputError(
                f"{file}: is not as it was exported: expected the SHA-256 {named[1]}; copy it "
                f"again or, if it was changed on purpose, delete {path}"
            )


def _sum(path: str) -> str:
    return hashlib.sha256(read_bytes(path, "a file of an export")).hexdigest()
