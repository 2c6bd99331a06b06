"""Checks the boxes of a folder of records by a trained network."""

import dataclasses
import os
from collections.abc import Iterator

import numpy as np
from tqdm import tqdm

from boxsup_tf.box_quality.finding import Finding, ranked, write_findings
from boxsup_tf.box_quality.findings_page import crop_of, findings_page
from boxsup_tf.box_quality.judge import judge
from boxsup_tf.errors import InputError
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.json_file import parse_json, write_json
from boxsup_tf.io.owned_folder import OwnedFolder
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo, check_same_classes, load_complete
from boxsup_tf.records.example import decode_image
from boxsup_tf.records.shards import read_range

TABLE_FILE, PAGE_FILE, SETTINGS_FILE = "boxes.csv", "boxes.html", "boxes.json"
_PARTS = "parts"
_SCORES = 1  # counts up when boxes are scored otherwise, for parts are kept
_IMAGES_OF_A_PART = 500  # what an interruption loses at most


def check_boxes(
    model: SegmentationModel,
    data: str,
    output_dir: str,
    num_shown: int = 200,
    use_pools: bool = True,
) -> list[Finding]:
    """Ranks all boxes by how wrong they look, and objects without a box among them.

    An interrupted check goes on where it stopped.

    Args:
        model: the network.
        data: a folder of records, with or without candidate pools.
        output_dir: made if need be; gets boxes.csv and boxes.html.
        num_shown: findings on the page.
        use_pools: where there are pools, take the ends of believed objects from candidates.

    Returns:
        The findings in order, see `judge.judge`.

    Raises:
        InputError: the data set is missing, unfinished, damaged, has other classes than the network
            or no box; or the folder holds a check of another network, data set
            or other pools.
    """
    info = load_complete(data)
    check_same_classes("the model", model.class_names, data, info.class_names)
    if not info.num_images_with_boxes:
        raise InputError(f"{data}: none of its {info.num_images} images has boxes: expected some")
    folder = OwnedFolder(output_dir, SETTINGS_FILE, "a check", "check_boxes")
    settings = model.settings | {"data": info.digest, "use_pools": use_pools, "scores": _SCORES}
    settings["pools"] = info.pools if use_pools else None
    found = folder.read()
    if found is not None:  # earlier versions did not say over which pools
        folder.check({"pools": settings["pools"]} | found, settings)
    folder.write(settings)
    findings = ranked(_all_findings(model, data, info, output_dir, use_pools))
    write_findings(os.path.join(output_dir, TABLE_FILE), findings, info.class_names)
    crops = _crops(model, data, info, findings[:num_shown])
    with atomic_write(os.path.join(output_dir, PAGE_FILE)) as file:
        file.write(findings_page(data, findings, crops, info.class_names))
    return findings


def _all_findings(
    model: SegmentationModel, data: str, info: DatasetInfo, output_dir: str, use_pools: bool
) -> Iterator[Finding]:
    files.make_folders(os.path.join(output_dir, _PARTS))
    with tqdm(total=info.num_images, desc="check boxes", unit="image") as progress:
        for first in range(0, info.num_images, _IMAGES_OF_A_PART):
            indices = range(first, min(first + _IMAGES_OF_A_PART, info.num_images))
            path = os.path.join(output_dir, _PARTS, f"{first:08d}.json")
            if files.exists(path):
                progress.update(len(indices))
            else:
                found = []
                for record in read_range(data, info, indices):
                    found += _findings(model, record, use_pools)
                    progress.update()
                write_json(path, {"findings": [dataclasses.asdict(each) for each in found]})
            yield from parse_json(path, "a file that check_boxes wrote", _parse)


def _parse(content: dict) -> list[Finding]:
    def tupled(values: dict) -> dict:
        return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}

    return [Finding(**tupled(values)) for values in content["findings"]]


def _findings(model: SegmentationModel, record: bytes, use_pools: bool) -> list[Finding]:
    example = records.decode_example(record)
    if example.boxes is None:
        return []
    image = decode_image(example.encoded).numpy()
    pool = records.decode_pool(record) if use_pools else None
    return judge(example, model.probabilities(image[None])[0], pool)


def _crops(
    model: SegmentationModel, data: str, info: DatasetInfo, findings: list[Finding]
) -> list[np.ndarray]:
    """Pictures of findings; images are read again, for only now it is known which are shown."""
    by_image: dict[str, list[int]] = {}
    for place, finding in enumerate(findings):
        by_image.setdefault(finding.source_id, []).append(place)
    crops: dict[int, np.ndarray] = {}
    wanted = tqdm(total=len(by_image), desc="pictures", unit="image")
    for record in read_range(data, info, range(info.num_images)):
        example = records.decode_example(record)
        if example.source_id in by_image:
            image = decode_image(example.encoded).numpy()
            belief = model.label_maps(image[None])[0]
            for place in by_image[example.source_id]:
                crops[place] = crop_of(image, belief, findings[place])
            wanted.update()
    wanted.close()
    return [crops[place] for place in range(len(findings))]
