"""ASGI middleware that bounds a server's memory: few requests are computed at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PIECE = 2**16  # bytes of an answer that are handed to the connection at a time
_SMALL = 2**17  # bytes of a body that every request may have in memory
_LEAST_RATE = 250_000  # bytes a second at which a body must go on arriving


class Admission:
    """Lets a few whole requests in at a time; the others wait in line.

    A slot is for a request whose body is whole. So clients that send slowly, or never to the end,
    keep nobody waiting but those whose bodies are large, of which a few are read at a time. A
    request that waits takes what the connection buffers of it, and 128 kB. An answer keeps its
    slot until the client has read all but the last some 64 kB of it. GET requests pass.

    Args:
        app: the application behind.
        slots: requests that are computed and answered at a time.
        max_waiting: more of them that are read, or wait in line for a slot; one more is told to
            come back (503), as are all when the server stops.
        max_bytes: of a body; a larger one is refused (413).
        large: bodies of more than 128 kB that are read, or wait in line, at a time.
        read_seconds: that a body may take to arrive, and as much more as its bytes take at 250 kB
            a second (else 408).
    """

    def __init__(
        self,
        app: ASGIApp,
        slots: int,
        max_waiting: int,
        max_bytes: int,
        large: int = 2,
        read_seconds: float = 10.0,
    ) -> None:
        self._app = app
        self._slots, self._large = asyncio.Semaphore(slots), asyncio.Semaphore(large)
        self._inside, self._most = 0, slots + max_waiting
        self._max_bytes, self._read_seconds = max_bytes, read_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
        elif self._inside >= self._most:
            refusal = _refusal(503, f"{self._inside} requests are waiting: try again later")
            await refusal(scope, receive, send)
        else:
            self._inside += 1
            try:
                await self._admit(scope, receive, send)
            finally:
                self._inside -= 1

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._answer(scope, receive, noted)
        except asyncio.CancelledError:  # as the server does with all when it ends
            if not started:
                await _refusal(503, "the server is stopping: try again later")(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with contextlib.AsyncExitStack() as large:
                body = await self._read(Request(scope, receive), large)
                await self._slots.acquire()
        except asyncio.TimeoutError:
            refusal = _refusal(
                408,
                f"the body took longer than {self._read_seconds:g} s: expected it to go on "
                f"arriving at {_LEAST_RATE // 1000} kB a second",
            )
        except OverflowError:
            refusal = _refusal(413, f"expected a body of at most {self._max_bytes} bytes")
        except ClientDisconnect:
            return  # nobody is there to be answered
        else:
            try:
                await self._app(scope, _replay(body, receive), _in_pieces(send))
            finally:
                self._slots.release()
            return
        await refusal(scope, receive, send)

    async def _read(self, request: Request, large: contextlib.AsyncExitStack) -> bytes:
        """The body; `large` gets the place that one takes which is large."""
        if int(request.headers.get("content-length", 0)) > self._max_bytes:
            raise OverflowError
        body, is_large, pieces = bytearray(), False, request.stream()
        now = asyncio.get_running_loop().time
        deadline = now() + self._read_seconds
        while (piece := await _next(pieces, deadline - now())) is not None:
            body += piece
            deadline += len(piece) / _LEAST_RATE
            if len(body) > self._max_bytes:
                raise OverflowError
            if len(body) > _SMALL and not is_large:
                is_large, begin = True, now()
                await large.enter_async_context(self._large)
                deadline += now() - begin
        return bytes(body)


async def _next(pieces: AsyncIterator[bytes], seconds: float) -> bytes | None:
    try:
        return await asyncio.wait_for(pieces.__anext__(), seconds)
    except StopAsyncIteration:
        return None


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that has been read already."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def next_message() -> Message:
        return next(messages, None) or await receive()

    return next_message


def _in_pieces(send: Send) -> Send:
    """A `send` that gives a body piece by piece.

    A server takes a body of any size at once, and waits before the next one if that is not read.
    """

    async def send_message(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        for start in range(0, len(body), _PIECE):
            await send({**message, "body": body[start : start + _PIECE], "more_body": True})
        await send({**message, "body": b"", "more_body": more})

    return send_message


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status, {"connection": "close"})
