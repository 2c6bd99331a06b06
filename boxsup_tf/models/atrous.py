"""Atrous convolution that stays one convolution on the CPU.

Keras runs a dilated convolution on the CPU as space-to-batch, convolution, batch-to-space;
oneDNN, on by default in TensorFlow, has the dilated kernel itself. The numbers agree to 2e-6
and a whole training step of DeepLab-LargeFOV is 1.25x (float32) to 1.37x (bfloat16) faster.
"""

import functools

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="boxsup_tf")
class AtrousConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` with the native dilated kernel where there is one.

    A bias is trained well in bfloat16 too.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        outputs = self.convolution_op(inputs, self.kernel)
        if self.use_bias:
            outputs = _add_bias(outputs, tf.convert_to_tensor(self.bias))
        return self.activation(outputs)

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        if max(self.dilation_rate) == 1 or not has_native_dilation(self.compute_dtype):
            return super().convolution_op(inputs, kernel)
        return tf.nn.conv2d(
            inputs,
            kernel,
            strides=list(self.strides),
            padding=self.padding.upper(),
            dilations=list(self.dilation_rate),
        )


@tf.custom_gradient
def _add_bias(values: tf.Tensor, bias: tf.Tensor):
    """Adds a bias whose gradient is a sum of rows, rounded row by row and added up in float32.

    Keras' own bias would have the sum over an image's pixels wrong by a tenth and more in
    bfloat16, and a float32 copy of all values takes three times as long as this.

    Args:
        values: [B, H, W, C].
        bias: [C].
    """

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = tf.reduce_sum(upstream, axis=2)
        total = tf.reduce_sum(tf.cast(rows, tf.float32), axis=[0, 1])
        return upstream, tf.cast(total, bias.dtype)

    return tf.nn.bias_add(values, bias), gradient


@functools.cache
def has_native_dilation(dtype: str = "float32") -> bool:
    """Whether this device can run and differentiate a dilated convolution in `dtype`.

    Without oneDNN (TF_ENABLE_ONEDNN_OPTS=0) the CPU lacks the gradients' kernels.
    """
    options = {"strides": [1, 1, 1, 1], "padding": "SAME", "dilations": [1, 2, 2, 1]}
    with tf.init_scope():
        images, kernel = tf.ones([1, 5, 5, 1], dtype), tf.ones([3, 3, 1, 1], dtype)
        try:
            out = tf.raw_ops.Conv2D(input=images, filter=kernel, **options)
            # By their own ops: a tape inside init_scope records nothing.
            tf.raw_ops.Conv2DBackpropInput(
                input_sizes=images.shape, filter=kernel, out_backprop=out, **options
            )
            tf.raw_ops.Conv2DBackpropFilter(
                input=images, filter_sizes=kernel.shape, out_backprop=out, **options
            )
        except (
            tf.errors.InvalidArgumentError,
            tf.errors.NotFoundError,  # no kernel at all for the dtype
            tf.errors.UnimplementedError,
        ):
            return False
    return True
