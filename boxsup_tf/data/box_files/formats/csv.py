"""csv: a table with a line per box and names of columns in the first line.

The image: `image`, `filename`, `file`, `path`, `image_path` or `image_id`. The class: `class`,
`label`, `name`, `category`. The box: `xmin, ymin, xmax, ymax` (also with _ or as x1, y1, x2, y2),
edges in pixels from 0. A row with an image and no box says that there is nothing on it. Other
columns are not read. The folder holds the table, named after the part (train.csv) or the only one,
and the images, beside it, in images/ or as the table has their paths.
"""

import os

from boxsup_tf.data.box_files.box_set import BoxSet, ImageBoxes, NamedBox
from boxsup_tf.data.box_files.tables import number, read_table
from boxsup_tf.errors import InputError
from boxsup_tf.io import files

_IMAGE = ("image", "filename", "file_name", "file", "path", "image_path", "image_name", "image_id")
_CLASS = ("class", "label", "class_name", "name", "category")
_EDGES = tuple(
    (f"{a}{end}", f"{a}_{end}", f"{a}{n}") for end, n in (("min", 1), ("max", 2)) for a in "yx"
)  # in the order of a box


def read(data_dir: str, split: str) -> BoxSet:
    """The images of SPLIT.csv, or of the only table.

    Raises:
        InputError: there is no such table, or it lacks a column.
    """
    paths = sorted(files.matching(data_dir, "*.csv"))
    own = [p for p in paths if os.path.splitext(os.path.basename(p))[0] == split]
    if not own and len(paths) != 1:
        named = os.path.join(data_dir, f"{split}.csv")
        raise InputError(f"{named}: not found, and {len(paths)} tables in {data_dir}: expected one")
    path = (own or paths)[0]
    header, rows = read_table(path)
    small = {name.lower(): name for name in header}

    def column(names: tuple[str, ...]) -> str:
        found = next((small[name] for name in names if name in small), None)
        if found is None:
            raise InputError(
                f"{path}: no column {names[0]!r} (or {', '.join(names[1:])}) among "
                f"{', '.join(header)}"
            )
        return found

    of_image, of_class = column(_IMAGE), column(_CLASS)
    of_edges = [column(names) for names in _EDGES]
    images: dict[str, ImageBoxes] = {}
    for line, row in rows:
        image = images.setdefault(row[of_image], ImageBoxes(row[of_image], data_dir))
        texts = [row[name] for name in of_edges]
        if any(texts) or row[of_class]:
            ymin, xmin, ymax, xmax = map(number, texts)
            where = f"{os.path.basename(path)}, line {line}"
            image.boxes.append(NamedBox(row[of_class], (ymin, xmin, ymax, xmax), where))
    return BoxSet(list(images.values()), is_split=bool(own))
