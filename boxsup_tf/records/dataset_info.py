"""dataset.json: what a folder of TFRecord shards holds."""

import dataclasses
import hashlib
import itertools
import json
import os
import typing
from collections.abc import Sequence
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.json_file import write_json
from boxsup_tf.schema import check_type

DATASET_FILE = "dataset.json"
FORMAT_VERSION = 3
Repairs = dict[str, dict[str, Any]]  # by kind: how often (`count`), and where `first`
_MAX_SHARDS = 10**6
_POOLS_PACKED_OTHERWISE = (1, 2)  # earlier versions; folders without pools are the same in all


@dataclasses.dataclass(frozen=True)
class SkippedImage:
    """An example of the input for which a folder has no record.

    Attributes:
        index: its place in the input, from 0.
        source_id: the example's.
        reason: one line for display.
    """

    index: int
    source_id: str
    reason: str


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """The contents of dataset.json.

    Attributes:
        settings: what made the folder: dataset, split, seed, method ... A program that finds
            other settings in its output folder stops.
        class_names: index is label; 0 is the background.
        num_shards: number of TFRecord files.
        complete: False while the folder is being written.
        num_images: number of examples.
        num_boxes: number of boxes over all images.
        num_ignored_boxes: how many of them are of no class (`example.Example`).
        num_images_with_boxes: images whose boxes were annotated (perhaps none was found).
        num_images_with_masks: images with a class mask.
        num_candidates: candidates over all images.
        digest: SHA-256 over the examples (candidates left out), to tell datasets apart.
        shard_sizes: number of examples in every shard; known when the folder is complete.
        skipped: examples that could not be made, by index.
        repairs: what was mended in annotations: of each kind how often (`count`), where `first`.
        format_version: of this file and the records.
    """

    settings: dict
    class_names: tuple[str, ...]
    num_shards: int
    complete: bool = False
    num_images: int = 0
    num_boxes: int = 0
    num_ignored_boxes: int = 0
    num_images_with_boxes: int = 0
    num_images_with_masks: int = 0
    num_candidates: int = 0
    digest: str = ""
    shard_sizes: tuple[int, ...] = ()
    skipped: tuple[SkippedImage, ...] = ()
    repairs: Repairs = dataclasses.field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    @property
    def pools(self) -> dict[str, Any]:
        """What tells the pools from others of the same examples, which have the same `digest`."""
        made_with = hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()
        method = self.settings.get("method")
        return {"method": method, "number": self.num_candidates, "settings": made_with[:16]}

    def check_masks(self, folder: str) -> None:
        """Makes sure that an image has a class mask.

        Args:
            folder: that this describes.

        Raises:
            InputError: none has.
        """
        if self.num_images_with_masks == 0:
            raise InputError(f"{folder}: none of {self.num_images} images has a class mask")

    def save(self, folder: str) -> None:
        """Writes dataset.json, whole or not at all."""
        write_json(os.path.join(folder, DATASET_FILE), dataclasses.asdict(self))

    @classmethod
    def load(cls, folder: str) -> "DatasetInfo":
        """Reads dataset.json.

        Raises:
            InputError: it is missing, not JSON, of a format version unknown here, or holds
                pools that an earlier version of this program packed.
        """
        path = os.path.join(folder, DATASET_FILE)
        if not files.is_file(path):
            raise InputError(
                f"{path}: not found: expected a folder written by prepare_data.py or "
                "generate_proposals.py"
            )
        try:
            values = json.loads(files.read_text(path))
            version = values["format_version"]
            if version in _POOLS_PACKED_OTHERWISE and "method" not in values["settings"]:
                version = values["format_version"] = FORMAT_VERSION
            if version == FORMAT_VERSION:
                values["class_names"] = tuple(values["class_names"])
                skipped = values.get("skipped", ())
                values["skipped"] = tuple(SkippedImage(**image) for image in skipped)
                _check_number(values["num_shards"], 1, _MAX_SHARDS)
                # Before images could be skipped, all shards were even.
                even = even_sizes(values["num_images"], values["num_shards"])
                values["shard_sizes"] = tuple(values.get("shard_sizes", even))
                info = cls(**values)
                info._check()
                return info
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"{path}: not a dataset.json of this program: {error}") from None
        remedy = ""
        if version in _POOLS_PACKED_OTHERWISE:
            remedy = ": generate the pools again, in a new folder, with generate_proposals.py"
        raise InputError(f"{path}: format version {version}: expected {FORMAT_VERSION}{remedy}")

    def _check(self) -> None:
        """Raises a ValueError or TypeError where the file says what cannot be."""
        for part in (self, *self.skipped):
            for name, kind in typing.get_type_hints(type(part)).items():
                check_type(getattr(part, name), kind, name)
        if not self.class_names:
            raise ValueError("class_names is empty: expected the background at least")
        numbers = [self.num_boxes, self.num_ignored_boxes, self.num_images_with_boxes]
        numbers += [self.num_images_with_masks, self.num_candidates, self.num_images]
        for number in (*numbers, *self.shard_sizes):
            _check_number(number, 0, 2**62)
        whole = len(self.shard_sizes) == self.num_shards
        if self.complete and not (whole and sum(self.shard_sizes) == self.num_images):
            raise ValueError(
                f"shards of {list(self.shard_sizes)[:20]} images: expected {self.num_images} in "
                f"{self.num_shards} shards"
            )


def _check_number(value: object, least: int, most: int) -> None:
    if not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{value!r}: expected a whole number from {least} to {most}")


def load_complete(folder: str) -> DatasetInfo:
    """Reads dataset.json of a finished folder.

    Raises:
        InputError: as `DatasetInfo.load`; or the folder is unfinished or holds no image.
    """
    info = DatasetInfo.load(folder)
    if not info.complete:
        raise InputError(f"{folder}: unfinished: run the command that makes it again")
    if info.num_images == 0:
        raise InputError(f"{folder}: empty dataset: expected at least one image")
    return info


def check_same_classes(
    first: str, first_names: Sequence[str], other: str, other_names: Sequence[str]
) -> None:
    """Makes sure that two lists of class names mean the same by every label.

    Raises:
        InputError: naming the first label on which they differ, and what the lists belong to.
    """
    pairs = itertools.zip_longest(first_names, other_names, fillvalue="no class")
    for label, (expected, found) in enumerate(pairs):
        if expected != found:
            raise InputError(
                f"{other}: label {label} is {found!r}: expected {expected!r} as in {first}"
            )


def even_sizes(num_examples: int, num_shards: int) -> tuple[int, ...]:
    """The number of examples in every shard when they are spread evenly."""
    bounds = [num_examples * i // num_shards for i in range(num_shards + 1)]
    return tuple(last - first for first, last in itertools.pairwise(bounds))


def shard_paths(folder: str, num_shards: int) -> list[str]:
    """The TFRecord files of a folder, in order."""
    names = (f"data-{i:05d}-of-{num_shards:05d}.tfrecord" for i in range(num_shards))
    return [os.path.join(folder, name) for name in names]
