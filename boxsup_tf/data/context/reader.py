"""PASCAL-Context: VOC 2010's photographs with a class mask of the whole scene.

R. Mottaghi et al., The Role of Context for Object Detection and Semantic Segmentation in the Wild,
CVPR 2014. Every pixel has one of 459 categories; the published task is the 59 most frequent ones
and a background, which is all else. The masks do not tell objects apart, so examples have masks
and no boxes: in BoxSup's Table 5, the boxes are COCO's and the masks these.

The two releases are not the same. The first one's .mat files go with VOC 2010's own lists, 4,998
images to train and 5,105 to validate; the JSON of PASCAL in Detail has phases of its own (users of
it report 4,996 and 5,104 images), and masks in which later annotations cover earlier ones.
"""

import os
from collections.abc import Iterator

from boxsup_tf.data.context.detail_json import ContextJson
from boxsup_tf.data.context.mat import ContextMat
from boxsup_tf.data.reader import list_settings
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import CONTEXT_CLASSES
from boxsup_tf.records.example import Example, check_mask, read_image_file


class ContextReader:
    """PASCAL-Context, a `reader.Reader` of masks.

    Args:
        data_dir: the VOCdevkit: the folder that holds VOC2010/JPEGImages.
        split: "train" or "val": of the .mat files the list SPLIT.txt in `context_path` or, failing
            that, in VOC2010/ImageSets/Main; of the JSON the phase. "trainval" is both.
        context_path: the folder that holds labels.txt, and in it or in its trainval/ the .mat
            files; or the JSON, by its ending .json.

    Raises:
        InputError: the images' folder, a list or labels.txt is missing, or the JSON is not
            as `ContextJson` expects it.
    """

    class_names = CONTEXT_CLASSES

    def __init__(self, data_dir: str, split: str, context_path: str) -> None:
        voc = os.path.join(data_dir, "VOC2010")
        self._image_dir = os.path.join(voc, "JPEGImages")
        if not files.is_folder(self._image_dir):
            raise InputError(f"{self._image_dir}: no such folder: expected the images of VOC 2010")
        is_json = context_path.endswith(".json")
        self._masks: ContextJson | ContextMat
        if is_json:
            self._masks = ContextJson(context_path, split)
        else:
            lists = (context_path, os.path.join(voc, "ImageSets", "Main"))
            self._masks = ContextMat(context_path, lists, split)
        self.source_ids = self._masks.source_ids
        self.settings = {"dataset": "context", "split": split}
        self.settings |= {"release": "json" if is_json else "mat"}
        self.settings |= list_settings(self.source_ids)

    def __len__(self) -> int:
        return len(self.source_ids)

    def __getitem__(self, index: int) -> Example:
        source_id = self.source_ids[index]
        filename = f"{source_id}.jpg"
        encoded, height, width = read_image_file(os.path.join(self._image_dir, filename))
        mask = self._masks.mask(index)
        check_mask(mask, height, width, len(self.class_names), self._masks.path(index))
        return Example(source_id, filename, encoded, height, width, mask=mask)

    def labels_in(self, index: int) -> Iterator[int]:
        return self._masks.labels_in(index)
