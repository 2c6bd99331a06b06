"""Class names and their colours.

Class 0 is background; `VOID` is never trained on or scored.
"""

import numpy as np

BACKGROUND = 0
VOID = 255
BACKGROUND_NAME = "background"


def _with_background(names: str) -> tuple[str, ...]:
    """Class names, comma-separated over lines, behind the background's."""
    return (BACKGROUND_NAME, *(" ".join(name.split()) for name in names.split(",")))


VOC_CLASSES = _with_background(
    """
    aeroplane, bicycle, bird, boat, bottle, bus, car, cat, chair, cow, diningtable, dog, horse,
    motorbike, person, pottedplant, sheep, sofa, train, tvmonitor
    """
)

# COCO's 80 things in the order of their category ids (which have gaps, hence names).
COCO_CLASSES = _with_background(
    """
    person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire
    hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear,
    zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard, sports
    ball, kite, baseball bat, baseball glove, skateboard, surfboard, tennis racket, bottle, wine
    glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot, hot
    dog, pizza, donut, cake, chair, couch, potted plant, bed, dining table, toilet, tv, laptop,
    mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink, refrigerator, book,
    clock, vase, scissors, teddy bear, hair drier, toothbrush
    """
)

# PASCAL-Context's 59 most frequent categories (Mottaghi et al., CVPR 2014), in the order of the
# release's 59_labels.txt and by the names of its labels.txt, which calls three of them otherwise.
CONTEXT_CLASSES = _with_background(
    """
    aeroplane, bicycle, bird, boat, bottle, bus, car, cat, chair, cow, table, dog, horse,
    motorbike, person, pottedplant, sheep, sofa, train, tvmonitor, bag, bed, bench, book,
    building, cabinet, ceiling, cloth, computer, cup, door, fence, floor, flower, food, grass,
    ground, keyboard, light, mountain, mouse, curtain, platform, sign, plate, road, rock,
    shelves, sidewalk, sky, snow, bedclothes, track, tree, truck, wall, water, window, wood
    """
)

# Names that differ between COCO and VOC; the other VOC classes carry the same name in both.
_COCO_TO_VOC_RENAMED = {
    "airplane": "aeroplane",
    "couch": "sofa",
    "dining table": "diningtable",
    "motorcycle": "motorbike",
    "potted plant": "pottedplant",
    "tv": "tvmonitor",
}


def coco_to_voc(name: str) -> str | None:
    """The VOC class of a COCO class name, or None where VOC has no such class."""
    name = _COCO_TO_VOC_RENAMED.get(name, name)
    return name if name in VOC_CLASSES[1:] else None


def color_map(num_colors: int = 256) -> np.ndarray:
    """PASCAL VOC's colours: the bits of a label, dealt in turn to red, green and blue.

    Returns:
        uint8 [num_colors, 3], RGB; label 255 is the devkit's cream.
    """
    labels = np.arange(num_colors)
    colors = np.zeros((num_colors, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            value = (labels >> (3 * bit + channel)) & 1
            colors[:, channel] |= (value << (7 - bit)).astype(np.uint8)
    return colors
