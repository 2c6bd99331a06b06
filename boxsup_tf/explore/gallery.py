"""The images that can be looked at: those of a folder of records, and the last few uploads."""

import collections
import hashlib
import threading

import cv2
import numpy as np
import tensorflow as tf

from boxsup_tf import drawing
from boxsup_tf.errors import InputError, first_line
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import load_complete, shard_paths
from boxsup_tf.records.example import Example, check_image, decode_whole
from boxsup_tf.records.index import load_index
from boxsup_tf.records.places import places_of, record_at
from boxsup_tf.records.untuned import untuned
from boxsup_tf.records.upright import upright

_MOST_UPLOADS = 8
_MOST_LISTED = 200
_UPLOAD = "upload-"  # a record's key is its number


class Folder:
    """A folder of records, read one record at a time.

    Args:
        path: of a finished folder.

    Attributes:
        path: as given.
        info: its dataset.json.
        index: a row per record.

    Raises:
        InputError: see `load_complete` and `load_index`.
    """

    def __init__(self, path: str) -> None:
        self.path, self.info = path, load_complete(path)
        self.index = load_index(path, self.info)
        self._places = places_of(self.index, self.info)
        self._lowered = [name.lower() for name in self.index.table["source_id"].tolist()]

    def listing(self, contains: str, first: int) -> tuple[list[dict], int]:
        """At most 200 of the records whose id contains a text, and how many there are.

        Args:
            contains: any case.
            first: of those found, from 0.
        """
        wanted = contains.lower()
        found = [number for number, name in enumerate(self._lowered) if wanted in name]
        shown = found[first : first + _MOST_LISTED]
        return [self._entry(number) for number in shown], len(found)

    def _entry(self, number: int) -> dict:
        summary = self.index[number]
        return {"key": str(number), "id": summary.source_id, "boxes": max(summary.num_boxes, 0)}

    def read(self, number: int) -> bytes:
        """The record `number`.

        Raises:
            InputError: its shard is damaged, or gone.
        """
        shard, *place = (int(column[number]) for column in self._places)
        path = shard_paths(self.path, self.info.num_shards)[shard]
        where = tf.constant(path), *(tf.constant(part, tf.int64) for part in place)
        try:
            read = tf.data.Dataset.from_tensors(where).flat_map(record_at)
            (serialized,) = untuned(read).as_numpy_iterator()
        except (tf.errors.OpError, ValueError) as error:
            raise InputError(
                f"{path}: record {number} cannot be read: {first_line(error)}"
            ) from None
        return serialized


class Gallery:
    """Records by key. May be used by several threads.

    Args:
        folder: of records.
        max_megapixels: 10**6 pixels that an upload may have.
        max_side: larger uploads are reduced to it, pixels.
    """

    def __init__(self, folder: Folder, max_megapixels: float, max_side: int) -> None:
        self.folder = folder
        self._max_megapixels, self._max_side = max_megapixels, max_side
        self._uploads: collections.OrderedDict[str, bytes] = collections.OrderedDict()
        self._lock = threading.Lock()

    def add(self, encoded: bytes, name: str) -> str:
        """Keeps an image file as a record without boxes, in place of the oldest of eight.

        It is turned upright as its camera noted, and reduced.

        Args:
            encoded: a JPEG or PNG file.
            name: for display.

        Returns:
            Its key.

        Raises:
            InputError: see `decode_checked`.
        """
        check_image(encoded, name, self._max_megapixels)
        image = upright(decode_whole(encoded, name).numpy(), encoded)
        image = drawing.reduced(image, self._max_side, cv2.INTER_AREA)
        stored = cv2.imencode(".png", np.ascontiguousarray(image[:, :, ::-1]))[1].tobytes()
        example = Example(name, name, stored, *image.shape[:2])
        serialized = records.encode_example(example, self.folder.info.class_names)
        key = _UPLOAD + hashlib.sha256(serialized).hexdigest()[:16]
        with self._lock:
            self._uploads[key] = serialized
            self._uploads.move_to_end(key)
            while len(self._uploads) > _MOST_UPLOADS:
                self._uploads.popitem(last=False)
        return key

    def read(self, key: str) -> bytes:
        """The record of a key.

        Raises:
            InputError: there is none, or no longer.
        """
        if key.startswith(_UPLOAD):
            with self._lock:
                if key not in self._uploads:
                    raise InputError(
                        f"image {key}: not kept any more (the last {_MOST_UPLOADS} uploads are): "
                        "upload it again"
                    )
                self._uploads.move_to_end(key)
                return self._uploads[key]
        count = len(self.folder.index)
        if not (key.isascii() and key.isdecimal()) or int(key) >= count:
            raise InputError(f"image {key!r}: expected a number below {count} or an upload's key")
        return self.folder.read(int(key))
