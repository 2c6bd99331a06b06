"""Lists of images, such as VOC's ImageSets: an id per line."""

import re
from collections.abc import Callable

from boxsup_tf.errors import InputError
from boxsup_tf.records.example import read_bytes

_WITH_FLAG = re.compile(r"(.*\S)\s+(-1|0|1)")  # VOC's lists of a class say whether it is there


def read_ids(path: str, is_image: Callable[[str], bool] = lambda line: False) -> list[str]:
    """The ids of a list; those may have spaces in them.

    A last column of 1, 0 or -1, as in VOC's lists of a class, does not belong to the id.

    Args:
        path: of the file.
        is_image: says of a line with such an ending whether all of it is an id.

    Raises:
        InputError: the file is missing, empty or not text, or names an image twice.
    """
    try:
        lines = read_bytes(path, "a list of images").decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a list of image ids, one per line: {error}") from None
    lines = [stripped for line in lines if (stripped := line.strip())]
    if not lines:
        raise InputError(f"{path}: empty list: expected image ids, one per line")
    ids = []
    for line in lines:
        flagged = _WITH_FLAG.fullmatch(line)
        ids.append(flagged[1] if flagged and not is_image(line) else line)
    seen: set[str] = set()
    for image_id in ids:
        if image_id in seen:
            raise InputError(f"{path}: image {image_id!r} is listed twice: expected once")
        seen.add(image_id)
    return ids
