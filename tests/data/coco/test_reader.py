"""data.coco.reader: boxes and masks of COCO's layout, and every way they can be wrong."""

import json

import numpy as np
import pytest
from pycocotools import mask as mask_utils
from scipy.optimize import linear_sum_assignment

from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.prepare import make_reader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.errors import InputError, InputWarning
from boxsup_tf.labels import COCO_CLASSES, VOC_CLASSES
from tests.data.tiny import HEIGHT, WIDTH, assert_equal, jpeg

_DOG, _ZEBRA = COCO_CLASSES.index("dog"), COCO_CLASSES.index("zebra")


def _filled(*rectangles: tuple[int, int, int, int, int]) -> np.ndarray:
    """uint8 [H, W] from (label, x, y, w, h), painted in order."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for label, x, y, w, h in rectangles:
        mask[y : y + h, x : x + w] = label
    return mask


def _runs(mask: np.ndarray) -> list[int]:
    """COCO's uncompressed run lengths: down the columns, beginning with zeros."""
    flat = mask.T.ravel().astype(bool)
    ends = np.flatnonzero(np.diff(flat)) + 1
    edges = np.concatenate([[0], ends, [flat.size]])
    runs = np.diff(edges).tolist()
    return [0, *runs] if flat[0] else runs


def test_boxes_and_smaller_over_larger(coco):
    coco.annotate(18, [4, 6, 5, 7])
    coco.annotate(24, [2, 3, 20.5, 15])
    example = CocoReader(coco.save(), "train")[0]
    np.testing.assert_array_equal(example.boxes, [[6, 4, 13, 9], [3, 2, 18, 22.5]])
    assert example.labels.tolist() == [_DOG, _ZEBRA]
    assert (example.source_id, example.filename) == ("a", "a.jpg")
    assert example.mask[8, 6] == _DOG and example.mask[4, 6] == _ZEBRA
    # The order of the annotations makes no difference.
    coco.json["annotations"].reverse()
    np.testing.assert_array_equal(CocoReader(coco.save(), "train")[0].mask, example.mask)


@pytest.mark.parametrize("kind", ["polygon", "runs", "compressed"])
def test_segmentations_of_every_kind(coco, kind):
    expected = _filled((_DOG, 4, 6, 5, 7))
    rle = mask_utils.encode(np.asfortranarray(expected > 0, np.uint8))
    segmentation = {
        "polygon": [[4, 6, 9, 6, 9, 13, 4, 13]],
        "runs": {"size": [HEIGHT, WIDTH], "counts": _runs(expected)},
        "compressed": {"size": [HEIGHT, WIDTH], "counts": rle["counts"].decode()},
    }[kind]
    coco.annotate(18, [4, 6, 5, 7], segmentation=segmentation)
    np.testing.assert_array_equal(CocoReader(coco.save(), "train")[0].mask, expected)


def test_ragged_compressed_runs(coco):
    # Long runs, short runs and falling runs, so that every branch of the encoding is used.
    mask = np.random.default_rng(0).random((HEIGHT, WIDTH)) < 0.3
    mask[:, 5:20] = False
    counts = mask_utils.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()
    segmentation = {"size": [HEIGHT, WIDTH], "counts": counts}
    coco.annotate(18, [0, 0, WIDTH, HEIGHT], segmentation=segmentation)
    np.testing.assert_array_equal(CocoReader(coco.save(), "train")[0].mask, mask * _DOG)


def test_parts_of_an_instance_and_degenerate_polygons(coco):
    parts = [[1, 1, 4, 1, 4, 4, 1, 4], [10, 10, 14, 10, 14, 14, 10, 14], [5, 5, 9, 9]]
    coco.annotate(18, [1, 1, 13, 13], segmentation=parts[::-1])
    expected = _filled((_DOG, 1, 1, 3, 3), (_DOG, 10, 10, 4, 4))
    np.testing.assert_array_equal(CocoReader(coco.save(), "train")[0].mask, expected)


def test_crowds_are_void_where_no_instance_is(coco):
    crowd = {"size": [HEIGHT, WIDTH], "counts": _runs(_filled((1, 0, 0, 6, 6)))}
    coco.annotate(18, [4, 4, 10, 10])
    coco.annotate(18, [0, 0, 6, 6], segmentation=crowd, iscrowd=1)
    example = CocoReader(coco.save(), "train")[0]
    assert example.is_crowd.tolist() == [False, True]
    expected = _filled((255, 0, 0, 6, 6), (_DOG, 4, 4, 10, 10))
    np.testing.assert_array_equal(example.mask, expected)
    # A crowd without a segmentation is void in its whole box.
    del coco.json["annotations"][1]["segmentation"]
    np.testing.assert_array_equal(CocoReader(coco.save(), "train")[0].mask, expected)


