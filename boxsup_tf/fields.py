"""Every dictionary and TFRecord key, once.

The `image/...` names are those of the TF Object Detection API and DeepLab, so that other
tools can read the records; the `image/candidates/...` ones and `BOXES_ANNOTATED` are ours.
"""

# Constants of the label maps.
BACKGROUND = 0
VOID = 255

# TFRecord features of one image.
IMAGE_ENCODED = "image/encoded"
IMAGE_FORMAT = "image/format"
IMAGE_FILENAME = "image/filename"
IMAGE_SOURCE_ID = "image/source_id"
IMAGE_HEIGHT = "image/height"
IMAGE_WIDTH = "image/width"

# Boxes: normalised to [0, 1] by the image's size, half-open.
BBOX_YMIN = "image/object/bbox/ymin"
BBOX_XMIN = "image/object/bbox/xmin"
BBOX_YMAX = "image/object/bbox/ymax"
BBOX_XMAX = "image/object/bbox/xmax"
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

# The candidate pool (boxsup_tf/candidates.py says how it is packed).
CANDIDATES_SUPERPIXELS = "image/candidates/superpixels/encoded"
CANDIDATES_MEMBERSHIP = "image/candidates/membership"
CANDIDATES_COUNT = "image/candidates/count"
CANDIDATES_METHOD = "image/candidates/method"
# 1 where candidate n was made for box n and may be chosen by it alone (rectangles).
CANDIDATES_ONE_PER_BOX = "image/candidates/one_per_box"

# Keys of dictionaries that pass through tf.data.
BOXES = "boxes"
LABELS = "labels"

# Outputs and signatures of the SavedModel.
SEMANTIC_PREDICTIONS = "semantic_predictions"
PROBABILITIES = "probabilities"
# The ending makes TensorFlow Serving's REST API send the bytes as base64.
MASK_BYTES = "mask_bytes"
SIGNATURE_IMAGES = "serving_default"
SIGNATURE_BYTES = "serve_image_bytes"
SIGNATURE_MASKS = "serve_masks"

# Files that programs hand to each other.
DATASET_FILE = "dataset.json"
CONFIG_FILE = "config.json"
METRICS_FILE = "metrics.json"
EVOLUTION_FILE = "mask_evolution.png"
LABEL_MAP_FILE = "label_map.txt"
CRF_FILE = "crf.json"

# Training supervision of a data source.
SUPERVISION_BOX = "box"
SUPERVISION_MASK = "mask"
