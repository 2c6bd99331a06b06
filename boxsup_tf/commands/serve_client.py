"""Sends image files to a server and writes their masks, palette PNGs.

    boxsup serve_client --url=http://localhost:8501 --images='photos/*.jpg' --output_dir=masks
    boxsup serve_client --protocol=grpc --url=localhost:8500 --images=photos --output_dir=masks

REST is spoken by serve and TensorFlow Serving, gRPC by TensorFlow Serving; it needs the package
tensorflow-serving-api. An interrupted run goes on where it stopped when the same command is given
again.
"""

import dataclasses
from collections.abc import Callable

from boxsup_tf.errors import InputError, require
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.serving.masks import request_masks
from boxsup_tf.serving.rest_client import RestClient
from boxsup_tf.settings import check, option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is asked, and of which server.

    Attributes:
        url: The server: http://HOST:PORT, with gRPC HOST:PORT.
        images: File, folder or quoted pattern; may be given again.
        output_dir: Folder for the masks.
        overlay_dir: Folder for the masks laid over their images; empty: none are made.
        protocol: Language of the server.
        model_name: The model's name on the server.
        concurrency: Images that are under way at a time.
    """

    url: str
    images: tuple[str, ...] = option(repeated=True)
    output_dir: str = option(written=True)
    overlay_dir: str = ""
    protocol: str = option("rest", choices=("rest", "grpc"))
    model_name: str = "boxsup"
    concurrency: int = option(4, at_least=1)

    def __post_init__(self) -> None:
        check(self)
        if self.url.startswith(("http://", "https://")) != (self.protocol == "rest"):
            raise InputError(
                f"--url={self.url} --protocol={self.protocol}: expected http://HOST:PORT for rest, "
                "HOST:PORT for grpc"
            )


def run(options: Options) -> None:
    paths = find_images(options.images, options.output_dir, options.overlay_dir)
    client = _client(options)
    names: tuple[str, ...] = ()
    if options.overlay_dir and isinstance(client, RestClient):
        names = client.class_names()
    done = request_masks(
        client,
        paths,
        options.output_dir,
        options.concurrency,
        options.overlay_dir,
        names,
    )
    print(f"{options.output_dir}: {done} new of {len(paths)} masks")
    print(f"next: open {options.overlay_dir or options.output_dir} in a viewer of images")


def _client(options: Options) -> Callable[[bytes], bytes]:
    if options.protocol == "rest":
        return RestClient(options.url, options.model_name, options.concurrency)
    require("tensorflow_serving", "python -m pip install tensorflow-serving-api")
    # Not every installation has it.
    from boxsup_tf.serving.grpc_client import GrpcClient

    return GrpcClient(options.url, options.model_name)
