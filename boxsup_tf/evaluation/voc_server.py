"""The archive of label maps that PASCAL VOC's evaluation server takes.

Its layout is that of the VOC 2012 development kit: results/VOC2012/Segmentation/comp6_SPLIT_cls/
ID.png, palette PNGs of the images' own sizes. comp6 is the competition for methods that have
learnt from other data than VOC's, as weights from ImageNet have.
"""

import gzip
import os
import tarfile
import tempfile
from collections.abc import Iterable, Sequence

import numpy as np

from boxsup_tf import drawing
from boxsup_tf.errors import InputError
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.names import path_below
from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.records.dataset_info import DatasetInfo


def check_for_server(dataset_dir: str, info: DatasetInfo) -> None:
    """Makes sure that the server could make something of a data set's label maps.

    Raises:
        InputError: the records are not VOC's, are of other classes, or hold smaller images or
            fewer than the list names.
    """
    if info.settings.get("dataset") != "voc":
        raise InputError(
            f"--voc_server: {dataset_dir} holds records of {info.settings.get('dataset')!r}: "
            "expected VOC's"
        )
    if "max_image_side" in info.settings:
        raise InputError(
            f"--voc_server: the images of {dataset_dir} were made smaller: expected records that "
            "were prepared without --max_side, for the server wants maps of the images' own sizes"
        )
    listed = info.settings["num_images"]
    if info.num_images < listed:
        raise InputError(
            f"--voc_server: {dataset_dir} holds {info.num_images} of the {listed} images of VOC's "
            "list: expected all, prepared without --classes and none skipped"
        )
    unknown = set(info.class_names) - set(VOC_CLASSES)
    if unknown:
        raise InputError(f"--voc_server: {min(unknown)!r} is none of VOC's classes")


def write_archive(
    path: str,
    label_maps: Iterable[tuple[str, np.ndarray]],
    class_names: Sequence[str],
    info: DatasetInfo,
) -> None:
    """Writes the archive, the same bytes for the same label maps.

    Args:
        path: ends with .tar.gz; appears only when the file is whole.
        label_maps: ids and integers [H, W].
        class_names: of their labels; they are written as VOC numbers them.
        info: of the data set, see `check_for_server`.
    """
    as_voc = np.array([VOC_CLASSES.index(name) for name in class_names], np.uint8)
    competition = f"comp6_{info.settings['split']}_cls"
    folder = path_below("results", f"{info.settings['year']}/Segmentation/{competition}")
    with (
        tempfile.TemporaryDirectory() as scratch,
        atomic_write(path, "wb") as file,
        gzip.GzipFile("", "wb", mtime=0, fileobj=file) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        picture = os.path.join(scratch, "label_map.png")
        for source_id, label_map in label_maps:
            drawing.write_palette_png(picture, as_voc[label_map])
            member = tarfile.TarInfo(path_below(folder, f"{source_id}.png"))
            member.size = os.path.getsize(picture)
            with open(picture, "rb") as png:
                archive.addfile(member, png)
