"""Other heads and backbones: whole runs with a feature cache, resumed, exported, evaluated."""

import dataclasses

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.inference import segmentation_model
from boxsup_tf.inference.export import export
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.trainer import Trainer, train
from tests.training.folders import make_example, scattered, write

_NETWORKS = {
    "fcn8s": {"network": "fcn8s", "width_multiplier": 0.05, "frozen_blocks": 4, "k": 2},
    "deeplab_v3_plus": {
        **{"network": "deeplab_v3_plus", "backbone": "mobilenet_v3_small", "output_stride": 16},
        **{"width_multiplier": 0.35, "frozen_blocks": 3, "optimizer": "adamw"},
    },
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    examples = [make_example(f"image{i}", i) for i in range(4)]
    return write(tmp_path_factory.mktemp("networks") / "data", examples, scattered)


def _config(data: str, name: str, **values) -> TrainConfig:
    defaults = {
        **{"init": "random", "crop_size": 33, "batch_size": 2, "epochs": 1, "augmentations": 1},
        **{"warmup_epochs": 0, "min_agreement": 0.0, "num_pictures": 0, "update_batch": 2},
    }
    return TrainConfig(f"{data}:box", **(defaults | _NETWORKS[name] | values))


@pytest.mark.parametrize("name", _NETWORKS)
def test_a_run_is_resumed_exported_and_evaluated(data, name, tmp_path):
    config = _config(data, name, feature_cache=str(tmp_path / "features"))
    if name == "fcn8s":
        config = dataclasses.replace(config, val_data=data, validate_every=2)
    folder = str(tmp_path / "run")
    trainer = Trainer(folder, config)
    trainer.save()
    before = load_segmenter(folder)
    trainer.run()
    if name == "fcn8s":
        config = dataclasses.replace(config, epochs=2)
        epochs = train(folder, config)
        assert [np.isfinite(epoch["loss"]) for epoch in epochs] == [True, True]
    segmenter = load_segmenter(folder)
    moved = {
        layer.name
        for layer, old in zip(segmenter.model.layers, before.model.layers, strict=True)
        for ours, first in zip(layer.get_weights(), old.get_weights(), strict=True)
        if (ours != first).any()
    }
    trunk = segmenter.split(config.frozen_blocks)[0]
    assert isinstance(trunk.output, tuple)
    assert moved and moved.isdisjoint(layer.name for layer in trunk.layers)
    images = np.random.default_rng(0).integers(0, 256, (1, 40, 50, 3)).astype(np.uint8)
    expected = segmentation_model.of_run(folder, (1.0,), False, "last").probabilities(images)
    exported = segmentation_model.load(export(segmenter, str(tmp_path / "export")))
    np.testing.assert_allclose(exported.probabilities(images), expected, atol=1e-5)


def test_missing_weights_end_a_run_before_it_has_a_folder(data, tmp_path, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody answers there
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr("urllib.request._opener", None)  # it remembers former proxies
    folder = tmp_path / "run"
    for init in ("imagenet", str(tmp_path / "nowhere.h5")):
        config = _config(data, "deeplab_v3_plus", init=init)
        message = f"^--init={init}: expected .* of MobileNetV3Small without its classifier: [^\n]*$"
        with pytest.raises(InputError, match=message):
            train(str(folder), config)
        assert not folder.exists()


def test_settings_that_do_not_go_together_are_refused(data):
    for values, message in (
        ({"crop_size": 41}, r"--crop_size=41: expected 16 n \+ 1, such as 321"),
        ({"backbone": "vgg16"}, "--backbone=vgg16: expected resnet50, .*deeplab_v3_plus"),
        ({"output_stride": 4}, "--output_stride=4: expected 16, 8, 32"),
        ({"frozen_blocks": 6, "feature_cache": ""}, "at most the 5 blocks"),
        ({"batch_norm": "trained", "accumulate": 2}, "--batch_norm=trained: expected --accumulate"),
    ):
        with pytest.raises(InputError, match=message):
            _config(data, "deeplab_v3_plus", **values)
