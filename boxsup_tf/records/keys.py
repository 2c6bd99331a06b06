"""Every TFRecord key, once.

The `image/...` names are those of the TF Object Detection API and DeepLab, so that other
tools can read the records; the `image/candidates/...` ones, `REPAIRS` and `BOXES_ANNOTATED` are
ours.
"""

# TFRecord features of one image.
IMAGE_ENCODED = "image/encoded"
IMAGE_FORMAT = "image/format"
IMAGE_FILENAME = "image/filename"
IMAGE_SOURCE_ID = "image/source_id"
IMAGE_HEIGHT = "image/height"
IMAGE_WIDTH = "image/width"

# What was mended in the annotations when the record was made, as `KIND: DETAIL`.
REPAIRS = "image/repairs"

# Boxes: normalised to [0, 1] by the image's size, half-open.
BBOX_EDGES = tuple(f"image/object/bbox/{edge}" for edge in ("ymin", "xmin", "ymax", "xmax"))
CLASS_LABEL = "image/object/class/label"
CLASS_TEXT = "image/object/class/text"
# The text of a box of label 0, which is of none of the classes; IS_CROWD is 1, so that its pixels
# are left out of the loss.
IGNORED_TEXT = "ignored"
DIFFICULT = "image/object/difficult"
TRUNCATED = "image/object/truncated"
IS_CROWD = "image/object/is_crowd"
# 1 where boxes were annotated (perhaps none was found), 0 where nobody looked for boxes.
BOXES_ANNOTATED = "image/object/annotated"

# The class mask, a PNG of labels; empty where there is none.
MASK_ENCODED = "image/segmentation/class/encoded"
MASK_FORMAT = "image/segmentation/class/format"

# The candidate pool (boxsup_tf/pools/packing.py says how it is packed).
CANDIDATES_SUPERPIXELS = "image/candidates/superpixels/encoded"
CANDIDATES_MEMBERSHIP = "image/candidates/membership"
CANDIDATES_COUNT = "image/candidates/count"
CANDIDATES_METHOD = "image/candidates/method"
# 1 where candidate n was made for box n and may be chosen by it alone (rectangles).
CANDIDATES_ONE_PER_BOX = "image/candidates/one_per_box"
# Of the whole pool (`packing.checksum_of`); pools of earlier versions have none.
CANDIDATES_CHECKSUM = "image/candidates/checksum"
