"""An exported model behind HTTP, with the REST interface of TensorFlow Serving.

    POST /v1/models/NAME:predict    see `predict_json` and `inference.signatures`
    GET  /v1/models/NAME            whether it is ready
    GET  /v1/models/NAME/metadata   its classes and their colours
    GET  /                          a page that takes a photograph and shows its mask
    GET  /metrics                   for Prometheus

A bad request is answered with a status of 4xx and {"error": "..."}; the server goes on.
"""

import dataclasses
import functools
import os
import socket

from boxsup_tf.errors import InputError, require
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.records.example import MAX_MEGAPIXELS
from boxsup_tf.settings import check, option

# Requests beside those that are computed: whose answers are being read.
_ANSWERED = 2


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """What is served, where, and how much of it at a time.

    Attributes:
        saved_model: Folder that export.py wrote; its highest version is served.
        model_name: Name in the URL.
        host: Address to listen on; 0.0.0.0 for all of the machine's.
        http_port: Port to listen on; 0 for any that is free.
        concurrency: Requests that are computed at a time.
        max_megapixels: Largest images that are accepted, 10**6 pixels in a request.
        max_request_mb: Largest request that is accepted, 10**6 bytes.
        max_waiting: Requests that may be read, or wait in line, while others are computed.
    """

    saved_model: str
    model_name: str = "boxsup"
    host: str = "127.0.0.1"
    http_port: int = option(8501, at_least=0, at_most=2**16 - 1)
    concurrency: int = option(2, at_least=1)
    max_megapixels: float = option(MAX_MEGAPIXELS, above=0)
    max_request_mb: float = option(32.0, above=0)
    max_waiting: int = option(1000, at_least=0)

    def __post_init__(self) -> None:
        check(self)


def serve(options: ServerOptions) -> None:
    """Serves until the process is told to stop; says on standard output where.

    Raises:
        InputError: kserve is missing, there is no such model, or the address cannot be had.
    """
    require("kserve", "python -m pip install kserve==0.21.0")
    model = load_saved_model(options.saved_model)
    listener = listen(options.host, options.http_port)
    # Not every installation has what these import.
    from boxsup_tf.serving import kserve_server
    from boxsup_tf.serving.admission import Admission
    from boxsup_tf.serving.answers import Answers
    from boxsup_tf.serving.page import metadata

    answers = Answers(model, options.max_megapixels)
    port = listener.getsockname()[1]
    url = f"http://{options.host}:{port}"
    print(f"{model.path}: serving as {options.model_name} on {url}", flush=True)
    print("open it in a browser to try a photograph; Ctrl-C ends it", flush=True)
    kserve_server.run(
        kserve_server.ServedModel(options.model_name, answers, options.concurrency),
        listener,
        functools.partial(
            Admission,
            slots=options.concurrency + _ANSWERED,
            max_waiting=options.max_waiting,
            max_bytes=int(options.max_request_mb * 1e6),
        ),
        metadata(options.model_name, os.path.basename(model.path), model.class_names),
    )
    print("stopped", flush=True)


def listen(host: str, port: int) -> socket.socket:
    """A TCP socket that listens.

    Args:
        host, port: see `ServerOptions`.

    Raises:
        InputError: the address cannot be had.
    """
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise InputError(
            f"--host={host} --http_port={port}: cannot listen: {reason}: expected an address of "
            "this machine and a free port"
        ) from None
