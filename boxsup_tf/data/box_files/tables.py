"""Tables of boxes in CSV files."""

import csv
import io
import math

from boxsup_tf.errors import InputError
from boxsup_tf.records.example import read_bytes

_DELIMITERS = ",;\t"


def read_table(path: str) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The names of the columns, and every row with its line's number.

    Raises:
        InputError: the file is missing, not text, or empty.
    """
    try:
        text = read_bytes(path, "a table of boxes").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text in UTF-8: {error}") from None
    lines = with_any_line_ends(text)
    delimiter = max(_DELIMITERS, key=lines.readline().count)
    lines.seek(0)
    reader = csv.DictReader(lines, delimiter=delimiter)
    try:
        header = [(name or "").strip() for name in reader.fieldnames or []]
        reader.fieldnames = header
        rows = [
            (line, {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)})
            for line, row in enumerate(reader, start=2)
        ]
    except csv.Error as error:
        raise InputError(f"{path}: not a table: {error}") from None
    if not header:
        raise InputError(f"{path}: empty: expected a table with a line of names")
    return header, rows


def with_any_line_ends(text: str) -> io.StringIO:
    """A text for the module csv, which takes a lone carriage return for an error."""
    return io.StringIO(text, newline=None)


def number(text: str) -> float:
    """NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