def test_voc_classes_drop_the_others(coco):
    coco.annotate(24, [4, 6, 5, 7])
    coco.annotate(18, [2, 3, 20, 15])
    example = CocoReader(coco.save(), "train", "voc")[0]
    assert [VOC_CLASSES[label] for label in example.labels] == ["dog"]
    np.testing.assert_array_equal(example.mask, _filled((VOC_CLASSES.index("dog"), 2, 3, 20, 15)))


def test_categories_of_the_file_in_the_order_of_ids(coco):
    coco.json["categories"] = [{"id": 24, "name": "scratch"}, {"id": 18, "name": "dent"}]
    coco.annotate(24, [4, 6, 5, 7])
    reader = CocoReader(coco.save(), "train", "file")
    assert reader.class_names == ("background", "dent", "scratch")
    assert reader[0].labels.tolist() == [2]


def test_an_image_without_annotations_is_background(coco):
    example = CocoReader(coco.save(), "train")[0]
    assert example.boxes.shape == (0, 4)
    np.testing.assert_array_equal(example.mask, _filled())


@pytest.mark.parametrize("segmentation", [None, []])
def test_boxes_without_segmentation_give_no_mask(coco, segmentation):
    coco.annotate(18, [2, 3, 20, 15])
    coco.annotate(18, [4, 6, 5, 7], segmentation=segmentation)
    example = CocoReader(coco.save(), "train")[0]
    assert example.mask is None and len(example.boxes) == 2


def test_rounding_is_clipped_and_boxes_without_area_are_left_out(coco):
    coco.annotate(18, [-0.01, 3, WIDTH + 0.02, HEIGHT - 2.5])
    coco.annotate(18, [3, 3, 5, 0])
    example = CocoReader(coco.save(), "train")[0]
    np.testing.assert_array_equal(example.boxes, [[3, 0, HEIGHT, WIDTH]])


def test_where_files_are_found(coco, tmp_path):
    data_dir = coco.save()
    coco.path.rename(coco.path.with_name("instances_train2017.json"))
    coco.images.rename(coco.images.with_name("train2017"))
    for split in ("train", "train2017"):
        assert len(CocoReader(data_dir, split)) == 1
        assert CocoReader(data_dir, split)[0].height == HEIGHT
    annotation_file = coco.path.with_name("instances_train2017.json").rename(tmp_path / "x.json")
    image_dir = coco.images.with_name("train2017").rename(tmp_path / "pictures")
    reader = CocoReader("", "train", "coco", str(annotation_file), str(image_dir))
    assert reader[0].source_id == "a"
    with pytest.raises(InputError, match="coco: no folder of images: expected one of train, "):
        CocoReader(data_dir, "train", annotation_file=str(annotation_file))
    with pytest.raises(InputError, match=r"^[^:]*instances_val.json: not found, nor, in .*coco.js"):
        CocoReader(data_dir, "val", image_dir=str(image_dir))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("images"), "no list 'images'"),
        (lambda d: d["images"][0].update(file_name=7), r"images\[0\]: 'file_name' is 7"),
        (lambda d: d["annotations"][0].update(category_id=5), "category_id 5 is unknown"),
        (lambda d: d["annotations"][0].update(image_id=5), "image_id 5 is unknown"),
        (lambda d: d["images"].append(d["images"][0]), "images id 7 occurs twice"),
        (lambda d: d["images"].append(d["images"][0] | {"id": 8}), "file name 'a' occurs twice"),
        (lambda d: d["categories"][0].update(name="yeti"), "category 'yeti' is not one of COCO"),
        (lambda d: d["images"][0].update(width=99), "'a.jpg' says height 24 and width 99"),
        (lambda d: d["images"][0].update(id=1.5), "'id' is 1.5: expected a whole number"),
        (lambda d: d["images"][0].update(height="tall"), "'height' is 'tall': expected a whole"),
        (lambda d: d["annotations"][0].update(iscrowd="yes"), "'iscrowd' is 'yes': expected 0 or"),
        (lambda d: d.update(categories=[3]), r"categories\[0\]: 3: expected an object"),
    ],
)
def test_a_bad_json(coco, change, message):
    coco.annotate(18, [2, 3, 20, 15])
    change(coco.json)
    with pytest.raises(InputError, match=f"instances_train.json: .*{message}") as caught:
        CocoReader(coco.save(), "train")[0]
    assert "\n" not in str(caught.value)


_BOX = (3, 2, 18, 22)
_OUT, _EMPTY = "box reaches out of its image", "box is empty, inverted"


