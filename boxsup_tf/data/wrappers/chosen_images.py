"""A part of a data set's images, by a list of their ids."""

from collections.abc import Iterable

from boxsup_tf.data.file_index import normal_name
from boxsup_tf.data.id_list import read_ids
from boxsup_tf.data.reader import Reader, list_settings
from boxsup_tf.errors import InputError
from boxsup_tf.records.example import Example


class ChosenImages:
    """The examples of another reader that are on one list and not on another; a `reader.Reader`.

    Args:
        reader: of the whole data set.
        only_ids: a file with an id a line, all of which must be in the data set; empty: all are
            wanted.
        without_ids: a file with an id a line; those that are not in the data set do not matter.

    Raises:
        InputError: a file is missing or empty, an id of `only_ids` is not in the data set, or
            nothing is left.
    """

    def __init__(self, reader: Reader, only_ids: str = "", without_ids: str = "") -> None:
        self._reader = reader
        self.class_names = reader.class_names
        names = list(map(normal_name, reader.source_ids))
        only = _listed(only_ids, names) if only_ids else set(names)
        without = _listed(without_ids, names) if without_ids else set()
        if unknown := only.difference(names):
            raise InputError(
                f"--only_ids={only_ids}: image {min(unknown)!r} is not in the data set: expected "
                "ids of it"
            )
        wanted = only - without
        self._indices = [i for i, name in enumerate(names) if name in wanted]
        if not self._indices:
            raise InputError(
                f"--only_ids={only_ids} --without_ids={without_ids}: none of the "
                f"{len(reader)} images is left: expected some"
            )
        self.source_ids = [reader.source_ids[i] for i in self._indices]
        self.settings = reader.settings | {"chosen_images": list_settings(self.source_ids)}

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Example:
        return self._reader[self._indices[index]]

    def labels_in(self, index: int) -> Iterable[int]:
        return self._reader.labels_in(self._indices[index])


def _listed(path: str, names: Iterable[str]) -> set[str]:
    """The normalised ids of a list; an image `photo 1` is no image `photo` with a flag."""
    known = set(names)
    return set(map(normal_name, read_ids(path, lambda line: normal_name(line) in known)))
