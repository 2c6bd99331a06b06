"""A small exported network, a server of it, and photographs."""

import pathlib
import re
import signal
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from PIL import Image

from boxsup_tf.inference.export import export
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.inference.saved_model import SavedModel, load_saved_model
from tests.forked import Forked
from tests.inference.conftest import class_names, images, segmenter  # noqa: F401


@pytest.fixture(scope="session")
def saved_model(segmenter, class_names, tmp_path_factory) -> SavedModel:  # noqa: F811
    folder = str(tmp_path_factory.mktemp("export"))
    return load_saved_model(export(segmenter, folder))


@pytest.fixture(scope="session")
def predictor(segmenter) -> Predictor:  # noqa: F811
    return Predictor(segmenter)


@pytest.fixture(scope="session")
def photographs(shared_data) -> list[pathlib.Path]:
    """Sixteen real JPEG files of several sizes."""
    paths = sorted((shared_data / "voc_subset").rglob("JPEGImages/*.jpg"))[::40][:16]
    assert len({Image.open(path).size for path in paths}) >= 4
    return paths


@pytest.fixture(scope="session")
def url(saved_model):
    """Of scripts/serve.py, running in a process of its own with small limits."""
    pytest.importorskip("kserve", reason="the server needs the package kserve")
    command = [
        "scripts/serve.py",
        f"--saved_model={saved_model.path}",
        "--model_name=shapes",
        "--http_port=0",
        "--max_request_mb=2",
        "--max_megapixels=20",
    ]
    process = Forked(command)
    said = process.read_until(r"serving as shapes on \S+\n")
    url = re.search(r"http://127\.0\.0\.1:\d+", said)
    with ThreadPoolExecutor(1) as thread:
        rest = thread.submit(process.communicate, timeout=None)
        try:
            assert url, said
            yield url[0]
        finally:
            process.send(signal.SIGTERM)
            wait([rest], timeout=30)
            process.kill()
    assert process.returncode in (0, -signal.SIGTERM)
    # It reports its own failures so.
    assert "Traceback" not in rest.result(), rest.result()
