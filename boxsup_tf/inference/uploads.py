"""Image files that come from outside, checked and decoded inside a graph."""

import tensorflow as tf

from boxsup_tf.records.example import JPEG_START, PNG_START, decode_image

LEAST_SIDE = 64  # pixels; images with shorter sides are counted as if they had these

_PNG_HEADER = 24  # bytes until the end of width and height


def check_pixels(sizes: tf.Tensor, max_megapixels: float) -> tf.Operation:
    """An operation that fails where images of these sizes, int32 [B, 2], have too many pixels."""
    sides = tf.maximum(tf.cast(sizes, tf.float64), LEAST_SIDE)
    pixels = tf.reduce_sum(tf.reduce_prod(sides, axis=1))
    limit = f"expected at most {max_megapixels:g} megapixels in a request"
    return tf.debugging.Assert(pixels <= max_megapixels * 1e6, [limit])


def check_uploads(image_bytes: tf.Tensor, max_megapixels: float) -> tuple[tf.Tensor, tf.Tensor]:
    """The files, unless a header says that they should not be decoded.

    `records.example.check_image` says the same with better messages; this one is part of the
    SavedModel, for servers that are not this package's.

    Args:
        image_bytes: string [B], B at least 1, JPEG or PNG files.
        max_megapixels: 10**6 pixels that they may have at most, together.

    Returns:
        The same files, and their sizes, int32 [B, 2]. The graph fails, saying why, before anything
        else is decoded.
    """
    sizes = tf.map_fn(_size, image_bytes, fn_output_signature=tf.TensorSpec([2], tf.int32))
    with tf.control_dependencies([check_pixels(sizes, max_megapixels)]):
        return tf.identity(image_bytes), sizes


def decode_uploads(image_bytes: tf.Tensor, max_megapixels: float) -> tf.Tensor:
    """Decodes files of one size; arguments and errors of `check_uploads`.

    Returns:
        uint8 [B, H, W, 3], RGB. The graph fails, saying why, where sizes differ.
    """
    files, sizes = check_uploads(image_bytes, max_megapixels)
    same = tf.debugging.Assert(
        tf.reduce_all(sizes == sizes[0]),
        [
            "all images of one request must have one size (height, width): send images of "
            "other sizes in requests of their own"
        ],
    )
    with tf.control_dependencies([same]):
        files = tf.identity(files)
    spec = tf.TensorSpec([None, None, 3], tf.uint8)
    return tf.map_fn(decode_image, files, fn_output_signature=spec)


def _size(encoded: tf.Tensor) -> tf.Tensor:
    """int32 [2], height and width, of a file's header."""
    is_png = tf.strings.substr(encoded, 0, len(PNG_START)) == PNG_START
    is_png &= tf.strings.length(encoded) >= _PNG_HEADER
    is_jpeg = tf.strings.substr(encoded, 0, len(JPEG_START)) == JPEG_START
    known = tf.debugging.Assert(is_png | is_jpeg, ["expected a JPEG or PNG image"])
    with tf.control_dependencies([known]):
        return tf.cond(is_png, lambda: _png_size(encoded), lambda: _jpeg_size(encoded))


def _png_size(encoded: tf.Tensor) -> tf.Tensor:
    """Of the file's first chunk, IHDR, which has the width first."""
    return tf.io.decode_raw(
        tf.strings.substr(encoded, _PNG_HEADER - 8, 8), tf.int32, little_endian=False
    )[::-1]


def _jpeg_size(encoded: tf.Tensor) -> tf.Tensor:
    return tf.image.extract_jpeg_shape(encoded)[:2]
