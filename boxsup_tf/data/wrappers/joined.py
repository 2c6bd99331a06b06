"""Several folders, or parts of one, read as one data set."""

from collections.abc import Iterable, Sequence

from boxsup_tf.data.reader import Reader
from boxsup_tf.errors import InputError
from boxsup_tf.records.dataset_info import check_same_classes
from boxsup_tf.records.example import Example


class JoinedReader:
    """The examples of several readers, one reader after the other; a `reader.Reader`.

    Args:
        readers: at least one, of the same classes.
        places: the folder and part that each reads, for messages.

    Raises:
        InputError: two of them hold an image of the same name, or their classes differ.
    """

    def __init__(self, readers: Sequence[Reader], places: Sequence[str]) -> None:
        for reader, place in zip(readers, places, strict=True):
            check_same_classes(places[0], readers[0].class_names, place, reader.class_names)
        self.class_names = readers[0].class_names
        self.settings = {"dataset": "joined", "parts": [reader.settings for reader in readers]}
        self.source_ids = [name for reader in readers for name in reader.source_ids]
        self._places = [(reader, i) for reader in readers for i in range(len(reader))]
        place_of: dict[str, str] = {}
        for reader, place in zip(readers, places, strict=True):
            for source_id in reader.source_ids:
                if source_id in place_of:
                    raise InputError(
                        f"image {source_id!r} is in {place_of[source_id]} and in {place}: "
                        "expected each image once"
                    )
            place_of |= dict.fromkeys(reader.source_ids, place)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Example:
        reader, place = self._places[index]
        return reader[place]

    def labels_in(self, index: int) -> Iterable[int]:
        reader, place = self._places[index]
        return reader.labels_in(place)
