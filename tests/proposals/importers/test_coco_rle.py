"""importers.coco_rle: masks in COCO's JSON, in the forms in which programs write them."""

import json
import pathlib

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from boxsup_tf.errors import InputError
from boxsup_tf.proposals.importers import coco_rle
from tests.proposals.importers import masks as made


def _compressed(mask: np.ndarray) -> dict:
    rle = mask_utils.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": rle["size"], "counts": rle["counts"].decode("ascii")}


def _uncompressed(mask: np.ndarray) -> dict:
    """As Segment Anything writes them."""
    pixels = np.concatenate([[False], mask.T.ravel()])
    changes = np.flatnonzero(pixels[1:] != pixels[:-1])
    return {
        "size": list(mask.shape),
        "counts": np.diff(changes, prepend=0, append=mask.size).tolist(),
    }


def _results(masks: np.ndarray, **more) -> list[dict]:
    forms = (_compressed, _uncompressed)
    return [{"segmentation": forms[n % 2](mask), **more} for n, mask in enumerate(masks)]


def _write(path: pathlib.Path, content: object) -> str:
    path.write_text(json.dumps(content))
    return str(path)


@pytest.mark.parametrize(
    ("image_id", "filename"),
    [
        (42, "000000000042.jpg"),
        (42, "COCO_val2014_000000000042.jpg"),
        (42, "train2017/000000000042.jpg"),
        ("000000000042", "000000000042.jpg"),
        (2007000033, "2007_000033.jpg"),
        ("2007_000033", "2007_000033.jpg"),
        ("2007_000033.jpg", "2007_000033.jpg"),
        ("holiday.1", "holiday.1.png"),
        ("train/a.png", "train/a.png"),
    ],
)
def test_results_of_many_images_give_this_images_masks_back(tmp_path, image_id, filename):
    masks = made.overlapping()
    others = _results(made.overlapping(seed=1), image_id=33)
    mine = _results(masks, image_id=image_id, category_id=7)
    path = _write(tmp_path / "results.json", others[:9] + mine + others[9:])
    made.check_is(coco_rle.read(path, made.inputs(filename)), masks)


@pytest.mark.parametrize("key", ["score", "predicted_iou"])
def test_scored_masks_come_best_first_and_equal_ones_in_the_files_order(tmp_path, key):
    masks = made.overlapping(6)
    results = _results(masks, image_id="a")
    for result, score in zip(results, [0.1, 0.9, 0.5, 1, 0.5, 0.2], strict=True):
        result[key] = score
    path = _write(tmp_path / "results.json", results)
    made.check_is(coco_rle.read(path, made.inputs("a.jpg")), masks[[3, 1, 2, 4, 5, 0]])
    del results[2][key]
    made.check_is(
        coco_rle.read(_write(tmp_path / "some.json", results), made.inputs("a.jpg")), masks
    )


def test_a_folder_holds_one_file_per_image(tmp_path):
    masks = made.overlapping()
    _write(tmp_path / "a.json", _results(masks))
    # Segment Anything's own data set.
    _write(tmp_path / "b.json", {"image": {"image_id": 5}, "annotations": _results(masks[:4])})
    _write(tmp_path / "none.json", [])
    made.check_is(coco_rle.read(str(tmp_path), made.inputs("a.jpg")), masks)
    made.check_is(coco_rle.read(str(tmp_path), made.inputs("b.jpg")), masks[:4])
    assert coco_rle.read(str(tmp_path), made.inputs("none.jpg")).num_candidates == 0
    with pytest.raises(InputError, match=r"c.json: not found: expected the candidates of c.jpg"):
        coco_rle.read(str(tmp_path), made.inputs("c.jpg"))


def test_where_the_file_names_its_images_an_id_is_only_an_id(tmp_path):
    masks = made.overlapping()
    content = {
        "images": [
            {"id": 12, "file_name": "11.jpg"},
            {"id": 11, "file_name": "12.jpg"},
            {"id": 3, "file_name": "empty.jpg"},
        ],
        "annotations": _results(masks[:5], image_id=12) + _results(masks[5:9], image_id=11),
    }
    path = _write(tmp_path / "instances.json", content)
    made.check_is(coco_rle.read(path, made.inputs("11.jpg")), masks[:5])
    made.check_is(coco_rle.read(path, made.inputs("12.jpg")), masks[5:9])
    assert coco_rle.read(path, made.inputs("empty.jpg")).num_candidates == 0
    with pytest.raises(InputError, match="no entry for 3.jpg"):
        coco_rle.read(path, made.inputs("3.jpg"))


