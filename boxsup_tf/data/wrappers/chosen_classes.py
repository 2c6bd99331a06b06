"""A subset of a data set's classes; the others are neither learnt nor scored."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from boxsup_tf.data.reader import Reader, UnknownClassError, with_background
from boxsup_tf.data.wrappers.class_choice import read_choice
from boxsup_tf.errors import InputError
from boxsup_tf.labels import BACKGROUND, VOID
from boxsup_tf.records.example import Example

_NO_OBJECT = (BACKGROUND, VOID)


class ChosenClasses:
    """The examples of another reader in which a chosen class occurs; a `reader.Reader`.

    What belongs to other classes becomes void in masks, and its boxes become ignored boxes
    (`example.Example`). An image whose annotations name no chosen class is left out.

    Args:
        reader: of the whole data set.
        choice: names of its classes, which get the labels 1, 2, ... An entry `theirs=ours`
            gives the class `theirs` the name `ours`; classes of one name share one label. An
            entry `@FILE` stands for those of a file, see `class_choice.read_choice`.

    Raises:
        InputError: a name is unknown, repeated or empty; a file of the choice is missing or empty;
            or no image holds a chosen class. An image whose annotation is damaged counts as one
            that does: to read it says what is wrong.
    """

    def __init__(self, reader: Reader, choice: Sequence[str]) -> None:
        self._reader = reader
        flag, choice = f"--classes={','.join(choice)}", read_choice(choice)
        self.class_names, self._label_of = _parse(choice, reader.class_names, flag)
        chosen = set(np.flatnonzero(np.isin(self._label_of, _NO_OBJECT, invert=True)).tolist())
        self._indices = [i for i in range(len(reader)) if _holds(reader, i, chosen)]
        if not self._indices:
            raise InputError(
                f"{flag}: in none of the {len(reader)} images: expected classes that occur"
            )
        self.source_ids = [reader.source_ids[index] for index in self._indices]
        self.settings = reader.settings | {
            "classes": list(choice),
            "num_left_out": len(reader) - len(self._indices),
        }

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Example:
        example = self._reader[self._indices[index]]
        labels = self._label_of[example.labels].astype(np.int64)
        ignored = np.isin(labels, _NO_OBJECT)
        return dataclasses.replace(
            example,
            labels=np.where(ignored, BACKGROUND, labels),
            is_crowd=example.is_crowd | ignored,
            mask=None if example.mask is None else self._label_of[example.mask],
        )

    def labels_in(self, index: int) -> Iterator[int]:
        theirs = self._reader.labels_in(self._indices[index])
        return (int(self._label_of[label]) for label in theirs)


def chosen_names(choice: Sequence[str]) -> list[str]:
    """The names that classes of a choice have in the data set."""
    return [entry.partition("=")[0].strip() for entry in read_choice(choice)]


def _holds(reader: Reader, index: int, chosen: set[int]) -> bool:
    try:
        return not chosen.isdisjoint(reader.labels_in(index))
    except UnknownClassError:
        raise
    except InputError:
        return True


def _parse(
    choice: Sequence[str], known: tuple[str, ...], flag: str
) -> tuple[tuple[str, ...], np.ndarray]:
    """The new class names, and uint8 [256]: the new label of every label of the data set.

    Args:
        known: class names of the data set.
        flag: that gave the choice, for messages.
    """
    names: dict[str, str] = {}  # ours by theirs
    for entry in choice:
        theirs, equals, ours = (part.strip() for part in entry.partition("="))
        if theirs not in known[1:]:
            raise InputError(
                f"{flag}: {theirs!r} is no class of the data set: expected some of "
                f"{', '.join(known[1:])}"
            )
        if theirs in names:
            raise InputError(f"{flag}: {theirs!r} is given twice: expected once")
        names[theirs] = ours if equals else theirs
    class_names = with_background(list(dict.fromkeys(names.values())), flag)
    label_of = np.full(VOID + 1, VOID, np.uint8)
    label_of[BACKGROUND] = BACKGROUND
    for theirs, ours in names.items():
        label_of[known.index(theirs)] = class_names.index(ours)
    return class_names, label_of
