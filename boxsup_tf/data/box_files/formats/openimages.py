"""openimages: Open Images' CSV of boxes, with its class descriptions, and a folder of images.

The folder holds SPLIT-annotations-bbox.csv (or the one CSV that has these columns), perhaps
class-descriptions-boxable.csv, and the images, in SPLIT/, images/ or beside it. A box around a
group is a crowd's.
"""

import csv
import os

from boxsup_tf.data.box_files.box_set import BoxSet, ImageBoxes, NamedBox
from boxsup_tf.data.box_files.tables import number, read_table, with_any_line_ends
from boxsup_tf.data.text_file import read_text
from boxsup_tf.errors import InputError
from boxsup_tf.io import files

_COLUMNS = ("ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax")


def read(data_dir: str, split: str) -> BoxSet:
    """The images of a part that have boxes.

    Raises:
        InputError: there is no CSV of boxes, or it lacks a column.
    """
    paths = sorted(files.matching(data_dir, "*.csv"))
    boxes = [p for p in paths if "bbox" in os.path.basename(p)]
    own = [p for p in boxes if split in os.path.basename(p)]
    path = next(iter(own or boxes), None)
    if path is None:
        raise InputError(f"{data_dir}: no CSV of boxes: expected {split}-annotations-bbox.csv")
    header, rows = read_table(path)
    if missing := [name for name in _COLUMNS if name not in header]:
        raise InputError(f"{path}: no column {missing[0]!r}: expected {', '.join(_COLUMNS)}")
    described = _descriptions([p for p in paths if "class-descriptions" in os.path.basename(p)])
    part = os.path.join(data_dir, split)
    folder = part if files.is_folder(part) else data_dir
    images: dict[str, ImageBoxes] = {}
    for line, row in rows:
        image = images.setdefault(row["ImageID"], ImageBoxes(row["ImageID"], folder))
        xmin, xmax, ymin, ymax = (number(row[name]) for name in _COLUMNS[2:])
        where = f"{os.path.basename(path)}, line {line}"
        name = described.get(row["LabelName"], row["LabelName"])
        truncated, is_crowd = (row.get(n) == "1" for n in ("IsTruncated", "IsGroupOf"))
        box = (ymin, xmin, ymax, xmax)
        named = NamedBox(name, box, where, True, truncated=truncated, is_crowd=is_crowd)
        image.boxes.append(named)
    return BoxSet(list(images.values()), is_split=bool(own) or folder == part)


def _descriptions(paths: list[str]) -> dict[str, str]:
    """Names by identifier, such as /m/01yrx: Cat."""
    names: dict[str, str] = {}
    for path in paths:
        text = read_text(path, "names of classes")
        try:
            rows = [row for row in csv.reader(with_any_line_ends(text)) if len(row) > 1]
        except csv.Error as error:
            raise InputError(f"{path}: not a table: {error}") from None
        names |= {row[0]: row[1].strip() for row in rows}
    return names
