"""Sends image files to a server and writes their masks, palette PNGs.

    python scripts/serve_client.py --url=http://localhost:8501 --images='photos/*.jpg' \
        --output_dir=masks
    python scripts/serve_client.py --protocol=grpc --url=localhost:8500 --images=photos \
        --output_dir=masks

REST is spoken by serve.py and TensorFlow Serving, gRPC by TensorFlow Serving; it needs the
package tensorflow-serving-api. An interrupted run goes on where it stopped when the same command
is given again.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable

from absl import flags

from boxsup_tf import errors
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.serving.extras import require
from boxsup_tf.serving.masks import request_masks
from boxsup_tf.serving.rest_client import RestClient

_URL = flags.DEFINE_string(
    "url", None, "The server: http://HOST:PORT, with gRPC HOST:PORT.", required=True
)
_IMAGES = flags.DEFINE_multi_string(
    "images", None, "File, folder or quoted pattern; may be given again.", required=True
)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder for the masks.", required=True)
_PROTOCOL = flags.DEFINE_enum("protocol", "rest", ["rest", "grpc"], "Language of the server.")
_MODEL_NAME = flags.DEFINE_string("model_name", "boxsup", "The model's name on the server.")
_CONCURRENCY = flags.DEFINE_integer(
    "concurrency", 4, "Images that are under way at a time.", lower_bound=1
)


def main(_: object) -> None:
    paths = find_images(_IMAGES.value, _OUTPUT_DIR.value)
    done = request_masks(_client(), paths, _OUTPUT_DIR.value, _CONCURRENCY.value)
    print(f"{_OUTPUT_DIR.value}: {done} new of {len(paths)} masks")


def _client() -> Callable[[bytes], bytes]:
    is_http = _URL.value.startswith(("http://", "https://"))
    if is_http != (_PROTOCOL.value == "rest"):
        raise errors.InputError(
            f"--url={_URL.value} --protocol={_PROTOCOL.value}: expected http://HOST:PORT for rest, "
            "HOST:PORT for grpc"
        )
    if _PROTOCOL.value == "rest":
        return RestClient(_URL.value, _MODEL_NAME.value, _CONCURRENCY.value)
    require("tensorflow_serving", "tensorflow-serving-api")
    # Not every installation has it.
    from boxsup_tf.serving.grpc_client import GrpcClient

    return GrpcClient(_URL.value, _MODEL_NAME.value)


if __name__ == "__main__":
    errors.run_script(main)
