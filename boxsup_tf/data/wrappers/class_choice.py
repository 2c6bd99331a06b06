"""A choice of classes, such as `cat,couch=sofa`, that may stand in files."""

from collections.abc import Iterator, Sequence

from boxsup_tf.errors import InputError
from boxsup_tf.records.example import read_bytes

FILE_MARK = "@"
_COMMENT = "#"


def read_choice(choice: Sequence[str]) -> list[str]:
    """The entries of a choice, with those of a file in the place of an entry `@FILE`.

    A file has one entry a line, `name` or `theirs=ours`; what follows `#` is a comment.

    Raises:
        InputError: a file is missing, not text, or has no entries.
    """
    return list(_entries(choice))


def _entries(choice: Sequence[str]) -> Iterator[str]:
    for entry in choice:
        if not entry.strip().startswith(FILE_MARK):
            yield entry
            continue
        path = entry.strip().removeprefix(FILE_MARK)
        try:
            lines = read_bytes(path, "a choice of classes").decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not a text of classes, one a line: {error}") from None
        found = [name for line in lines if (name := line.partition(_COMMENT)[0].strip())]
        if not found:
            raise InputError(f"{path}: no classes: expected lines NAME or THEIRS=OURS")
        yield from found
