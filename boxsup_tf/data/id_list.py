"""Lists of images, such as VOC's ImageSets: an id per line."""

from boxsup_tf.errors import InputError
from boxsup_tf.records.example import read_bytes


def read_ids(path: str) -> list[str]:
    """The ids of a list: its first column (in VOC a second one says 1 or -1).

    Raises:
        InputError: the file is missing, empty or not text, or names an image twice.
    """
    try:
        lines = read_bytes(path, "a list of images").decode().splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a list of image ids, one per line: {error}") from None
    ids = [line.split()[0] for line in lines if line.strip()]
    if not ids:
        raise InputError(f"{path}: empty list: expected image ids, one per line")
    seen: set[str] = set()
    for image_id in ids:
        if image_id in seen:
            raise InputError(f"{path}: image {image_id!r} is listed twice: expected once")
        seen.add(image_id)
    return ids
