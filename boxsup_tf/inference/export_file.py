"""Writes a model as one file, in a format for machines without TensorFlow."""

import importlib
import os
from collections.abc import Sequence

from boxsup_tf.errors import InputError
from boxsup_tf.inference import formats
from boxsup_tf.inference.class_names_file import LABEL_MAP_FILE, format_class_names
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.plugins import file_names

FORMATS = file_names(formats.__path__)


def export_file(
    segmenter: Segmenter,
    output_dir: str,
    format_name: str,
    scales: Sequence[float] = (1.0,),
    flip: bool = False,
    precision: str = "float32",
    image_size: tuple[int, ...] | None = None,
) -> str:
    """Writes the model and label_map.txt, its classes, to a folder.

    Args:
        segmenter: the network.
        output_dir: made if need be; a file of an earlier export is replaced.
        format_name: one of `FORMATS`.
        scales, flip: see `Predictor`.
        precision: one of the format's `PRECISIONS`.
        image_size: height and width in pixels; None: any, where the format can.

    Returns:
        The file's path.

    Raises:
        InputError: the format has no such precision, needs a size, or a package that is missing;
            or a side is not positive.
    """
    module = importlib.import_module(f"{formats.__name__}.{format_name}")
    if precision not in module.PRECISIONS:
        raise InputError(
            f"--precision={precision}: expected one of {', '.join(module.PRECISIONS)} with "
            f"--format={format_name}"
        )
    if image_size is not None and (len(image_size) != 2 or min(image_size) < 1):
        sides = ",".join(map(str, image_size))
        raise InputError(f"--image_size={sides}: expected HEIGHT,WIDTH, positive numbers of pixels")
    content = module.convert(Predictor(segmenter, scales, flip), precision, image_size)
    files.make_folders(output_dir)
    with atomic_write(os.path.join(output_dir, LABEL_MAP_FILE)) as file:
        file.write(format_class_names(segmenter.class_names))
    path = os.path.join(output_dir, module.FILE_NAME)
    with atomic_write(path, "wb") as file:
        file.write(content)
    return path