@pytest.mark.parametrize(
    ("change", "boxes", "has_mask", "note"),
    [
        ({"bbox": None, "segmentation": None}, [], False, _EMPTY),
        ({"bbox": [1, 2, "x", 4]}, [], True, _EMPTY),
        ({"bbox": [1, 2, -3, 4]}, [], True, _EMPTY),
        ({"bbox": [1, 2, 40, 4]}, [(2, 1, 6, WIDTH)], True, _OUT),
        ({"bbox": [-2, 3, 24, 15]}, [(3, 0, 18, 22)], True, _OUT),
        ({"segmentation": [["x"] * 6]}, [_BOX], False, "outline encloses nothing or is malformed"),
        ({"segmentation": [1, 2, 3]}, [_BOX], False, "outline"),
        ({"segmentation": [[2, 3, 20, 15]]}, [_BOX], False, "outline"),  # a box, not an outline
        ({"segmentation": {"size": 1}}, [_BOX], False, "outline"),
        ({"segmentation": {"size": [2, 2], "counts": [1, 3]}}, [_BOX], False, "outline"),
        ({"segmentation": {"size": [HEIGHT, WIDTH], "counts": [1, 3]}}, [_BOX], False, "outline"),
        ({"segmentation": {"size": [HEIGHT, WIDTH], "counts": "52203"}}, [_BOX], False, "outline"),
        ({"bbox": [2, 3, 1, 1], "segmentation": [[2, 3, 3, 4]]}, [], True, "object of at most a"),
    ],
)
def test_what_is_mended_is_noted(coco, change, boxes, has_mask, note):
    coco.annotate(18, [2, 3, 20, 15]).update(change)
    example = CocoReader(coco.save(), "train")[0]
    np.testing.assert_array_equal(example.boxes, np.array(boxes).reshape(-1, 4))
    assert (example.mask is not None) == has_mask
    assert len(example.repairs) == 1 and example.repairs[0].startswith(note), example.repairs
    assert "annotation 1" in example.repairs[0]


def test_a_missing_box_is_the_outlines(coco):
    coco.annotate(18, [2, 3, 20, 15])
    del coco.json["annotations"][0]["bbox"]
    example = CocoReader(coco.save(), "train")[0]
    np.testing.assert_array_equal(example.boxes, [_BOX])
    assert not example.repairs


def test_ids_sizes_and_flags_as_tools_write_them(coco):
    coco.annotate(18, [2, 3, 20, 15])
    coco.annotate(24, [4, 6, 5, 7], iscrowd=1)
    expected = CocoReader(coco.save(), "train")[0]
    coco.json["categories"][0]["id"] = "18"
    coco.json["images"][0] |= {"id": 7.0, "height": float(HEIGHT), "width": str(WIDTH)}
    first, second = coco.json["annotations"]
    first |= {"image_id": "7", "category_id": 18.0, "iscrowd": "0"}
    del first["id"]
    first["segmentation"] = first["segmentation"][0]  # an outline alone
    x, y, w, h = second["bbox"]
    second |= {"id": 1, "iscrowd": "1"}
    second["segmentation"] = [[[x, y], [x + w, y], [x + w, y + h], [x, y + h]]]
    assert_equal(CocoReader(coco.save(), "train")[0], expected)


@pytest.mark.parametrize("size", [{}, {"height": None, "width": None}, {"height": 0, "width": 0}])
def test_a_missing_size_is_taken_from_the_image(coco, size):
    coco.annotate(18, [2, 3, 20, 15])
    expected = CocoReader(coco.save(), "train")[0]
    image = coco.json["images"][0]
    del image["height"], image["width"]
    image |= size
    example = CocoReader(coco.save(), "train")[0]
    assert example.repairs and example.repairs[0].endswith(": a.jpg")
    np.testing.assert_array_equal(example.boxes, expected.boxes)
    np.testing.assert_array_equal(example.mask, expected.mask)


def test_one_bad_entry_among_others_is_left_out_with_a_warning(coco):
    coco.annotate(18, [2, 3, 20, 15])
    coco.json["annotations"] += [{"id": 9}, {"id": 10, "image_id": 99, "category_id": 18}]
    message = r"2 of 3 annotations left out, the first: annotations\[1\]: 'image_id' is None"
    with pytest.warns(InputWarning, match=message):
        reader = CocoReader(coco.save(), "train")
    assert len(reader[0].boxes) == 1


def test_categories_of_one_name_and_the_background(coco):
    coco.json["categories"] = [{"id": n, "name": name} for n, name in enumerate("aba")]
    coco.json["categories"].append({"id": 9, "name": "Background"})
    for category_id in (0, 1, 2, 9):
        coco.annotate(category_id, [2 + category_id, 3, 5, 5])
    with pytest.warns(InputWarning) as warned:
        reader = CocoReader(coco.save(), "train", "file")
    assert "'Background'" in str(warned[0].message) and "'a'" in str(warned[1].message)
    assert len(warned) == 2 and reader.class_names == ("background", "a", "b")
    assert reader[0].labels.tolist() == [1, 2, 1]