def test_names_are_found_without_folders_and_in_coco_2014s_form(tmp_path):
    masks = made.overlapping(4)
    names = ["val/a.jpg", "one/b.jpg", "two/b.jpg", "COCO_val2014_000000000042.jpg"]
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    annotations = [result for n in range(4) for result in _results(masks[n : n + 1], image_id=n)]
    path = _write(tmp_path / "named.json", {"images": images, "annotations": annotations})
    wanted = {"a.jpg": 0, "val/a.jpg": 0, "two/b.jpg": 2, "x/000000000042.jpg": 3}
    for name, number in wanted.items():
        made.check_is(coco_rle.read(path, made.inputs(name)), masks[number : number + 1])
    with pytest.raises(InputError, match="no entry for b.jpg"):
        coco_rle.read(path, made.inputs("b.jpg"))


def test_points_in_pairs_are_an_outline(tmp_path):
    square = [[2, 3], [8, 3], [8, 6], [2, 6]]
    path = _write(tmp_path / "pairs.json", [{"image_id": "a", "segmentation": [square]}])
    assert coco_rle.read(path, made.inputs("a.jpg")).mask(0).sum() == 18


def test_polygons_are_painted_as_pycocotools_paints_them(shared_data):
    annotations = shared_data / "coco_subset" / "annotations" / "instances_val.json"
    content = json.loads(annotations.read_text())
    image = content["images"][0]
    mine = [a["segmentation"] for a in content["annotations"] if a["image_id"] == image["id"]]
    height, width = image["height"], image["width"]
    rles = [mask_utils.merge(mask_utils.frPyObjects(s, height, width)) for s in mine]
    masks = np.stack([mask_utils.decode(rle).astype(bool) for rle in rles])
    pool = coco_rle.read(str(annotations), made.inputs(image["file_name"], height, width))
    made.check_is(pool, masks[masks.any(axis=(1, 2))])


def test_empty_masks_are_left_out(tmp_path):
    masks = made.overlapping(4)
    masks[2] = False
    results = [*_results(masks, image_id="x1"), {"image_id": "x1"}]
    results.append({"image_id": "x1", "segmentation": []})
    path = _write(tmp_path / "results.json", results)
    made.check_is(coco_rle.read(path, made.inputs("x1.jpg")), masks[[0, 1, 3]])


def test_one_file_is_parsed_once_and_again_where_it_has_changed(tmp_path, monkeypatch):
    masks = made.overlapping(4)
    content = _results(masks[:2], image_id="x1") + _results(masks[2:], image_id="x2")
    path = _write(tmp_path / "results.json", content)
    parsed = []
    load = coco_rle.read_any_json
    monkeypatch.setattr(
        coco_rle, "read_any_json", lambda path, what: parsed.append(path) or load(path, what)
    )
    for _ in range(3):
        made.check_is(coco_rle.read(path, made.inputs("x1.jpg")), masks[:2])
        made.check_is(coco_rle.read(path, made.inputs("x2.jpg")), masks[2:])
    assert parsed == [path]
    _write(tmp_path / "results.json", content[1:])
    made.check_is(coco_rle.read(path, made.inputs("x1.jpg")), masks[1:2])


def test_masks_of_another_image_are_refused(tmp_path):
    for form in (_compressed, _uncompressed):
        results = [
            {"image_id": "a", "segmentation": form(mask)}
            for mask in (np.ones((40, 55), bool), np.ones((55, 40), bool))
        ]
        path = _write(tmp_path / f"{form.__name__}.json", results)
        with pytest.raises(InputError, match=r"a.jpg: candidate 1: segmentation of size \[55, 40"):
            coco_rle.read(path, made.inputs("a.jpg"))
    results[1]["segmentation"] = {"size": [40, 55], "counts": "rubbish"}
    path = _write(tmp_path / "rubbish.json", results)
    with pytest.raises(InputError, match=r"rubbish.json: a.jpg: candidate 1: malformed segmentati"):
        coco_rle.read(path, made.inputs("a.jpg"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("3", "no list of objects: expected COCO's results"),
        ("[3]", "no list of objects"),
        ('{"images": []}', "no list of objects"),
        ('[{"image_id": null}]', "image_id is None: expected a number or a name"),
        ('[{"image_id": 1.5}]', "image_id is 1.5"),
        ('{"images": [{"id": 1}], "annotations": []}', "images: KeyError.'file_name'."),
        ('{"images": 1, "annotations": []}', "images: TypeError"),
        ("[]", "no entry for 7.jpg: expected an image_id '7', or"),
        ('[{"image_id": 7}]', "image_id 7 may be 7.jpg or an image that the data set numbered so"),
    ],
)
def test_what_is_no_results_file_is_named(tmp_path, content, message):
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(InputError, match=rf"bad.json: {message}"):
        coco_rle.read(str(tmp_path / "bad.json"), made.inputs("7.jpg"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="none.json: cannot read candidates in COCO's JSON"):
        coco_rle.read(str(tmp_path / "none.json"), made.inputs("7.jpg"))
