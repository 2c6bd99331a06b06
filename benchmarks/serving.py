"""Many clients of serve.py at once: failures, throughput, latency, memory.

    python benchmarks/serving.py --saved_model=exports/voc --images='photos/*.jpg' \
        --json=serving.json

The server is a process of its own. All requests are sent at the same moment, each by a client of
its own, so a latency includes the wait in line. The images are brought to several sizes first.
"""

import io
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import own_process
import program
from absl import flags
from PIL import Image

from boxsup_tf import errors
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.io.json_file import write_json
from boxsup_tf.serving.rest_client import RestClient

_SAVED_MODEL = flags.DEFINE_string(
    "saved_model", None, "Folder that export.py wrote.", required=True
)
_IMAGES = flags.DEFINE_multi_string(
    "images", None, "File, folder or quoted pattern.", required=True
)
_NUM_REQUESTS = flags.DEFINE_integer("num_requests", 200, "Sent at once.", lower_bound=2)
_NUM_WARMUP = flags.DEFINE_integer("num_warmup", 100, "Requests before them.", lower_bound=1)
_CONCURRENCY = flags.DEFINE_integer("concurrency", 2, "Of the server.", lower_bound=1)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")

_SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scripts")
_LONG_SIDES = (160, 240, 320, 400, 500)
MODEL_NAME = "benchmark"


class Reply(NamedTuple):
    """Seconds until it came, and what went wrong, if anything did."""

    seconds: float
    failure: str


def main(_: object) -> None:
    files = jpeg_files()
    with start_server() as server:
        try:
            results = _measure(url_of(server), server.pid, files)
        finally:
            server.terminate()
    for name, value in results.items():
        print(f"{name:>20} {value:12,.3f}")
    if _JSON.value:
        write_json(_JSON.value, results)


def _measure(url: str, process: int, files: list[bytes]) -> dict[str, float]:
    # The same sizes as later, as many at a time as the server computes.
    first = (files * _NUM_WARMUP.value)[: _NUM_WARMUP.value]
    warmup = _ask_all(url, first, _CONCURRENCY.value)
    before = own_process.resident_bytes(process)
    with Peak(process) as peak:
        start = time.perf_counter()
        replies = _ask_all(url, files, len(files))
        seconds = time.perf_counter() - start
    after = own_process.resident_bytes(process)
    failures = [reply.failure for reply in (*warmup, *replies) if reply.failure]
    for failure in sorted(set(failures)):
        print(f"failed: {failure}", file=sys.stderr)
    latencies = 1000 * np.array([reply.seconds for reply in replies])
    return {
        "failed": len(failures),
        "requests_per_second": len(files) / seconds,
        "p50_ms": float(np.percentile(latencies, 50)),
        "p99_ms": float(np.percentile(latencies, 99)),
        "rss_growth": after / before - 1,
        "peak_rss_growth": peak.bytes / before - 1,
        "rss_mib": after / own_process.MIB,
        "num_requests": len(files),
    }


def _ask_all(url: str, files: list[bytes], clients: int) -> list[Reply]:
    def ask(encoded: bytes) -> Reply:
        client = RestClient(url, MODEL_NAME, concurrency=1)
        begin = time.perf_counter()
        try:
            mask = Image.open(io.BytesIO(client(encoded)))
            wrong = mask.size != Image.open(io.BytesIO(encoded)).size
            failure = "a mask of another size" if wrong else ""
        except (errors.InputError, OSError) as error:  # no answer, or no image in it
            failure = str(error)
        return Reply(time.perf_counter() - begin, failure)

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(ask, files))


def jpeg_files() -> list[bytes]:
    """JPEG files of mixed sizes, one a request."""
    paths = list(find_images(_IMAGES.value).values())
    files = []
    for i in range(_NUM_REQUESTS.value):
        image = Image.open(paths[i % len(paths)]).convert("RGB")
        side = _LONG_SIDES[i % len(_LONG_SIDES)]
        image.thumbnail((side, side))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=90)
        files.append(buffer.getvalue())
    return files


def start_server() -> subprocess.Popen:
    command = [
        sys.executable,
        os.path.join(_SCRIPT, "serve.py"),
        f"--saved_model={_SAVED_MODEL.value}",
        f"--model_name={MODEL_NAME}",
        f"--concurrency={_CONCURRENCY.value}",
        "--http_port=0",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def url_of(server: subprocess.Popen) -> str:
    """Where a server listens; waits until it does."""
    line = server.stdout.readline() if server.stdout else ""
    found = re.search(r" on (http://\S+)", line)
    if not found:
        raise errors.InputError("the server did not start: see above")
    return found[1]


class Peak:
    """The largest resident memory of a process, looked at every tenth of a second."""

    def __init__(self, process: int) -> None:
        self._process, self.bytes = process, 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            self.bytes = max(self.bytes, own_process.resident_bytes(self._process))


if __name__ == "__main__":
    program.run(main)
