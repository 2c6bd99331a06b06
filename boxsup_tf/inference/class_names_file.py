"""label_map.txt: the classes of an exported model, for people and programs.

One line a class: label, name and colour (#rrggbb), with tabs between them.
"""

from collections.abc import Sequence

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import color_map

LABEL_MAP_FILE = "label_map.txt"


def format_class_names(class_names: Sequence[str]) -> str:
    """The file's text; colours are PASCAL VOC's."""
    colors = color_map()
    lines = (
        f"{label}\t{name}\t#{bytes(colors[label]).hex()}\n"
        for label, name in enumerate(class_names)
    )
    return "".join(lines)


def read_class_names(path: str) -> tuple[str, ...]:
    """Reads the file.

    Returns:
        The class names, index is label.

    Raises:
        InputError: the file is missing, or a line is not as `format_class_names` writes it.
    """
    names: list[str] = []
    try:
        lines = files.read_text(path).removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot read the label map of the model: {error}") from None
    for expected, line in enumerate(lines):
        try:
            label, name, _ = line.split("\t")
            if int(label) != expected:
                raise ValueError
        except ValueError:
            raise InputError(
                f"{path}: line {expected + 1} is {line!r}: expected label {expected}, name and "
                "#rrggbb with tabs between them"
            ) from None
        names.append(name)
    return tuple(names)
