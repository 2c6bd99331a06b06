"""Good requests to serve.py among as many bad ones: whether all good ones are answered right.

    python benchmarks/bad_requests.py --saved_model=exports/voc --images='photos/*.jpg' \
        --num_requests=1000 --json=bad_requests.json

Each of 8 clients sends good ones, each of 8 others bad ones, of the kinds of `_KINDS` in turn.
`right` are good ones whose mask is, byte by byte, the one that the server gave before the bad ones
came; `refused` bad ones that got a status of 4xx, or no answer within a second where they cannot
get one. `peak_mib` is the server's largest resident memory, `before_mib` that after the first
masks.
"""

import base64
import contextlib
import io
import json
import socket
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import own_process
import program
import serving
import urllib3
from absl import flags
from PIL import Image

from boxsup_tf.io.json_file import write_json
from boxsup_tf.serving.rest_client import RestClient

_KINDS = (
    *("empty", "cut", "no_image", "bomb", "scans", "deep", "lists", "numbers", "large", "path"),
    *("unfinished_body", "unfinished_headers", "half_closed", "unread"),
)
_CLIENTS = 8
_LARGE = 31_000_000


def main(_: object) -> None:
    files = serving.jpeg_files()
    bodies = _bodies(files[0])
    with serving.start_server() as server:
        try:
            url = serving.url_of(server)
            client = RestClient(url, serving.MODEL_NAME, _CLIENTS)
            distinct = list(dict.fromkeys(files))
            expected = dict(zip(distinct, map(client, distinct), strict=True))
            before = own_process.resident_bytes(server.pid)
            begin = time.perf_counter()
            with serving.Peak(server.pid) as peak, ThreadPoolExecutor(2 * _CLIENTS) as pool:
                good = [pool.submit(lambda file: client(file) == expected[file], f) for f in files]
                kinds = [_KINDS[i % len(_KINDS)] for i in range(len(files))]
                # Two lines of work: of a pool's one line, the bad would come after the good.
                with ThreadPoolExecutor(_CLIENTS) as others:
                    bad = [others.submit(_is_refused, url, kind, bodies) for kind in kinds]
            right = sum(future.exception() is None and future.result() for future in good)
            accepted = [
                kind for kind, future in zip(kinds, bad, strict=True) if not future.result()
            ]
        finally:
            server.terminate()
    results = {
        "good": len(files),
        "right": right,
        "bad": len(kinds),
        "refused": len(kinds) - len(accepted),
        "seconds": time.perf_counter() - begin,
        "before_mib": before / own_process.MIB,
        "peak_mib": peak.bytes / own_process.MIB,
        "not_refused": sorted(accepted),
    }
    print(json.dumps(results, indent=2))
    if path := flags.FLAGS.json:
        write_json(path, results)


def _bodies(photograph: bytes) -> dict[str, bytes]:
    """The bodies of bad requests, by kind."""
    buffer, progressive = io.BytesIO(), io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    Image.open(io.BytesIO(photograph)).resize((4000, 4000)).save(
        progressive, "JPEG", progressive=True
    )
    scans = progressive.getvalue()
    last = scans.rindex(b"\xff\xda")
    scans = scans[:-2] + scans[last:-2][:60] * 20_000 + scans[-2:]
    start = b'{"instances":['
    return {
        "empty": b"",
        "cut": _request(photograph)[:-10],
        "no_image": _request(b"This is a text"),
        "bomb": _request(buffer.getvalue()),
        "scans": _request(scans),
        "deep": b"[" * 100_000,
        "lists": start + b"[]," * (_LARGE // 3) + b"[]]}",
        "numbers": start + b"1.5," * 2_900_000 + b"1]}",
        "large": b" " * 33_000_000,
    }


def _request(encoded: bytes) -> bytes:
    text = base64.b64encode(encoded).decode()
    return json.dumps({"signature_name": "serve_masks", "instances": [{"b64": text}]}).encode()


def _is_refused(url: str, kind: str, bodies: dict[str, bytes]) -> bool:
    model = f"/v1/models/{serving.MODEL_NAME}:predict"
    if kind in bodies or kind == "path":
        path = "/v1/models/..%2F..%2Fetc%2Fpasswd:predict" if kind == "path" else model
        try:
            answer = urllib3.request(
                "POST", url + path, body=bodies.get(kind, b"{}"), retries=False, timeout=300
            )
        except urllib3.exceptions.ProtocolError:  # it did not read the rest
            return kind == "large"
        return 400 <= answer.status < 500
    address = urllib.parse.urlsplit(url)
    head = f"POST {model} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n".encode()
    content = {
        "unfinished_headers": head[:20],
        "unread": b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 50,
    }.get(kind, head + b"{")
    with socket.create_connection((address.hostname, address.port), 60) as client:
        client.sendall(content)
        if kind == "half_closed":
            client.shutdown(socket.SHUT_WR)
        client.settimeout(1.0)
        if kind == "unread":
            time.sleep(1.0)
            return True
        with contextlib.suppress(TimeoutError, ConnectionError):
            return client.recv(100)[9:10] in (b"4", b"")
    return True


if __name__ == "__main__":
    program.run(main)
