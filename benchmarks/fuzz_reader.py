"""A reader that fuzz.py tries, and what several of its inputs are made of."""

import dataclasses
import hashlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from fuzz_damage import kind_of

from boxsup_tf.data.reader import Reader as DataReader
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.io import files
from boxsup_tf.io.names import check_image_name
from boxsup_tf.records.records import encode_example

SIDE = 48


@dataclasses.dataclass(frozen=True)
class Reader:
    """A reader and a good input of it.

    Attributes:
        files: those that are damaged, one at a time, below the folder.
        write: makes the folder's files.
        read: gives what a JSON can hold, equal where the same was read.
        kind: how files are damaged; empty: by their endings.
        has_checksum: another content than the undamaged is a fault.
        names: what an error may say in place of the file; of data that came without one.
        share: of inputs, where a reader is slow.
    """

    files: tuple[str, ...]
    write: Callable[[str], None]
    read: Callable[[str], Any]
    kind: str = ""
    has_checksum: bool = False
    names: tuple[str, ...] = ()
    share: float = 1.0

    def kind_of(self, file: str) -> str:
        return self.kind or kind_of(file)


def put(folder: str, name: str, content: bytes | str) -> str:
    """Writes a file below a folder; returns its path."""
    path = os.path.join(folder, *name.split("/"))
    files.make_folders(os.path.dirname(path))
    with files.create(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def shapes() -> ShapesReader:
    """Two generated images with boxes and masks."""
    return ShapesReader(2, seed=1, image_size=SIDE)


def digest_of_examples(data: DataReader, folder: str) -> list[str]:
    """Of all examples, which are read as `prepare` reads them, and of the labels of each."""
    for source_id in data.source_ids:
        check_image_name(source_id, folder)
    found = [encode_example(data[index], data.class_names) for index in range(len(data))]
    labels = [sorted(set(map(int, data.labels_in(index)))) for index in range(len(data))]
    return [hashlib.sha256(record).hexdigest() for record in found] + [str(labels)]


def digest(values: np.ndarray | bytes) -> str:
    content = values if isinstance(values, bytes) else np.ascontiguousarray(values).tobytes()
    return hashlib.sha256(content).hexdigest()
