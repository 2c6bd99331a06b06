"""What a client without this package would write."""

import base64
import io
import json

import numpy as np
import urllib3
from PIL import Image

_HTTP = urllib3.PoolManager(retries=False)


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def as_json(encoded: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(encoded).decode()}


def decode_mask(answer: dict[str, str]) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(base64.b64decode(answer["b64"]))))


def get(url: str, name: str) -> tuple[int, dict]:
    response = _HTTP.request("GET", f"{url}/v1/models/{name}")
    return response.status, response.json()


def post(url: str, body: object, name: str = "shapes", **headers: str) -> tuple[int, dict]:
    """The status and the answer; `body` may be bytes, or what is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {key.replace("_", "-"): value for key, value in headers.items()}
    response = _HTTP.request("POST", f"{url}/v1/models/{name}:predict", body=data, headers=names)
    return response.status, response.json()
