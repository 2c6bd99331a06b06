"""label_png: masks as PNGs, of which every value above 0 is a candidate.

In the folder the image STEM has a label map STEM.png, or a folder STEM with any number of PNGs, as
many as candidates that overlap need (Segment Anything writes a folder of one black and white PNG
per mask); where it has both, STEM.png comes first. PNGs may be grey, of 1, 8 or 16 bits, or have a
palette, as in VOC's SegmentationObject; 255 of a palette is void and no candidate. Of PNGs in
colour every colour but black is a candidate, without what is transparent. TIFFs are read as well.

Candidates keep the order of the files (10.png comes after 9.png) and of the values in a file.
"""

import os
import re
from collections.abc import Iterator

import numpy as np

from boxsup_tf.data.file_index import find_file
from boxsup_tf.drawing import opened_picture
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import VOID
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.refinement import refine
from boxsup_tf.proposals import importers
from boxsup_tf.proposals.proposal_input import ProposalInput

_MODES = ("1", "L", "LA", "P", "I", "I;16", "RGB", "RGBA")  # Pillow's names of the kinds above
_ENDINGS = (".png", ".tif", ".tiff")
_MAX_COLOURS = 10_000  # a photograph has more


def read(path: str, inputs: ProposalInput) -> CandidatePool:
    """The candidates of one image.

    Raises:
        InputError: the image has no PNG; one is damaged, a photograph, or of another size.
    """
    paths = _paths(path, inputs)

    def masks() -> Iterator[np.ndarray]:
        for file in paths:
            labels = _read_labels(file, inputs)
            values = np.unique(labels)
            yield from (labels == value for value in values[values > 0])

    return CandidatePool(*refine(masks(), *inputs.image.shape[:2]), "imported")


def _paths(folder: str, inputs: ProposalInput) -> list[str]:
    for name in importers.names_of_image(inputs):
        label_map, own_folder = find_file(folder, name, _ENDINGS), os.path.join(folder, name)
        paths = [label_map] if label_map else []
        if files.is_folder(own_folder):
            inside = [file for file in files.names_in(own_folder) if _is_image(file)]
            paths += [os.path.join(own_folder, file) for file in sorted(inside, key=_by_numbers)]
        if paths:
            return paths
    raise InputError(
        f"{own_folder}.png: not found, nor a PNG in {own_folder}: expected the candidates of "
        f"{inputs.filename}"
    )


def _is_image(name: str) -> bool:
    return name.lower().endswith(_ENDINGS)


def _by_numbers(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names by their value."""
    parts = re.findall(r"\d+|\D+", name)
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts]


def _read_labels(path: str, inputs: ProposalInput) -> np.ndarray:
    """int64 [H, W]; void is 0. Pillow, because OpenCV gives a palette's colours."""
    try:
        with opened_picture(path, ["PNG", "TIFF"]) as image:
            importers.check_size((image.height, image.width), inputs, path)
            mode, labels = image.mode, np.array(image).astype(np.int64)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error}): expected a whole PNG") from None
    if mode not in _MODES:
        raise InputError(f"{path}: a PNG of mode {mode}: expected grey or a palette")
    if mode == "P":
        labels[labels == VOID] = 0
    if mode == "LA":
        return labels[:, :, 0] * (labels[:, :, 1] > 0)
    if mode not in ("RGB", "RGBA"):
        return labels
    colours = labels[:, :, :3] @ [65536, 256, 1]
    if mode == "RGBA":
        colours[labels[:, :, 3] == 0] = 0
    if (count := np.unique(colours).size) > _MAX_COLOURS:
        raise InputError(
            f"{path}: {count} colours: expected a colour for each candidate, {_MAX_COLOURS} at most"
        )
    return colours
