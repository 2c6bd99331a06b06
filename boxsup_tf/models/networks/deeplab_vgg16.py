"""The two networks that BoxSup was built on: DeepLab and DeepLab-LargeFOV, both VGG-16.

L.-C. Chen, G. Papandreou, I. Kokkinos, K. Murphy, A. L. Yuille. Semantic Image Segmentation
with Deep Convolutional Nets and Fully Connected CRFs. ICLR 2015 (arXiv 1412.7062), Sec. 3: the
last two poolings keep their resolution, so conv5 has rate 2; the fully connected layers are
convolutions. In `deeplab` fc6 is 4 x 4 with rate 4 and 4,096 channels; `largefov`, from the
experiments on the field of view, has an average pooling, then 3 x 3 with rate 12 and 1,024.

Poolings are 3 x 3 with a border of 1, as in the authors' LargeFOV and in their later release
of the 4 x 4 network. Their first one pools 2 x 2, which puts scores between pixels.
"""

import dataclasses
import functools

import keras

from boxsup_tf.models.network_family import Head, NetworkFamily, NetworkOptions
from boxsup_tf.models.preprocessing import MEAN_RGB, caffe_bgr
from boxsup_tf.models.vgg16 import BLOCK_ENDS, Vgg16
from boxsup_tf.models.vgg16_weights import load_initial_weights

_LAST_LAYER = "fc8"


@dataclasses.dataclass(frozen=True)
class _Classifier:
    """What follows pool5: an average pooling or not, then fc6 (square) and fc7 (1 x 1)."""

    pool5a: bool
    fc6_size: int
    fc6_rate: int
    channels: int


_CLASSIFIERS = {
    "largefov": _Classifier(pool5a=True, fc6_size=3, fc6_rate=12, channels=1024),
    "deeplab": _Classifier(pool5a=False, fc6_size=4, fc6_rate=4, channels=4096),
}


def build_network(name: str, options: NetworkOptions) -> keras.Model:
    """Builds a network with random (He-normal) weights; its layers form a chain.

    Args:
        name: `largefov` or `deeplab`.
        options: dropout is after fc6 and fc7; a width of 1.0 is VGG-16's. Keras' global policy has
            no say.

    Returns:
        A model from preprocessed images (float32 [B, H, W, 3], `preprocessing.caffe_bgr`) to logits
        (float32 [B, ceil(H / 8), ceil(W / 8), num_classes]). With H = 8 n + 1 every pooling
        window is symmetric about its centre, as in Caffe, and score (i, j) belongs to pixel
        (8 i, 8 j).
    """
    classifier, vgg = _CLASSIFIERS[name], Vgg16(options)
    images = keras.Input([None, None, 3], dtype="float32", name="images")
    x = vgg.blocks(images, strides=(2, 2, 2, 1, 1), rates=(1, 1, 1, 1, 2))
    if classifier.pool5a:
        # Caffe counts the zeros of the border in its averages; "same" would leave them out.
        x = keras.layers.ZeroPadding2D(1, name="pool5a_border", **vgg.dtype)(x)
        x = keras.layers.AveragePooling2D(3, 1, padding="valid", name="pool5a", **vgg.dtype)(x)
    x = vgg.fc6_and_fc7(x, classifier.fc6_size, classifier.fc6_rate, classifier.channels)
    small = keras.initializers.RandomNormal(stddev=0.01, seed=vgg.next_seed())
    # bfloat16 has eight bits: too few for the differences of logits that a loss is made of.
    last = {"activation": None, "kernel_initializer": small, "dtype": "float32"}
    logits = vgg.conv(x, _LAST_LAYER, options.num_classes, 1, **last)
    return keras.Model(images, logits, name=name)


def _family(name: str, _backbone: str, _output_stride: int) -> NetworkFamily:
    return NetworkFamily(
        build=functools.partial(build_network, name),
        load_weights=lambda model, init, _: load_initial_weights(model, init),
        stride=8,
        side_step=8,
        preprocess=caffe_bgr,
        mean_rgb=MEAN_RGB,
        block_ends=BLOCK_ENDS,
        last_layers=(_LAST_LAYER,),
        # LargeFOV reaches 217 pixels to each side, DeepLab 161; 8 more by interpolation.
        margin=225,
    )


HEADS = {name: Head(("vgg16",), (8,), functools.partial(_family, name)) for name in _CLASSIFIERS}
