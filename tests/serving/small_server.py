"""A server without a model, for clients that misbehave: echoes bodies, after so many seconds.

It prints its port, and a line when it begins to compute a request that takes some seconds.
"""

import asyncio
import functools
import socket

from boxsup_tf.serving import http_server
from boxsup_tf.serving.admission import Admission


async def application(scope, receive, send) -> None:
    if scope["type"] != "http":
        return
    body = b"x" * 50_000_000
    if scope["method"] == "POST":
        body = (await receive())["body"]
        if seconds := scope["query_string"]:
            print("computing", flush=True)
            await asyncio.sleep(float(seconds))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    http_server._PATIENCE = 1.0
    listener = socket.create_server(("127.0.0.1", 0))  # without TensorFlow
    print(listener.getsockname()[1], flush=True)
    admit = functools.partial(
        Admission, slots=3, max_waiting=100, max_bytes=10_000_000, read_seconds=1.0
    )
    http_server.serve(admit(application), listener, log_level="warning")
    print("stopped", flush=True)
