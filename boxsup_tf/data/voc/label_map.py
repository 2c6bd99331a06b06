"""labelmap.txt, as CVAT writes it: the classes that the colours of masks mean."""

import dataclasses
import os
from collections.abc import Mapping, Sequence

from boxsup_tf.data.other_classes import label_of
from boxsup_tf.data.text_file import read_text
from boxsup_tf.data.voc.mask import LABEL_MAP_FILE, Colour, Colours
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import BACKGROUND_NAME, VOID, color_map

_VOID_NAMES = ("void", "ignore", "ignored", "unlabeled", "__ignore__")


@dataclasses.dataclass(frozen=True)
class LabelMap:
    """What a file says.

    Attributes:
        path: of the file.
        names: of the classes, in its order; the background comes first, wherever it is.
        colours: the name that each colour has; None: void.
    """

    path: str
    names: tuple[str, ...]
    colours: Mapping[Colour, str | None]

    def labels(self, class_names: Sequence[str]) -> Colours:
        """The label of each colour: a colour means its class by name, whatever the order is.

        Args:
            class_names: index is label; 0 is the background.

        Raises:
            InputError: a class of the file is not among them.
        """
        labels: dict[Colour, int] = {}
        for colour, name in self.colours.items():
            label = VOID if name is None else label_of(name, class_names)
            if label is None:
                raise InputError(
                    f"{self.path}: class {name!r} is not among the classes: expected "
                    f"{', '.join(class_names[1:])} (--class_names)"
                )
            labels[colour] = label
        return labels


def read_label_map(folders: Sequence[str]) -> LabelMap | None:
    """The labelmap.txt of the first folder that has one; None where none has.

    Lines are `NAME:R,G,B:...`, `#` begins a comment.

    Raises:
        InputError: a line is none of these.
    """
    paths = [os.path.join(folder, LABEL_MAP_FILE) for folder in folders]
    path = next(filter(files.is_file, paths), None)
    if path is None:
        return None
    named: dict[str, Colour] = {BACKGROUND_NAME: (0, 0, 0)}
    for line in read_text(path, "colours of classes").splitlines():
        name, _, rest = line.partition(":")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            red, green, blue = (int(part) for part in rest.partition(":")[0].split(","))
            is_colour = all(0 <= part <= 255 for part in (red, green, blue))
        except ValueError:
            is_colour = False
        if not name.strip() or not is_colour:
            raise InputError(f"{path}: line {line!r}: expected NAME:RED,GREEN,BLUE:...")
        named[name.strip()] = (red, green, blue)
    names = tuple(name for name in named if name.lower() not in _VOID_NAMES)
    void = dict.fromkeys(colour for name, colour in named.items() if name not in names)
    red, green, blue = color_map()[VOID].tolist()  # as VOC's masks have it
    return LabelMap(
        path, names, {(red, green, blue): None} | void | {named[name]: name for name in names}
    )
