"""KServe's HTTP server around `answers.Answers`."""

import asyncio
import copy
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fastapi
import kserve
from fastapi.responses import HTMLResponse, JSONResponse
from kserve import errors
from kserve.logging import KSERVE_LOG_CONFIG
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.rest.server import metrics_handler
from kserve.protocol.rest.v1_endpoints import register_v1_endpoints

from boxsup_tf.errors import InputError
from boxsup_tf.serving.answers import Answers
from boxsup_tf.serving.http_server import serve
from boxsup_tf.serving.page import page

_HANDLERS = {
    errors.InvalidInput: errors.invalid_input_handler,
    errors.ModelNotFound: errors.model_not_found_handler,
    NotImplementedError: errors.not_implemented_error_handler,
    Exception: errors.generic_exception_handler,
}


class _Verbatim(DataPlane):
    """Hands bodies on as they are: KServe would parse them in the event loop, or as CloudEvents."""

    def decode(self, body: bytes, *_: Any, **__: Any) -> tuple[bytes, dict]:
        return body, {}

    def encode(self, model_name: str, response: bytes, *_: Any, **__: Any) -> tuple[bytes, dict]:
        return response, {}


class ServedModel(kserve.Model):
    """KServe's view of an exported model.

    Args:
        name: in the URL.
        answers: of the model.
        concurrency: requests that are computed at a time.
    """

    def __init__(self, name: str, answers: Answers, concurrency: int) -> None:
        super().__init__(name, return_response_headers=True)
        self._answers = answers
        self._executor = ThreadPoolExecutor(concurrency)
        self.load()

    async def predict(
        self,
        payload: bytes,
        headers: dict[str, str] | None = None,
        response_headers: dict[str, str] | None = None,
    ) -> bytes:
        """The answer to a request of the v1 protocol, JSON.

        Raises:
            InvalidInput: the request is bad; KServe answers 400 and the message.
        """
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._executor, self._answers.answer, payload)
        except InputError as error:
            raise errors.InvalidInput(str(error)) from None
        if response_headers is not None:
            response_headers["content-type"] = "application/json"
        return answer


def run(
    model: ServedModel, listener: socket.socket, admission: Callable, metadata: dict[str, Any]
) -> None:
    """Serves as `http_server.serve`.

    Args:
        model: the one model.
        listener: a listening TCP socket.
        admission: ASGI middleware: from application to application.
        metadata: see `page.metadata`.
    """
    models = kserve.ModelRepository()
    models.update(model)
    # Not by kserve.ModelServer: that one listens on every network interface, and lets every
    # client unload the model.
    app = fastapi.FastAPI(openapi_url=None)
    register_v1_endpoints(app, _Verbatim(models), None)
    app.add_api_route("/metrics", metrics_handler, methods=["GET"])
    body, headers = page(model.name)
    app.add_api_route("/", lambda: HTMLResponse(body, headers=headers), methods=["GET"])
    app.add_api_route(
        f"/v1/models/{model.name}/metadata", lambda: JSONResponse(metadata), methods=["GET"]
    )
    for error, handler in _HANDLERS.items():
        app.add_exception_handler(error, handler)
    app.add_middleware(admission)
    serve(app, listener, log_config=_log_config())


def _log_config() -> dict[str, Any]:
    config = copy.deepcopy(KSERVE_LOG_CONFIG)
    # Requests beside the errors; standard output says where the server is.
    config["handlers"]["uvicorn_access"]["stream"] = "ext://sys.stderr"
    # KServe reports every bad request with a traceback, uvicorn the errors of the server's own.
    for name in ("kserve", "kserve.trace"):
        config["loggers"][name]["level"] = "CRITICAL"
    return config
