"""What fuzz.py damages of data sets: VOC, COCO, SBD, PASCAL-Context, and images of any kind."""

import io
import json
import os

import numpy as np
import scipy.io
from fuzz_reader import SIDE, Reader, digest, digest_of_examples, put, shapes
from PIL import Image
from pycocotools import mask as mask_utils

from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.context.reader import ContextReader
from boxsup_tf.data.sbd.reader import SbdReader
from boxsup_tf.data.source_image import ImageOptions, read_source_image
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.drawing import write_palette_png
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.io import files
from boxsup_tf.labels import CONTEXT_CLASSES
from boxsup_tf.records.example import decode_checked, read_bytes
from boxsup_tf.records.upright import upright


def coco_content() -> dict:
    images, annotations, example = [], [], shapes()[0]
    height, width = example.height, example.width
    polygon = [[5, 5, 30, 5, 30, 30, 5, 30]]
    runs = {"size": [height, width], "counts": [100, 200, height * width - 300]}
    for number in range(2):
        size = {"height": height, "width": width}
        images.append({"id": number, "file_name": f"{number}.jpg", **size})
        for crowd, segmentation in enumerate((polygon, runs)):
            common = {"id": 2 * number + crowd, "image_id": number, "category_id": 1 + crowd}
            shape = {"bbox": [5, 5, 25, 25], "segmentation": segmentation, "iscrowd": crowd}
            annotations.append(common | shape)
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    return {"images": images, "annotations": annotations, "categories": categories}


def _write_coco(folder: str) -> None:
    for number in range(2):
        put(folder, f"train/{number}.jpg", shapes()[0].encoded)
    put(folder, "annotations/instances_train.json", json.dumps(coco_content()))


def write_voc(root: str) -> None:
    image = shapes()[0]
    assert image.mask is not None
    put(root, "ImageSets/Segmentation/train.txt", "a\nb c\n")
    put(root, "ImageSets/Main/train.txt", "a\nb c\n")
    box = "<bndbox><xmin>3</xmin><ymin>4</ymin><xmax>20</xmax><ymax>30</ymax></bndbox>"
    object_ = f"<object><name>cat</name><difficult>0</difficult>{box}</object>"
    size = f"<size><width>{image.width}</width><height>{image.height}</height></size>"
    text = f"<annotation><filename>a.jpg</filename>{size}{object_ * 2}</annotation>"
    for name in ("a", "b c"):
        put(root, f"JPEGImages/{name}.jpg", image.encoded)
        put(root, f"Annotations/{name}.xml", text)
        path = put(root, f"SegmentationClass/{name}.png", b"")
        write_palette_png(path, np.minimum(image.mask, 20))


def _write_voc(folder: str) -> None:
    write_voc(os.path.join(folder, "VOC2012"))


def _write_sbd(folder: str) -> None:
    _write_voc(folder)
    mask = shapes()[0].mask
    assert mask is not None
    labels = np.minimum(mask, 1)
    put(folder, "sbd/train.txt", "a\n")
    for part, content in (
        ("cls", {"GTcls": {"Segmentation": labels}}),
        ("inst", {"GTinst": {"Segmentation": labels, "Categories": np.array([[8]])}}),
    ):
        scipy.io.savemat(put(folder, f"sbd/{part}/a.mat", b""), content, do_compression=False)


def _write_context(folder: str) -> None:
    image = shapes()[0]
    size = (image.height, image.width)
    lines = [f"{number}: {name}" for number, name in enumerate(CONTEXT_CLASSES[1:], 1)]
    put(folder, "context/labels.txt", "\n".join(lines))
    put(folder, "context/train.txt", "a\n")
    put(folder, "VOC2010/JPEGImages/a.jpg", image.encoded)
    labels = (np.arange(image.height * image.width) % 60).reshape(size)
    path = put(folder, "context/a.mat", b"")
    scipy.io.savemat(path, {"LabelMap": labels.astype(np.uint16)}, do_compression=True)
    categories = [{"category_id": n, "name": m} for n, m in enumerate(CONTEXT_CLASSES[1:], 1)]
    rle = mask_utils.encode(np.asfortranarray(labels == 3, np.uint8))
    runs = {"size": list(size), "counts": rle["counts"].decode()}
    named = {"image_id": 1, "file_name": "a.jpg", "phase": "train"}
    content = {
        "categories": categories,
        "images": [named | {"height": size[0], "width": size[1]}],
        "annos_segmentation": [{"image_id": 1, "category_id": 3, "segmentation": runs}],
    }
    put(folder, "detail.json", json.dumps(content))


def _pictures(folder: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE + 3, 3), np.uint8)
    image = Image.fromarray(pixels)
    for name in ("a.jpg", "b.png", "c.bmp", "d.webp", "e.tif", "f.jpg"):
        buffer = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6  # turned
        options = {"exif": exif} if name == "f.jpg" else {}
        image.save(buffer, Image.registered_extensions()[os.path.splitext(name)[1]], **options)
        put(folder, name, buffer.getvalue())


def _prepared(folder: str) -> list[str]:
    found = []
    for name in sorted(files.names_in(folder)):
        path = os.path.join(folder, name)
        found.append(digest(read_source_image(path, name[0]).encoded))
        if name in ("b.png", "e.tif"):
            options = ImageOptions(channels=(2,), value_range=(0.0, 100.0))
            found.append(digest(read_source_image(path, name[0], options).encoded))
    return found


def _predicted(folder: str) -> list[str]:
    found = []
    for path in find_images([folder]).values():
        encoded = read_bytes(path, "an image")
        found.append(digest(upright(decode_checked(encoded, path).numpy(), encoded)))
    return found


def _write_photographs(folder: str) -> None:
    _pictures(folder)
    for name in ("c.bmp", "d.webp", "e.tif"):
        files.remove(os.path.join(folder, name))


READERS = {
    "coco": Reader(
        ("annotations/instances_train.json",),
        _write_coco,
        lambda folder: digest_of_examples(CocoReader(folder, "train", "file"), folder),
    ),
    "voc": Reader(
        ("VOC2012/Annotations/a.xml", "VOC2012/ImageSets/Segmentation/train.txt"),
        _write_voc,
        lambda folder: digest_of_examples(VocReader(folder, "train"), folder),
    ),
    "voc_mask": Reader(
        ("VOC2012/SegmentationClass/a.png",),
        _write_voc,
        lambda folder: digest_of_examples(VocReader(folder, "train"), folder),
    ),
    "sbd": Reader(
        ("sbd/cls/a.mat", "sbd/inst/a.mat", "sbd/train.txt"),
        _write_sbd,
        lambda folder: digest_of_examples(SbdReader(folder, "train", f"{folder}/sbd"), folder),
    ),
    "context_mat": Reader(
        ("context/a.mat", "context/labels.txt", "context/train.txt"),
        _write_context,
        lambda folder: digest_of_examples(
            ContextReader(folder, "train", f"{folder}/context"), folder
        ),
    ),
    "context_json": Reader(
        ("detail.json",),
        _write_context,
        lambda folder: digest_of_examples(
            ContextReader(folder, "train", f"{folder}/detail.json"), folder
        ),
    ),
    "images_prepare": Reader(
        ("a.jpg", "b.png", "c.bmp", "d.webp", "e.tif", "f.jpg"), _pictures, _prepared
    ),
    "images_predict": Reader(("a.jpg", "b.png", "f.jpg"), _write_photographs, _predicted),
}
