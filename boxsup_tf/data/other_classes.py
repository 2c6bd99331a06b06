"""More classes than a mask can tell apart: those that nobody chose are one."""

from collections.abc import Collection, Sequence

from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOID

_OTHERS = "(other classes)"


def fold_others(names: Sequence[str], chosen: Collection[str], where: str) -> list[str]:
    """The names of a data set's classes, without the background.

    Where they are more than a mask can tell apart and some are chosen, those, and then one name
    for all others: else the label of one class would be that of void.

    Args:
        names: of all classes, in the order of their labels.
        chosen: names of those of interest; none: all are.
        where: the data, for the message.

    Raises:
        InputError: a chosen name would be lost among the others because it is none of the names.
    """
    if len(names) < VOID or not chosen:
        return list(names)
    if unknown := set(chosen).difference(names):
        raise InputError(
            f"{where}: --classes: {min(unknown)!r} is none of its {len(names)} classes: expected "
            f"such as {names[0]!r}"
        )
    return [*(name for name in names if name in chosen), _OTHERS]


def label_of(name: str, class_names: Sequence[str]) -> int | None:
    """The label of a class, also of one that was folded; None where it is unknown.

    Args:
        name: of the class in the data.
        class_names: index is label; made of what `fold_others` gave.
    """
    if name in class_names:
        return class_names.index(name)
    return len(class_names) - 1 if class_names[-1] == _OTHERS else None
