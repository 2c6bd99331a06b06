"""ResNet-50 and ResNet-101, and their second versions, of keras.applications.

K. He, X. Zhang, S. Ren, J. Sun. Deep Residual Learning for Image Recognition. CVPR 2016
(arXiv 1512.03385); Identity Mappings in Deep Residual Networks. ECCV 2016 (arXiv 1603.05027).
"""

import keras

from boxsup_tf.models.application_backbone import application_backbone
from boxsup_tf.models.preprocessing import MEAN_RGB, caffe_bgr, minus_one_to_one

_applications = keras.applications

BACKBONES = {
    name: application_backbone(
        application,
        blocks=("pool1_pool", "conv2_", "conv3_", "conv4_", "conv5_"),
        low_level="block2",
        preprocess=caffe_bgr,
        mean_rgb=MEAN_RGB,
    )
    for name, application in (
        ("resnet50", _applications.ResNet50),
        ("resnet101", _applications.ResNet101),
    )
} | {
    # The last unit of a stage is the one that takes every second pixel.
    name: application_backbone(
        application,
        blocks=("pool1_pool", "conv2_", "conv3_", "conv4_", "post_relu"),
        low_level="conv2_block2_out",
        preprocess=minus_one_to_one(127.5),
        mean_rgb=(127.5,) * 3,
    )
    for name, application in (
        ("resnet50_v2", _applications.ResNet50V2),
        ("resnet101_v2", _applications.ResNet101V2),
    )
}
