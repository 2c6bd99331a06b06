"""MobileNetV2 and MobileNetV3 of keras.applications, without their last convolution.

M. Sandler et al. MobileNetV2: Inverted Residuals and Linear Bottlenecks. CVPR 2018
(arXiv 1801.04381), Sec. 6.3: heads stand on the last but one of its maps, which has a quarter of
the channels. A. Howard et al. Searching for MobileNetV3. ICCV 2019 (arXiv 1905.02244).
"""

from collections.abc import Callable

import keras

from boxsup_tf.models.application_backbone import application_backbone
from boxsup_tf.models.backbone import Backbone
from boxsup_tf.models.preprocessing import minus_one_to_one

_applications = keras.applications


def _mobilenet(application: Callable[..., keras.Model], *blocks: str, **options: bool) -> Backbone:
    return application_backbone(
        application,
        blocks=blocks,
        low_level="block2",
        preprocess=minus_one_to_one(127.5),
        mean_rgb=(127.5,) * 3,
        has_width=True,
        options=options,
    )


BACKBONES = {
    "mobilenet_v2": _mobilenet(
        _applications.MobileNetV2,
        *("expanded_conv_", "block_2_", "block_5_", "block_12_", "block_16_"),
    ),
    "mobilenet_v3_small": _mobilenet(
        _applications.MobileNetV3Small,
        *("conv_bn", "expanded_conv_project_bn", "expanded_conv_2_", "expanded_conv_7_"),
        "expanded_conv_10_",
        include_preprocessing=False,
    ),
    "mobilenet_v3_large": _mobilenet(
        _applications.MobileNetV3Large,
        *("expanded_conv_add", "expanded_conv_2_", "expanded_conv_5_", "expanded_conv_11_"),
        "expanded_conv_14_",
        include_preprocessing=False,
    ),
}
