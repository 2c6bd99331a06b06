"""The page, served by a thread."""

import contextlib
import threading

import uvicorn

from boxsup_tf.explore.app import make_app
from boxsup_tf.serving.server import listen


@contextlib.contextmanager
def serving(explorer, max_upload_mb: float = 1.0, max_waiting: int = 20):
    """The URL of the page, served by a thread of this process."""
    listener = listen("127.0.0.1", 0)
    app = make_app(explorer, ["a notice"], "127.0.0.1", max_upload_mb, max_waiting)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
    assert not thread.is_alive()
