"""A split for data that come without one: by a hash of each image's id."""

import hashlib
import unicodedata
from collections.abc import Iterable

from boxsup_tf.errors import InputError

PARTS = ("train", "val", "all")


def split_ids(ids: Iterable[str], part: str, val_share: float, where: str) -> list[str]:
    """The ids of a part, sorted.

    An image stays in its part whatever images are added, and whatever the order is.

    Args:
        ids: of all images.
        part: one of `PARTS`.
        val_share: of the images that are in val, about; the others are in train.
        where: the data, for messages.

    Raises:
        InputError: the part is none of these, or has no image.
    """
    if part not in PARTS:
        raise InputError(
            f"{where}: no lists of images, so the split is made here: --split={part}: expected "
            f"one of {', '.join(PARTS)}"
        )
    every = sorted(ids)
    chosen = [i for i in every if part == "all" or _in_val(i, val_share) == (part == "val")]
    if not chosen:
        raise InputError(
            f"{where}: none of {len(every)} images is in --split={part} with "
            f"--val_share={val_share:g}: expected another share, or --split=all"
        )
    return chosen


def _in_val(image_id: str, val_share: float) -> bool:
    # A file name need not be UTF-8: whoever reads the image says so, of this one alone.
    encoded = unicodedata.normalize("NFC", image_id).encode(errors="surrogatepass")
    return int(hashlib.sha256(encoded).hexdigest()[:8], 16) < val_share * 2**32
