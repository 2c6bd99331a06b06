"""An application behind HTTP/1.1, of which no client holds a connection without end.

The parser is h11: it refuses a request whose line and headers are longer than 16 kB, where
httptools would hold any number of bytes of them.
"""

import asyncio
import contextlib
import logging
import resource
import socket
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_PATIENCE = 10.0  # seconds, for the headers of a request, and for some of an answer to be read
_GRACE = 3  # seconds that requests have to be finished when the server is told to stop
_CONNECTIONS = 8192  # that may be open at a time, if the machine lets a process have so many


class Connection(H11Protocol):
    """Ends, at once and with whatever is left to be sent, when its client makes it wait.

    The client has 10 s for the headers of its next request, and for taking some of an answer, also
    of the last piece of one.
    """

    _timer: asyncio.TimerHandle | None = None
    _unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._begin_wait()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._begin_wait()

    def send_400_response(self, msg: str) -> None:
        with contextlib.suppress(h11.LocalProtocolError):  # an answer is under way already
            super().send_400_response(msg)
        self.transport.close()

    def _begin_wait(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._unread = self.transport.get_write_buffer_size()
        self._timer = self.loop.call_later(_PATIENCE, self._end_wait)

    def _end_wait(self) -> None:
        no_request = self.cycle is None or self.cycle.response_complete
        waits = no_request or self.flow.write_paused or self.transport.is_closing()
        if waits and not 0 < self.transport.get_write_buffer_size() < self._unread:
            self.transport.abort()
        else:
            self._begin_wait()


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # It would show a traceback for every request that is given up.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


def serve(app: ASGIApp, listener: socket.socket, **options: Any) -> None:
    """Serves until the process is told to stop (SIGINT, SIGTERM).

    Requests that are being answered then are finished within some seconds, or refused (503).

    Args:
        app: the application.
        listener: a listening TCP socket.
        **options: of `uvicorn.Config`.
    """
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = _CONNECTIONS if most == resource.RLIM_INFINITY else min(_CONNECTIONS, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    config = uvicorn.Config(
        app, http=Connection, ws="none", timeout_graceful_shutdown=_GRACE, **options
    )
    with contextlib.suppress(KeyboardInterrupt):  # which uvicorn raises again at its end
        _Server(config).run(sockets=[listener])