def test_strange_names_are_warned_of_where_voc_takes_some(coco):
    coco.json["categories"].append({"id": 25, "name": "tv/monitor"})
    with pytest.warns(InputWarning, match="count as background: 'tv/monitor'"):
        CocoReader(coco.save(), "train", "voc")


def test_more_classes_than_a_mask_can_tell_apart(coco):
    coco.json["categories"] = [{"id": n, "name": f"c{n}"} for n in range(300)]
    coco.annotate(299, [2, 3, 20, 15])
    coco.annotate(7, [4, 6, 5, 7])
    with pytest.raises(InputError, match=r"300 classes: expected at most 254 \(--classes= takes"):
        CocoReader(coco.save(), "train", "file")
    reader = make_reader("coco", coco.data_dir, "train", ["c299"], class_set="file")
    assert reader.class_names == ("background", "c299")
    example = reader[0]
    assert example.labels.tolist() == [1, 0] and example.is_crowd.tolist() == [False, True]
    np.testing.assert_array_equal(example.mask, _filled((1, 2, 3, 20, 15), (255, 4, 6, 5, 7)))


@pytest.mark.parametrize(
    "place", ["train/_annotations.coco.json", "train.json", "train/labels.json"]
)
def test_a_json_beside_its_images(coco, place):
    coco.annotate(18, [2, 3, 20, 15])
    coco.json["images"][0]["file_name"] = "train/a.jpg" if place == "train.json" else "a.jpg"
    coco.save()
    coco.path.rename(coco.images.parent / place)
    assert len(CocoReader(coco.data_dir, "train")[0].boxes) == 1


def test_not_json_and_bad_class_sets(coco):
    coco.json["categories"] = [{"id": 1, "name": "zebra"}, {"id": 2, "name": "zebra"}]
    data_dir = coco.save()
    with pytest.raises(InputError, match="no category is one of VOC's"):
        CocoReader(data_dir, "train", "voc")
    with pytest.raises(InputError, match="class_set 'imagenet': expected one of coco, voc, file"):
        CocoReader(data_dir, "train", "imagenet")
    coco.path.write_text("{")
    with pytest.raises(InputError, match=r"instances_train.json: not JSON"):
        CocoReader(data_dir, "train")


def test_missing_and_damaged_image(coco):
    reader = CocoReader(coco.save(), "train")
    (coco.images / "a.jpg").write_bytes(jpeg()[:100])
    with pytest.raises(InputError, match=r"a.jpg: the image is damaged"):
        reader[0]
    (coco.images / "a.jpg").unlink()
    with pytest.raises(InputError, match=r"a.jpg: cannot read an image"):
        reader[0]


def test_nothing_is_printed(coco, capsys):
    CocoReader(coco.save(), "train")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("split", "num_images"), [("train", 68), ("val", 29)])
def test_real_images_agree_with_the_json(shared_data, split, num_images):
    folder = shared_data / "coco_subset"
    raw = json.loads((folder / "annotations" / f"instances_{split}.json").read_text())
    reader = CocoReader(str(folder), split)
    assert len(reader) == num_images
    names = {category["id"]: category["name"] for category in raw["categories"]}
    expected: dict[str, list[str]] = {image["file_name"]: [] for image in raw["images"]}
    files = {image["id"]: image["file_name"] for image in raw["images"]}
    for annotation in raw["annotations"]:
        expected[files[annotation["image_id"]]].append(names[annotation["category_id"]])
    for example in reader:
        found = [COCO_CLASSES[label] for label in example.labels]
        assert sorted(found) == sorted(expected[example.filename])


@pytest.mark.parametrize("split", ["train", "val"])
def test_both_forms_of_the_same_images_agree(shared_data, split):
    """Masks agree in every pixel; boxes within 1 px for 95 of 100, within 4.3 px for all.

    The JSON's boxes belong to the polygons, the XML's to the pixels: where the end of a
    polygon is thinner than a pixel they differ.
    """
    folder = str(shared_data / "coco_subset")
    as_coco = {example.source_id: example for example in CocoReader(folder, split, "voc")}
    as_voc = {example.source_id: example for example in VocReader(folder, split)}
    assert as_coco.keys() == as_voc.keys()
    distances = []
    for source_id, voc in as_voc.items():
        coco = as_coco[source_id]
        np.testing.assert_array_equal(coco.mask, voc.mask, err_msg=source_id)
        assert sorted(coco.labels) == sorted(voc.labels), source_id
        for label in np.unique(voc.labels):
            a, b = coco.boxes[coco.labels == label], voc.boxes[voc.labels == label]
            distance = np.abs(a[:, None] - b[None]).max(axis=2)
            distances.append(distance[linear_sum_assignment(distance)])
    all_distances = np.concatenate(distances)
    assert np.mean(all_distances <= 1.0) > 0.94
    assert all_distances.max() < 4.3
