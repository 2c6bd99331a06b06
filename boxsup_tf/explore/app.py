"""The page behind HTTP.

    GET  /, /NAME.js, /page.css  the page
    GET  /api/setup              classes, network, defaults
    GET  /api/images             ids of the folder's images (?contains=&first=)
    POST /api/upload             an image file as the body (?name=); its key
    POST /api/image, /api/candidates, /api/picture    see `requests` and `Explorer`

All that computes is a POST: `Admission` lets a few in at a time, and one thread works them off.
What cannot be answered gets a status of 4xx and {"error": "..."}.
"""

import asyncio
import dataclasses
import importlib.resources
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import fastapi
from starlette.responses import JSONResponse, Response

from boxsup_tf.errors import InputError, first_line
from boxsup_tf.explore.explorer import Explorer
from boxsup_tf.explore.guard import Guard
from boxsup_tf.explore.requests import BoxRequest, ImageRequest, PictureRequest, parse_request
from boxsup_tf.labels import color_map
from boxsup_tf.serving.admission import Admission
from boxsup_tf.supervision.scoring import BELIEFS, NORMALISERS

_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_READ_AHEAD = 2  # requests that are read while one is computed
T = TypeVar("T")


def make_app(
    explorer: Explorer, notices: list[str], host: str, max_upload_mb: float, max_waiting: int
) -> fastapi.FastAPI:
    """The application.

    Args:
        explorer: that answers.
        notices: shown on the page.
        host: see `Guard`.
        max_upload_mb: of an image file, 10**6 bytes.
        max_waiting: requests that may wait in line.
    """
    app = fastapi.FastAPI(openapi_url=None)
    executor = ThreadPoolExecutor(1)
    max_bytes = int(max_upload_mb * 1e6)

    async def compute(function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, function)

    def add_file(name: str, content: bytes, kind: str) -> None:
        def answer() -> Response:
            return Response(content, media_type=kind)

        app.add_api_route("/" if name == "page.html" else f"/{name}", answer, methods=["GET"])

    for name, (content, kind) in _page_files().items():
        add_file(name, content, kind)

    @app.get("/api/setup")
    async def setup() -> dict[str, Any]:
        return _setup(explorer) | {"notices": notices, "max_upload_bytes": max_bytes}

    @app.get("/api/images")
    def images(contains: str = "", first: int = fastapi.Query(0, ge=0, le=2**31)) -> dict[str, Any]:
        found, total = explorer.gallery.folder.listing(contains, first)
        return {"images": found, "total": total}

    @app.post("/api/upload")
    async def upload(request: fastapi.Request, name: str = "upload") -> dict[str, Any]:
        body = await request.body()
        key = await compute(lambda: explorer.gallery.add(body, name[:100] or "upload"))
        return await compute(lambda: explorer.describe(key))

    @app.post("/api/image")
    async def image(request: fastapi.Request) -> dict[str, Any]:
        asked = parse_request(ImageRequest, await request.body())
        return await compute(lambda: explorer.describe(asked.image))

    @app.post("/api/candidates")
    async def candidates(request: fastapi.Request) -> dict[str, Any]:
        asked = parse_request(BoxRequest, await request.body())
        return await compute(
            lambda: explorer.candidates(
                asked.image, asked.drawn_box, asked.number, asked.settings, asked.count
            )
        )

    @app.post("/api/picture")
    async def picture(request: fastapi.Request) -> Response:
        asked = parse_request(PictureRequest, await request.body())
        png = await compute(
            lambda: explorer.picture(
                asked.image, asked.layer, asked.drawn_box, asked.number, asked.settings
            )
        )
        return Response(png, media_type="image/png")

    @app.exception_handler(InputError)
    async def bad_input(_: fastapi.Request, error: InputError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 400)

    @app.exception_handler(Exception)  # after this, uvicorn logs it
    async def own_failure(_: fastapi.Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": f"failed: {first_line(error)}"}, 500)

    app.add_middleware(
        Admission,
        slots=1 + _READ_AHEAD,
        max_waiting=max_waiting,
        max_bytes=max_bytes,
    )
    app.add_middleware(Guard, host=host)
    return app


def _page_files() -> dict[str, tuple[bytes, str]]:
    """Content and kind of the page's files, by name; no other file is ever served."""
    folder = importlib.resources.files(__package__).joinpath("page")
    return {
        file.name: (file.read_bytes(), _KINDS["." + file.name.rpartition(".")[2]])
        for file in folder.iterdir()
    }


def _setup(explorer: Explorer) -> dict[str, Any]:
    names = explorer.class_names
    colours = color_map()[: len(names)].tolist()
    network = explorer.network
    return {
        "data": explorer.gallery.folder.path,
        "network": network.path if network else "",
        "method": explorer.proposer.method,
        "classes": [
            {"name": name, "colour": colour} for name, colour in zip(names, colours, strict=True)
        ],
        "beliefs": BELIEFS,
        "normalisers": NORMALISERS,
        "defaults": dataclasses.asdict(explorer.defaults),
    }
