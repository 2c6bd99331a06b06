"""training.run_settings: a run's config.json is read by its types, in one place."""

import json

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.models.architecture import MAX_WIDTH, read_architecture
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.run_settings import open_run, read_config

_NAMES = ("background", "cat")
_DATA = {"data_digests": ["abc"], "pools": [{"method": "mcg", "number": 7}]}


@pytest.fixture
def run(tmp_path) -> str:
    open_run(str(tmp_path), TrainConfig("data:box", width_multiplier=1), _NAMES, _DATA)
    return str(tmp_path)


def _change(run: str, **values) -> None:
    with open(f"{run}/config.json", encoding="utf-8") as file:
        content = json.load(file)
    with open(f"{run}/config.json", "w", encoding="utf-8") as file:
        json.dump(content | values, file)


def test_what_was_written_is_read(run):
    assert read_config(run) == TrainConfig("data:box", width_multiplier=1)
    assert read_architecture(run).class_names == _NAMES


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": "3"}, "--epochs is '3': expected a whole number"),
        ({"epochs": 3.5}, "--epochs is 3.5: expected a whole number"),
        ({"batch_size": True}, "--batch_size is True: expected a whole number"),
        ({"learning_rate": []}, "--learning_rate is a list: expected a number"),
        ({"learning_rate": float("nan")}, "--learning_rate=nan: expected at least 0"),
        ({"seed": 10**400}, "--seed is a int: expected a whole number"),
        ({"train_data": None}, "--train_data is None: expected a text"),
        ({"clip_to_box": 1}, "--clip_to_box is 1: expected true or false"),
        ({"crop_size": 320}, "--crop_size=320: expected 8 n"),
    ],
)
def test_settings_of_another_kind_are_refused(run, values, message):
    _change(run, **values)
    with pytest.raises(InputError, match=f"config.json: .*{message}"):
        read_config(run)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width_multiplier": 1e6}, f"width_multiplier is 1000000.0: expected up to {MAX_WIDTH}"),
        ({"width_multiplier": "1"}, "width_multiplier is '1': expected a number"),
        ({"network": "unet"}, "network is 'unet': expected one of"),
        ({"class_names": "cat"}, "class_names is 'cat': expected a list"),
        ({"class_names": ["cat", 7]}, r"class_names\[1\] is 7: expected a text"),
        ({"class_names": ["cat", "cat"]}, "2 class_names: expected up to 255, all different"),
        ({"class_names": []}, "0 class_names"),
        ({"output_stride": None}, "output_stride is None: expected a whole number"),
    ],
)
def test_architectures_that_cannot_be_are_refused(run, values, message):
    _change(run, **values)
    with pytest.raises(InputError, match=f"config.json: .*{message}"):
        read_architecture(run)
