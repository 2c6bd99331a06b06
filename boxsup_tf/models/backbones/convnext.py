"""ConvNeXt of keras.applications.

Z. Liu et al. A ConvNet for the 2020s. CVPR 2022 (arXiv 2201.03545). Its strided convolutions have
kernels of 4 x 4 and 2 x 2, whose centres lie between pixels: a feature of stride 32 belongs to the
middle of 32 x 32 pixels. A border of 31 zeros, 14 of them above and to the left, brings the last
features to pixel (1.5, 1.5) and every output_stride-th from there, those of stride 4 to half a
pixel before the first; and in atrous convolution all that the 2 x 2 kernels look at is there.
"""

import itertools

import keras

from boxsup_tf.models.application_backbone import application_backbone
from boxsup_tf.models.preprocessing import TORCH_MEAN_RGB, torch_rgb

_DEPTHS = {"Tiny": (3, 3, 9, 3), "Small": (3, 3, 27, 3), "Base": (3, 3, 27, 3)}

BACKBONES = {
    f"convnext_{member.lower()}": application_backbone(
        getattr(keras.applications, f"ConvNeXt{member}"),
        # Residual sums are numbered; the last block ends with a normalisation.
        blocks=(
            *(f"add_{number - 1}" for number in list(itertools.accumulate(depths))[:3]),
            "layer_normalization_0",
        ),
        low_level="block1",
        preprocess=torch_rgb,
        mean_rgb=TORCH_MEAN_RGB,
        options={"include_preprocessing": False},
        border=(14, 17),
        low_level_crop=(3, 4),
    )
    for member, depths in _DEPTHS.items()
}
