"""Which of PASCAL-Context's 459 categories are its 59 classes."""

from collections.abc import Mapping

from boxsup_tf.errors import InputError
from boxsup_tf.labels import BACKGROUND, CONTEXT_CLASSES

# The release's 59_labels.txt and labels.txt do not agree on these; PASCAL in Detail may use either.
_NAME_OF = {"diningtable": "table", "bedcloth": "bedclothes", "clothes": "cloth"}


def label_by_category(categories: Mapping[int, str], where: str) -> dict[int, int]:
    """The label of every category: its class's, and the background's for what is none of the 59.

    Args:
        categories: names by number.
        where: the file that declares them, for the message.

    Raises:
        InputError: one of the 59 is not among them.
    """
    names = {number: "".join(name.split()) for number, name in categories.items()}
    names = {number: _NAME_OF.get(name, name) for number, name in names.items()}
    missing = [name for name in CONTEXT_CLASSES[1:] if name not in names.values()]
    if missing:
        raise InputError(
            f"{where}: no category {missing[0]!r} among {len(names)}: expected PASCAL-Context's "
            "459, its 59 classes among them"
        )
    classes = CONTEXT_CLASSES[1:]
    return {
        number: CONTEXT_CLASSES.index(name) if name in classes else BACKGROUND
        for number, name in names.items()
    }
