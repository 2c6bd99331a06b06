"""A network in bfloat16, weights included: half the bytes of float32."""

import keras


def in_bfloat16(model: keras.Model) -> keras.Model:
    """A copy of a network whose weights are stored in bfloat16.

    It gives the scores that the network gives under `mixed_bfloat16`, which rounds the same
    weights whenever it computes. The last layer, and so the logits, stay float32 as there.

    Args:
        model: a network of `models.networks`.
    """
    last = model.layers[-1].name

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if not isinstance(layer, keras.layers.InputLayer):
            config["dtype"] = "float32" if layer.name == last else "bfloat16"
        return type(layer).from_config(config)

    clone = keras.models.clone_model(model, clone_function=copy)
    for target, source in zip(clone.weights, model.weights, strict=True):
        target.assign(keras.ops.cast(source, target.dtype))
    return clone
