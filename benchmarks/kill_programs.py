"""The programs that `kill.py` kills, on small data, and what they leave, for a comparison."""

import contextlib
import json
import os
import pathlib
import socket
from importlib import util
from typing import Any

import numpy as np

# Each reads what those before it made, below {root}; {out} is its own folder. A folder that is
# made once, undisturbed, has the program's name.
PROGRAMS: dict[str, tuple[str, ...]] = {
    "prepare": (
        *("prepare_data", "--dataset=shapes", "--num_images=24", "--image_size=64"),
        *("--num_shards=3", "--output_dir={out}"),
    ),
    "images": ("extract_images", "--input_dir={root}/prepare", "--output_dir={out}"),
    "propose": (
        *("generate_proposals", "--input_dir={root}/prepare", "--output_dir={out}"),
        *("--method=grabcut", "--num_workers=2"),
    ),
    "train": (
        *("train", "--train_data={root}/propose:box", "--val_data={root}/prepare"),
        *("--model_dir={out}", "--init=random", "--width_multiplier=0.05", "--batch_size=4"),
        *("--crop_size=65", "--epochs=2", "--warmup_epochs=0", "--checkpoint_minutes=0"),
        *("--num_pictures=2", "--clip_norm=1"),
    ),
    "evaluate": (
        *("evaluate", "--model_dir={root}/train/best", "--data={root}/prepare"),
        *("--output_dir={out}",),
    ),
    "export": ("export", "--model_dir={root}/train", "--output_dir={out}"),
    "predict": (
        *("predict", "--saved_model={root}/export", "--images={root}/images"),
        *("--output_dir={out}",),
    ),
    "tune_crf": (
        *("tune_crf", "--model_dir={root}/train/best", "--data={root}/prepare"),
        *("--output_dir={out}", "--num_images=6", "--num_workers=2", "--w1=3,5"),
        *("--theta_alpha=30,50", "--theta_beta=3", "--refinements=1"),
    ),
    "workers": (  # two processes, one of which is killed
        *("train", "--train_data={root}/propose:box", "--model_dir={out}", "--init=random"),
        *("--width_multiplier=0.05", "--batch_size=4", "--crop_size=65", "--epochs=2"),
        *("--warmup_epochs=0", "--clip_norm=1", "--strategy=multi_worker"),
    ),
    "beam": (
        *("generate_proposals", "--input_dir={root}/prepare", "--output_dir={out}"),
        *("--method=grabcut", "--runner=beam"),
    ),
    "reproduce": ("reproduce", "--recipe=table5/fcn8s", "--miniature", "--output_root={out}"),
}
_PACKAGES = {"tune_crf": "pydensecrf", "beam": "apache_beam"}
_TIMES = ("seconds", "time")
# Of a checkpoint, what is compared is its variables; the graph of a SavedModel has names that
# differ from export to export.
_NOT_COMPARED = ("seconds.json", "saved_model.pb", "fingerprint.pb", "checkpoint")


def available() -> list[str]:
    """The programs whose packages are here, in the order in which one needs another."""
    return [name for name in PROGRAMS if name not in _PACKAGES or util.find_spec(_PACKAGES[name])]


def commands(name: str, root: str, out: str) -> list[tuple[list[str], dict[str, str]]]:
    """The arguments of `boxsup`, and what is added to the environment, of each of its processes."""
    arguments = [word.format(root=root, out=out) for word in PROGRAMS[name]]
    if name != "workers":
        return [(arguments, {})]
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(2)]
    configs = [
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        for index in range(2)
    ]
    return [(arguments, {"TF_CONFIG": json.dumps(config)}) for config in configs]


def contents(folder: str) -> dict[str, Any]:
    """What a program left, by path: bytes, JSON without times, the variables of checkpoints.

    Of exports, the last: one that was whole when its process was killed is followed by another.
    """
    versions = [int(name) for name in os.listdir(folder) if name.isdecimal()]
    if versions:
        return contents(os.path.join(folder, str(max(versions))))
    found: dict[str, Any] = {}
    for path in pathlib.Path(folder).rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.name == "checkpoint":
            found[f"{name} (variables)"] = _variables(str(path.parent))
        if path.is_dir() or path.name in _NOT_COMPARED or path.name.startswith("ckpt-"):
            continue
        if "tfevents" in path.name or path.suffix in (".log", ".flags"):
            continue
        found[name] = (
            _timeless(json.loads(path.read_text()))
            if path.suffix == ".json"
            else (path.read_bytes())
        )
    return found


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """The names of what differs, or is there once only."""
    return sorted(
        name
        for name in wanted.keys() | found.keys()
        if name not in wanted or name not in found or not _equal(wanted[name], found[name])
    )


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, float | np.ndarray) and isinstance(other, int | float | np.ndarray):
        return np.shape(one) == np.shape(other) and bool(
            np.allclose(one, other, 1e-4, 1e-5, equal_nan=True)
        )
    return bool(one == other)


def _timeless(value: Any) -> Any:
    if isinstance(value, list):
        return [_timeless(element) for element in value]
    if isinstance(value, dict):
        kept = (key for key in value if not any(word in key for word in _TIMES))
        return {key: _timeless(value[key]) for key in kept}
    return value


def _variables(folder: str) -> dict[str, np.ndarray]:
    import tensorflow as tf  # takes seconds

    reader = tf.train.load_checkpoint(folder)
    return {
        name: np.asarray(reader.get_tensor(name), np.float64)
        for name, kind in reader.get_variable_to_dtype_map().items()
        if kind.is_floating or kind.is_integer
        if "save_counter" not in name
    }


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)
        ]
        return [made.getsockname()[1] for made in sockets]


def state(folder: str) -> tuple:
    """Changes whenever a file of a folder does."""
    found = []
    for at, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                status = os.stat(os.path.join(at, name))
                found.append((at, name, status.st_size, status.st_mtime_ns))
    return tuple(sorted(found))
