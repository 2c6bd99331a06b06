"""Reader: the interface of every source of examples, and what they share."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol

from boxsup_tf.errors import InputError
from boxsup_tf.io.names import check_text
from boxsup_tf.labels import BACKGROUND_NAME, VOID
from boxsup_tf.records.example import Example


class UnknownClassError(InputError):
    """An annotation names a class that is not expected: of one image, yet a matter of all."""


class Reader(Protocol):
    """A sequence of examples, each read and checked on access.

    Attributes:
        class_names: index is label; 0 is the background.
        source_ids: of its examples, in their order, known without reading them.
        settings: JSON-able; equal for two readers only if they give the same examples in the
            same order. Holds no path: moving the data does not change the dataset.
    """

    @property
    def class_names(self) -> tuple[str, ...]: ...

    @property
    def settings(self) -> dict: ...

    @property
    def source_ids(self) -> Sequence[str]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Example:
        """The example at `index`, 0 .. len - 1.

        Raises:
            InputError: its files are missing, damaged, or contradict each other.
            UnknownClassError: see there.
        """
        ...

    def labels_in(self, index: int) -> Iterable[int]:
        """Labels that the annotations of the example at `index` name, without its image.

        Repeated, in any order, those that are cheap to find first; background and void may be
        among them.

        Raises:
            InputError: an annotation is missing or damaged.
        """
        ...


def list_settings(source_ids: Iterable[str]) -> dict:
    """What identifies a list of images in `settings`: a changed list must not be resumed."""
    source_ids = list(source_ids)
    digest = hashlib.sha256("\n".join(source_ids).encode(errors="surrogatepass")).hexdigest()
    return {"num_images": len(source_ids), "source_ids_sha256": digest}


def with_background(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Class names in the order of their labels: the background, then `names`.

    Args:
        names: the classes of a user, without the background.
        where: the file or flag that names them, for the message.

    Raises:
        InputError: there is none, one is empty or occurs twice, one is the background, or
            they are more than a uint8 mask can tell apart.
    """
    if not names:
        raise InputError(f"{where}: no classes: expected at least one")
    if len(names) >= VOID:
        raise InputError(
            f"{where}: {len(names)} classes: expected at most {VOID - 1} (--classes= takes some)"
        )
    for i, name in enumerate(names):
        if not name.strip() or name == BACKGROUND_NAME or name in names[:i]:
            raise InputError(
                f"{where}: class {name!r}: expected names that are not empty, not repeated and "
                f"not {BACKGROUND_NAME!r}, which is added as class 0"
            )
        check_text(name, f"{where}: class")
    return (BACKGROUND_NAME, *names)
