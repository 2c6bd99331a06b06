"""data.box_files.formats.labelstudio: tasks as they occur."""

import json
import re

import pytest

from boxsup_tf.data.box_files.reader import BoxesReader
from boxsup_tf.data.mending import OBJECT_LEFT_OUT
from boxsup_tf.errors import InputError
from boxsup_tf.records.records import encode_example
from tests.data.box_files.writers import WRITERS
from tests.data.tiny import HEIGHT, WIDTH, jpeg


@pytest.mark.parametrize("annotations", [7, [7], [{"result": 7}]])
def test_a_task_that_is_none_is_named(root, annotations):
    content = [{"id": "\ud800", "data": {"image": "a.jpg"}, "annotations": annotations}]
    (root / "project.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=re.escape(r"project.json: task '\ud800': not Label")):
        BoxesReader("labelstudio", str(root), "all")


def test_what_is_mended_can_be_written_whatever_it_is_called(root):
    region = {"type": "rectanglelabels", "value": {}}
    task = {"id": "\ud800", "data": {"image": "a.jpg"}, "annotations": [{"result": [region]}]}
    (root / "project.json").write_text(json.dumps([task]))
    names = ("background", "cat")
    example = BoxesReader("labelstudio", str(root), "all", names)[0]
    assert example.repairs == (f"{OBJECT_LEFT_OUT}: task ?: region 1",)
    encode_example(example, names)


_REGION = {
    "type": "rectanglelabels",
    "original_height": HEIGHT,
    "original_width": WIDTH,
    "value": {"x": 25, "y": 25, "width": 50, "height": 50, "rectanglelabels": ["cat"]},
}


@pytest.mark.parametrize(
    ("file", "address", "source_id"),
    [
        ("photos/1.jpg", "/data/local-files/?d=photos/1.jpg", "photos/1"),
        ("photos/1.jpg", "/data/local-files/?x=7&d=photos/1.jpg&y=8#top", "photos/1"),
        ("1 é.jpg", "/data/local-files/?d=root/photos/1%20%C3%A9.jpg", "root/photos/1 é"),
        ("images/1+%.jpg", "/data/local-files/?d=1+%25.jpg", "1+%"),
        ("1 é.jpg", "/data/upload/3/0123abcd-1%20%C3%A9.jpg?token=d", "1 é"),
        ("1%20.jpg", "/data/upload/3/1%20.jpg", "1%20"),
        ("0123abcd-1.jpg", "s3://bucket/0123abcd-1.jpg", "0123abcd-1"),
        ("1.jpg", "C:\\photos\\1.jpg", "1"),
    ],
)
def test_addresses(tmp_path, file, address, source_id):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(jpeg())
    task = {"id": 1, "data": {"image": address}, "annotations": [{"result": [_REGION]}]}
    (tmp_path / "project.json").write_text(json.dumps([task]))
    reader = BoxesReader("labelstudio", str(tmp_path), "all")
    assert reader.source_ids == [source_id]
    assert reader[0].labels.tolist() == [1] and not reader[0].repairs


@pytest.mark.parametrize("size", [{"original_width": 0}, {"original_height": None}])
def test_a_turned_box_of_no_size_is_left_out_alone(root, size):
    WRITERS["labelstudio"](root)
    tasks = json.loads((root / "project.json").read_text())
    turned = _REGION | size | {"value": _REGION["value"] | {"rotation": 30}}
    tasks[0]["annotations"][1]["result"] = [turned, _REGION]
    (root / "project.json").write_text(json.dumps(tasks))
    example = BoxesReader("labelstudio", str(root), "all")[0]
    assert example.labels.tolist() == [1]
    assert example.repairs == (f"{OBJECT_LEFT_OUT}: task 0: region 1",)
