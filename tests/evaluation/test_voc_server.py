"""The archive for VOC's server: its layout, its labels, and what is refused."""

import dataclasses
import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.evaluate import EvaluateOptions, evaluate
from boxsup_tf.evaluation.voc_server import check_for_server, write_archive
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.labels import VOC_CLASSES, color_map
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo, SkippedImage
from boxsup_tf.records.writer import write_dataset
from tests.conftest import needs_crf

NAMES = ("background", "sheep", "cat")
SETTINGS = {"dataset": "voc", "split": "test", "year": "VOC2012", "num_images": 3}


def columns(images: np.ndarray) -> np.ndarray:
    """Label maps whose columns are of all classes in turn."""
    return np.broadcast_to(np.arange(images.shape[2]) % 3, images.shape[:3])


def write(folder: str, with_masks: bool) -> str:
    reader = ShapesReader(3, seed=2, image_size=48)

    def make(index: int) -> bytes:
        mask = np.zeros_like(reader[index].mask) if with_masks and index == 1 else None
        example = dataclasses.replace(reader[index], mask=mask, boxes=None)
        return records.encode_example(example, NAMES)

    info = DatasetInfo(SETTINGS, NAMES, num_shards=1)
    write_dataset(folder, info, 3, lambda indices: list(map(make, indices)), "write")
    return folder


@pytest.mark.parametrize("with_masks", [False, True])
def test_archive_holds_every_image_in_vocs_layout(tmp_path, with_masks):
    folder = write(str(tmp_path / "records"), with_masks)
    model = SegmentationModel(NAMES, {}, columns, columns)
    options = EvaluateOptions(voc_server="mine")
    evaluations = evaluate(model, folder, str(tmp_path / "out"), options)
    assert len(evaluations) == with_masks
    path = tmp_path / "out" / "mine.tar.gz"
    with tarfile.open(path) as archive:
        names = archive.getnames()
        pictures = [Image.open(io.BytesIO(archive.extractfile(name).read())) for name in names]
    reader = ShapesReader(3, seed=2, image_size=48)
    top = "results/VOC2012/Segmentation/comp6_test_cls"
    assert names == [f"{top}/{reader[i].source_id}.png" for i in range(3)]
    as_voc = [0, VOC_CLASSES.index("sheep"), VOC_CLASSES.index("cat")]
    for i, picture in enumerate(pictures):
        assert picture.mode == "P" and picture.size == (reader[i].width, reader[i].height)
        np.testing.assert_array_equal(np.array(picture)[0, :3], as_voc)
        np.testing.assert_array_equal(picture.convert("RGB").getpixel((1, 0)), color_map()[17])

    evaluate(model, folder, str(tmp_path / "again"), options)
    assert (tmp_path / "again" / "mine.tar.gz").read_bytes() == path.read_bytes()


@needs_crf
def test_archive_of_the_label_maps_that_the_crf_refined(tmp_path):
    folder = write(str(tmp_path / "records"), with_masks=False)

    def specks(images: np.ndarray) -> np.ndarray:
        """Probabilities of a sheep with a few pixels of cat, which the CRF takes away."""
        labels = np.ones(images.shape[:3], int)
        labels[:, ::7, ::7] = 2
        return (0.3 + np.eye(3, dtype=np.float32)[labels]) / 1.9

    model = SegmentationModel(NAMES, {}, lambda images: specks(images).argmax(axis=-1), specks)
    options = EvaluateOptions(voc_server="mine", crf=True)
    evaluate(model, folder, str(tmp_path), options)
    cats = []
    for name in ("mine", "crf/mine"):
        with tarfile.open(tmp_path / f"{name}.tar.gz") as archive:
            members = archive.getmembers()
            picture = np.array(Image.open(io.BytesIO(archive.extractfile(members[0]).read())))
        assert len(members) == 3
        cats.append((picture == VOC_CLASSES.index("cat")).sum())
    assert cats[0] > cats[1]


def test_what_the_server_could_not_use_is_refused():
    for settings, names, message in (
        ({"dataset": "coco"}, NAMES, "holds records of 'coco': expected VOC's"),
        (SETTINGS | {"max_image_side": 321}, NAMES, "prepared without --max_side"),
        (SETTINGS, (*NAMES, "moon"), "'moon' is none of VOC's classes"),
    ):
        with pytest.raises(InputError, match=message):
            check_for_server("folder", DatasetInfo(settings, names, num_shards=1, num_images=3))


def test_an_archive_that_lacks_images_is_refused(tmp_path):
    """One image was skipped, and others hold no chosen class."""
    skipped = SkippedImage(2, "x", "damaged")
    for info in (
        DatasetInfo(SETTINGS, NAMES, num_shards=1, num_images=2, skipped=(skipped,)),
        DatasetInfo(SETTINGS | {"num_left_out": 2}, NAMES, num_shards=1, num_images=1),
    ):
        with pytest.raises(InputError, match=f"holds {info.num_images} of the 3 images of VOC's"):
            check_for_server("folder", info)
    check_for_server("folder", DatasetInfo(SETTINGS, NAMES, num_shards=1, num_images=3))


@pytest.mark.parametrize("name", ["../../x", "/x"])
def test_an_id_that_leads_out_of_the_archive(tmp_path, name):
    info = DatasetInfo({"dataset": "voc", "split": "val", "year": "VOC2012"}, VOC_CLASSES, 1)
    path = tmp_path / "results.tar.gz"
    with pytest.raises(InputError, match="leads out of the folder"):
        write_archive(str(path), [(name, np.zeros((2, 3), np.uint8))], VOC_CLASSES, info)
    assert not path.exists()
