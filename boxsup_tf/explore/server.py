"""Serves the page on this machine."""

import dataclasses
from typing import Any

from boxsup_tf.errors import InputError, require
from boxsup_tf.explore import network as networks
from boxsup_tf.explore.explorer import Explorer
from boxsup_tf.explore.gallery import Folder, Gallery
from boxsup_tf.explore.mask_history import MaskHistory
from boxsup_tf.explore.network import Network
from boxsup_tf.explore.opened_image import Proposer
from boxsup_tf.proposals import registry
from boxsup_tf.records.dataset_info import check_same_classes
from boxsup_tf.records.example import MAX_MEGAPIXELS
from boxsup_tf.serving.server import listen
from boxsup_tf.settings import check, option

_INSTALL = "python -m pip install fastapi uvicorn"


@dataclasses.dataclass(frozen=True)
class ExploreOptions:
    """What is looked at, and where the page is.

    Attributes:
        data: Folder of records, best with pools.
        model_dir: Folder of a training run, or the folder best in it, whose network is asked and
          whose settings the page begins with. Without a network, E_o alone counts.
        saved_model: Or: a folder that export wrote.
        method: Proposal method for images that have no pool: uploads, and records without.
        Server:
        host: Address to listen on. Whoever reaches another than this machine's own may look at all
          images of the folder.
        http_port: Port to listen on; 0 for any that is free.
        max_upload_mb: Largest image file that is accepted, 10**6 bytes.
        max_megapixels: Largest image that is accepted, 10**6 pixels.
        upload_side: Longest side of an upload, pixels; a larger one is reduced to it.
        max_waiting: Requests that may wait in line; one is computed at a time.
    """

    data: str
    model_dir: str = ""
    saved_model: str = ""
    method: str = option("scg", choices=registry.method_names())
    host: str = "127.0.0.1"
    http_port: int = option(8502, at_least=0, at_most=2**16 - 1)
    max_upload_mb: float = option(32.0, above=0)
    max_megapixels: float = option(MAX_MEGAPIXELS, above=0)
    upload_side: int = option(800, at_least=16)
    max_waiting: int = option(50, at_least=0)

    def __post_init__(self) -> None:
        check(self)
        if self.model_dir and self.saved_model:
            raise InputError("expected at most one of --model_dir and --saved_model")


def explore(options: ExploreOptions, method_options: Any = None) -> None:
    """Serves the page until the process is told to stop; says on standard output where.

    Args:
        options: of the page.
        method_options: of the proposal method, see `registry.make_options`; None: its defaults.

    Raises:
        InputError: fastapi or uvicorn is missing; the records or the network are, or do not fit
            each other or the method; or the address cannot be had.
    """
    for module in ("fastapi", "uvicorn"):
        require(module, _INSTALL)
    explorer, notices = make_explorer(options, method_options)
    listener = listen(options.host, options.http_port)
    # Not every installation has what these import.
    from boxsup_tf.explore.app import make_app
    from boxsup_tf.serving.http_server import serve

    app = make_app(explorer, notices, options.host, options.max_upload_mb, options.max_waiting)
    for notice in notices:
        print(notice)
    port = listener.getsockname()[1]
    print(f"open http://{options.host}:{port} in a browser; Ctrl-C ends it", flush=True)
    serve(app, listener, log_level="warning")
    print("stopped")


def make_explorer(options: ExploreOptions, method_options: Any) -> tuple[Explorer, list[str]]:
    """The explorer, and what is to be said about what it lacks; see `explore`."""
    if method_options is None:
        method_options = registry.make_options(options.method, {})
    folder, network = Folder(options.data), _network(options)
    class_names = folder.info.class_names
    if network:
        check_same_classes(options.data, class_names, network.path, network.class_names)
    registry.check_classes(method_options, class_names)
    notices = []
    if not network:
        notices.append("No network: candidates are ranked by E_o alone.")
    if (folder.index.table["num_candidates"] < 0).any():
        notices.append(f"Images without a pool get one by {options.method}.")
    history = MaskHistory(options.model_dir, folder) if options.model_dir else None
    if history and history.notice:
        notices.append(history.notice)
    gallery = Gallery(folder, options.max_megapixels, options.upload_side)
    return Explorer(gallery, Proposer(options.method, method_options), network, history), notices


def _network(options: ExploreOptions) -> Network | None:
    if options.model_dir:
        return networks.of_run(options.model_dir)
    return networks.of_export(options.saved_model) if options.saved_model else None
