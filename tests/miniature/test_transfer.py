"""The paper's Table 5: a network of COCO's boxes goes on with PASCAL-Context's masks."""

import dataclasses
import pathlib

import numpy as np

from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.context.reader import ContextReader
from boxsup_tf.data.prepare import prepare
from boxsup_tf.labels import COCO_CLASSES, CONTEXT_CLASSES
from boxsup_tf.miniature.coco import write_coco
from boxsup_tf.miniature.context import write_context
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.proposals import generate
from boxsup_tf.proposals.methods import rectangle
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.trainer import Trainer, train


def test_all_but_the_last_layer_goes_over(tmp_path: pathlib.Path, capsys):
    write_coco(str(tmp_path / "coco"), 2, 1, image_size=64)
    write_context(str(tmp_path), 2, 1, image_size=64)
    coco, pools, context = (str(tmp_path / name) for name in ("records", "pools", "context"))
    prepare(CocoReader(str(tmp_path / "coco"), "train2014"), coco, 1)
    generate.generate(coco, pools, "rectangle", rectangle.Options(), 1)
    labels = str(tmp_path / "pascal-context")
    prepare(ContextReader(str(tmp_path / "VOCdevkit"), "train", labels), context, 1)

    config = TrainConfig(
        train_data=f"{pools}:box",
        init="random",
        width_multiplier=0.05,
        epochs=1,
        batch_size=2,
        crop_size=33,
        warmup_epochs=0,
        num_pictures=0,
    )
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    Trainer(first, config).save()
    capsys.readouterr()
    # Another seed, other random weights; at a rate of 0 the run shows what it began with.
    then = {"train_data": f"{context}:mask", "init": first, "learning_rate": 0.0, "seed": 1}
    train(second, dataclasses.replace(config, **then))

    ours, theirs = load_segmenter(second), load_segmenter(first)
    assert (theirs.class_names, ours.class_names) == (COCO_CLASSES, CONTEXT_CLASSES)
    last = ours.model.layers[-1].name
    assert f"or other classes: {last}\n" in capsys.readouterr().out
    compared = 0
    for layer, former in zip(ours.model.layers, theirs.model.layers, strict=True):
        if layer.weights and layer.name != last:
            for weight, before in zip(layer.get_weights(), former.get_weights(), strict=True):
                np.testing.assert_array_equal(weight, before)
                compared += 1
    assert compared > 20
    assert ours.model.layers[-1].get_weights()[0].shape[-1] == 60
