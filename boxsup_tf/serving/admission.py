"""ASGI middleware that bounds a server's memory: few requests are read at a time."""

import asyncio
import contextlib

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PIECE = 2**16  # bytes of an answer that are handed to the connection at a time


class Admission:
    """Lets a few requests in at a time; the others wait in line, their bodies unread.

    A waiting request takes what the connection buffers of it, some 64 kB. An answer keeps its slot
    until the client has read all but the last some 64 kB of it. GET requests pass.

    Args:
        app: the application behind.
        slots: requests that are read, computed and answered at a time.
        max_waiting: that wait in line for a slot; one more is told to come back (503).
        max_bytes: of a body; a larger one is refused (413).
        read_seconds: that a body may take to arrive once it is read (else 408).
        write_seconds: that a client may take to read 64 kB of its answer, or it loses the rest.
    """

    def __init__(
        self,
        app: ASGIApp,
        slots: int,
        max_waiting: int,
        max_bytes: int,
        read_seconds: float = 60.0,
        write_seconds: float = 60.0,
    ) -> None:
        self._app = app
        self._slots = asyncio.Semaphore(slots)
        self._waiting, self._max_waiting = 0, max_waiting
        self._max_bytes = max_bytes
        self._read_seconds, self._write_seconds = read_seconds, write_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
        elif self._slots.locked() and self._waiting >= self._max_waiting:
            refusal = _refusal(503, f"{self._waiting} requests are waiting: try again later")
            await refusal(scope, receive, send)
        else:
            self._waiting += 1
            try:
                await self._slots.acquire()
            finally:
                self._waiting -= 1
            try:
                await self._admit(scope, receive, send)
            finally:
                self._slots.release()

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await asyncio.wait_for(self._read(Request(scope, receive)), self._read_seconds)
        except asyncio.TimeoutError:
            refusal = _refusal(408, f"the body took longer than {self._read_seconds:g} s")
            await refusal(scope, receive, send)
        except OverflowError:
            refusal = _refusal(413, f"expected a body of at most {self._max_bytes} bytes")
            await refusal(scope, receive, send)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        else:
            # Of a client that does not read, the server closes the connection.
            with contextlib.suppress(asyncio.TimeoutError):
                in_pieces = _in_pieces(send, self._write_seconds)
                await self._app(scope, _replay(body, receive), in_pieces)

    async def _read(self, request: Request) -> bytes:
        if int(request.headers.get("content-length", 0)) > self._max_bytes:
            raise OverflowError
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > self._max_bytes:
                raise OverflowError
        return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that has been read already."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def next_message() -> Message:
        return next(messages, None) or await receive()

    return next_message


def _in_pieces(send: Send, seconds: float) -> Send:
    """A `send` that gives a body piece by piece; raises asyncio.TimeoutError where one is not read.

    A server takes a body of any size at once, and waits before the next one if that is not read.
    """

    async def send_message(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        for start in range(0, len(body), _PIECE):
            piece = {**message, "body": body[start : start + _PIECE], "more_body": True}
            await asyncio.wait_for(send(piece), seconds)
        await asyncio.wait_for(send({**message, "body": b"", "more_body": more}), seconds)

    return send_message


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status, {"connection": "close"})
