"""From files, folders and patterns on a command line to images with names."""

import os
from collections.abc import Iterator, Sequence

from boxsup_tf.errors import InputError
from boxsup_tf.io import files

# Of what a folder holds, these are taken for images; those that cannot be read are told of.
_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".avif")


def find_images(patterns: Sequence[str], *output_dirs: str) -> dict[str, str]:
    """Finds image files and names what is made of them.

    Args:
        patterns: files, folders (everything below, hidden files excepted), or glob patterns of
            both, in which ** stands for any folders.
        *output_dirs: what lies below them is left out: an earlier run made it.

    Returns:
        Paths by name, in the order of the patterns, then alphabetical. A name is the file's,
        without its ending; below a folder it is led by the path from there.

    Raises:
        InputError: a pattern stands for nothing, or two files would have one name.
    """
    path_of_name: dict[str, str] = {}
    outputs = [folder for folder in output_dirs if folder]
    taken: set[str] = set()
    for pattern in patterns:
        # A file's own name may look like a pattern.
        matches = [pattern] if files.exists(pattern) else files.expand(pattern)
        found = [
            (name, path)
            for match in sorted(matches)
            for name, path in _expand(match)
            if not any(_is_below(path, folder) for folder in outputs)
        ]
        if not found:
            raise InputError(
                f"--images={pattern}: no such image: expected a file, a folder of images or a "
                "pattern" + (f", and not below {' or '.join(outputs)}" if outputs else "")
            )
        for name, path in found:
            if files.absolute(path) in taken:
                continue
            taken.add(files.absolute(path))
            other = path_of_name.setdefault(name, path)
            if other != path:
                raise InputError(
                    f"{path}: would write the same files as {other}: expected names that differ "
                    "in more than their ending, and in more than the folder unless a folder above "
                    "both is given"
                )
    return path_of_name


def _is_below(path: str, folder: str) -> bool:
    return files.resolved(path).startswith(os.path.join(files.resolved(folder), ""))


def _expand(path: str) -> Iterator[tuple[str, str]]:
    if not files.is_folder(path):
        yield os.path.splitext(os.path.basename(path))[0], path
        return
    for below in sorted(files.below(path)):
        if below.lower().endswith(_ENDINGS):
            yield os.path.splitext(os.path.relpath(below, path))[0], below
