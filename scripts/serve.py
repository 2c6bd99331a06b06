"""Serves an exported model over HTTP, with the REST interface of TensorFlow Serving.

    python scripts/serve.py --saved_model=exports/voc
    python scripts/serve_client.py --url=http://localhost:8501 --images='photos/*.jpg' \
        --output_dir=masks

Needs the package kserve. docs/serving.md shows requests, and TensorFlow Serving itself.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from boxsup_tf import errors, settings
from boxsup_tf.serving.server import ServerOptions, serve


def main(_: object) -> None:
    serve(settings.parsed_flags(ServerOptions))


if __name__ == "__main__":
    settings.define_flags(ServerOptions)
    errors.run_script(main)
