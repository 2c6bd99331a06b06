"""Image files that come from outside, checked and decoded inside a graph."""

import tensorflow as tf

from boxsup_tf.data.example import MAX_MEGAPIXELS, decode_image

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = 24  # bytes until the end of width and height


def decode_upload(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes one file, unless its header says that it should not be.

    `data.example.check_image` says the same with better messages; this one is part of the
    SavedModel and protects whatever server loads it.

    Args:
        encoded: scalar string, a JPEG or PNG file of at most `MAX_MEGAPIXELS`.

    Returns:
        uint8 [H, W, 3], RGB. The graph fails, saying why, before it decodes anything else.
    """
    is_png = tf.strings.substr(encoded, 0, len(_PNG)) == _PNG
    is_png &= tf.strings.length(encoded) >= _PNG_HEADER
    is_jpeg = tf.strings.substr(encoded, 0, len(_JPEG)) == _JPEG
    known = tf.debugging.Assert(is_png | is_jpeg, ["expected a JPEG or PNG image"])
    with tf.control_dependencies([known]):
        size = tf.cond(is_png, lambda: _png_size(encoded), lambda: _jpeg_size(encoded))
    pixels = tf.reduce_prod(tf.cast(size, tf.float64))
    limit = f"expected an image of at most {MAX_MEGAPIXELS:g} megapixels"
    small = tf.debugging.Assert(pixels <= MAX_MEGAPIXELS * 1e6, [limit])
    with tf.control_dependencies([small]):
        return decode_image(tf.identity(encoded))


def decode_uploads(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes files of one size.

    Args:
        image_bytes: string [B], B at least 1; see `decode_upload`.

    Returns:
        uint8 [B, H, W, 3], RGB. The graph fails, saying why, where sizes differ.
    """
    first = decode_upload(image_bytes[0])

    def decode(encoded: tf.Tensor) -> tf.Tensor:
        image = decode_upload(encoded)
        same = tf.debugging.Assert(
            tf.reduce_all(tf.shape(image) == tf.shape(first)),
            [
                "all images of one request must have one size (height, width): send images of "
                "other sizes in requests of their own"
            ],
        )
        with tf.control_dependencies([same]):
            return tf.identity(image)

    def decode_all() -> tf.Tensor:
        spec = tf.TensorSpec([None, None, 3], tf.uint8)
        others = tf.map_fn(decode, image_bytes[1:], fn_output_signature=spec)
        return tf.concat([first[None], others], axis=0)

    # An empty map_fn cannot know its elements' size.
    return tf.cond(tf.shape(image_bytes)[0] == 1, lambda: first[None], decode_all)


def _png_size(encoded: tf.Tensor) -> tf.Tensor:
    """int32 [2] of the file's first chunk, IHDR."""
    return tf.io.decode_raw(
        tf.strings.substr(encoded, _PNG_HEADER - 8, 8), tf.int32, little_endian=False
    )


def _jpeg_size(encoded: tf.Tensor) -> tf.Tensor:
    return tf.image.extract_jpeg_shape(encoded)[:2]
