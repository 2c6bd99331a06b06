"""Serves an exported model over HTTP, with the REST interface of TensorFlow Serving.

    boxsup serve --saved_model=exports/voc
    boxsup serve_client --url=http://localhost:8501 --images='photos/*.jpg' --output_dir=masks

Needs the package kserve. docs/serving.md shows requests, and TensorFlow Serving itself.
"""

from boxsup_tf.serving.server import ServerOptions, serve


def run(options: ServerOptions) -> None:
    serve(options)
