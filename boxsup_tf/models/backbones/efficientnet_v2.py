"""EfficientNetV2 of keras.applications, without its last convolution.

M. Tan, Q. Le. EfficientNetV2: Smaller Models and Faster Training. ICML 2021 (arXiv 2104.00298).
"""

import keras

from boxsup_tf.models.application_backbone import application_backbone
from boxsup_tf.models.preprocessing import TORCH_MEAN_RGB, minus_one_to_one, torch_rgb

_applications = keras.applications

BACKBONES = {
    f"efficientnet_v2_{member.lower()}": application_backbone(
        getattr(_applications, f"EfficientNetV2{member}"),
        # Stages 4 and 5 have the same stride; the largest two have a stage more.
        blocks=("block1", "block2", "block3", "block5", "block7" if member in "ML" else "block6"),
        low_level="block2",
        preprocess=torch_rgb if member.startswith("B") else minus_one_to_one(128.0),
        mean_rgb=TORCH_MEAN_RGB if member.startswith("B") else (128.0,) * 3,
        options={"include_preprocessing": False},
    )
    for member in ("B0", "B1", "B2", "B3", "S", "M", "L")
}
