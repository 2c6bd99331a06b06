"""A network in two halves, so that layers which are not trained run once and not every step."""

import keras


def split(model: keras.Model, last_layer: str) -> tuple[keras.Model, keras.Model]:
    """Cuts a network behind one of its layers.

    Both halves hold the very layers of `model`: training, loading or freezing one of them is
    seen by all three. `head(trunk(images))` computes what `model(images)` does.

    Args:
        model: a network of `models.networks`, or another chain of layers.
        last_layer: name of the trunk's last layer, such as "block4_pool".

    Returns:
        The trunk, from images to that layer's output (in its compute dtype), and the head, from
        there to the logits.

    Raises:
        ValueError: the network has no such layer, or one half would be empty.
    """
    names = [layer.name for layer in model.layers[1:-1]]
    if last_layer not in names:
        raise ValueError(f"layer {last_layer!r}: expected one of {', '.join(names)}")
    features = model.get_layer(last_layer).output
    trunk = keras.Model(model.input, features, name="trunk")
    return trunk, keras.Model(features, model.output, name="head")
