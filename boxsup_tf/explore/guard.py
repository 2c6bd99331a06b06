"""ASGI middleware: only pages of this very server may talk to it.

A page of the web can make a browser send requests to this machine, and read the answers under a
name of its own that it lets point here (DNS rebinding). So a request must call the server by an
address, or by a name that is known to be this machine's, and come from no page but the server's.
"""

import ipaddress
import urllib.parse

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Nothing is fetched from elsewhere, and no script runs but the package's.
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Refuses (403) what is not asked of this server by its own page; adds headers to answers.

    Args:
        app: the application behind.
        host: the name or address that the server was told to listen on.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app, self._names = app, {"localhost", host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        app = self._app if not (why := self._refusal(Headers(scope=scope))) else _refused(why)
        await app(scope, receive, send_with_headers)

    def _refusal(self, headers: Headers) -> str:
        """Why a request is refused; empty where it is not."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_ours(host):
            return f"host {host!r}: expected the address that boxsup explore has printed"
        if origin is not None and urllib.parse.urlsplit(origin).netloc.lower() != host.lower():
            return f"origin {origin!r}: expected this server's own page"
        return ""

    def _is_ours(self, host: str) -> bool:
        try:
            name = urllib.parse.urlsplit(f"//{host}").hostname or ""
            if name in self._names:
                return True
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _refused(why: str) -> ASGIApp:
    return JSONResponse({"error": why}, 403)
