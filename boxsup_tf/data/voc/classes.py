"""The classes of a folder in VOC's layout, and what its masks mean by them."""

import dataclasses
import os
from collections.abc import Collection, Sequence

import numpy as np

from boxsup_tf.data.other_classes import fold_others, label_of
from boxsup_tf.data.reader import with_background
from boxsup_tf.data.voc.label_map import read_label_map
from boxsup_tf.data.voc.layout import VocLayout
from boxsup_tf.data.voc.mask import Colours, read_voc_mask
from boxsup_tf.data.voc.xml import read_names
from boxsup_tf.errors import InputError
from boxsup_tf.labels import BACKGROUND_NAME, VOC_CLASSES, VOID


@dataclasses.dataclass(frozen=True)
class VocClasses:
    """The classes.

    Attributes:
        names: index is label; 0 is the background.
        colours: the label of each colour of a mask; None: as VOC's palette has them.
        of_values: the label of each value of a mask that is not in colour, 0 .. 255; None: it is
            the value.
    """

    names: tuple[str, ...]
    colours: Colours | None = None
    of_values: tuple[int, ...] | None = None

    @classmethod
    def find(
        cls, layout: VocLayout, class_names: Sequence[str] | None, chosen: Collection[str]
    ) -> "VocClasses":
        """Looks for the classes.

        Args:
            layout: where the data lie.
            class_names, chosen: see `reader.VocReader`.

        Raises:
            InputError: there are none, or more than masks can tell apart, or labelmap.txt is
                malformed or has another class than `class_names`.
        """
        beside_masks = os.path.dirname(layout.masks.rstrip("/"))
        label_map = read_label_map((beside_masks, layout.root))
        if class_names is None and label_map:
            class_names = label_map.names
        all_names = tuple(class_names or _default_names(layout, bool(chosen)))
        kept = fold_others(all_names[1:], chosen, layout.root)
        # A class that nobody chose is not written, so it may have any name.
        may_be_any = chosen and 0 < len(kept) < VOID
        names = (BACKGROUND_NAME, *kept) if may_be_any else with_background(kept, layout.root)
        colours = label_map.labels(names) if label_map else None
        if names[1:] == all_names[1:]:
            return cls(names, colours)
        of_values = [label_of(name, names) or 0 for name in all_names[:VOID]]
        return cls(names, colours, (*of_values, VOID))

    def read_mask(self, path: str) -> np.ndarray:
        """uint8 [H, W]: the labels of a mask; raises as `mask.read_voc_mask`."""
        return read_voc_mask(path, self.colours, self.of_values)


def _default_names(layout: VocLayout, any_class: bool) -> tuple[str, ...]:
    if not layout.is_flat and not any_class:
        return VOC_CLASSES
    names: set[str] = set()
    for path in layout.xml_paths():
        try:
            names |= read_names(path)
        except InputError:  # to read the example says so
            continue
    if layout.is_flat:
        return (BACKGROUND_NAME, *sorted(names - {BACKGROUND_NAME}))
    return (*VOC_CLASSES, *sorted(names.difference(VOC_CLASSES)))
