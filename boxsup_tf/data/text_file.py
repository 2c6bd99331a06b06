"""Reads text that labelling tools and people write."""

from boxsup_tf.records.example import read_bytes


def read_text(path: str, what: str) -> str:
    """A text in UTF-8, without the mark that editors of Windows begin it with.

    Args:
        path: of the file; what is no UTF-8 in it is replaced.
        what: is expected, for the message.

    Raises:
        InputError: there is no such file.
    """
    return read_bytes(path, what).decode("utf-8-sig", errors="replace")
