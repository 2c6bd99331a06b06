"""Files are opened, looked for and removed by boxsup_tf/io, which knows all file systems."""

import re

from tests.conftest import REPOSITORY

_CALLS = re.compile(
    r"(?<![\w.])(open\(|glob\.|tempfile\.|shutil\.(?!get_terminal_size)"
    r"|os\.path\.(exists|isfile|isdir|getsize|getmtime|abspath|realpath)\b"
    r"|os\.(makedirs|mkdir|replace|remove|unlink|rename|rmdir|listdir|scandir|walk|stat)\b)"
)
# What these open is on the local disk, wherever their user's folders are.
_LOCAL = {
    "evaluation/tune_crf.py": "score maps, which processes without TensorFlow read",
    "evaluation/voc_server.py": "a scratch file",
    "inference/export.py": "a scratch folder, until the export is whole",
    "inference/formats/tflite.py": "a scratch folder",
    "inference/warmup.py": "the scratch folder of export.py",
    "models/bfloat16_copy.py": "/proc/cpuinfo",
    "proposals/sam/loading.py": "a model's folder, which ONNX Runtime reads itself",
    "proposals/sam/onnx_model.py": "the same",
    "workers/stderr_filter.py": "/dev",
    "training/write_errors.py": "the room on the local disk",
}


def test_only_io_calls_the_operating_system():
    package = REPOSITORY / "boxsup_tf"
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if _CALLS.search(path.read_text(encoding="utf-8"))
    }
    assert {name for name in found if not name.startswith("io/")} == {*_LOCAL}
