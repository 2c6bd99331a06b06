"""explore.app and explore.guard: the page's requests, over HTTP."""

import json
import threading
import time

import cv2
import numpy as np
import pytest
import urllib3

pytest.importorskip("fastapi", reason="the page needs the package fastapi")
pytest.importorskip("uvicorn", reason="the page needs the package uvicorn")
from boxsup_tf.explore.choice import ChoiceSettings
from boxsup_tf.explore.opened_image import DrawnBox
from tests.explore.conftest import NUM_IMAGES
from tests.explore.serving import serving

_HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture(scope="module")
def url(explorer):
    with serving(explorer) as found:
        yield found


def ask(url: str, path: str, message: object, **headers: str):
    """Status and answer of a POST; `message` may be bytes."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    response = _HTTP.request("POST", f"{url}{path}", body=body, headers=names)
    is_json = response.headers["content-type"].startswith("application/json")
    return response.status, response.json() if is_json else response.data


def encoded(height: int, width: int, kind: str = ".png") -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.imencode(kind, pixels)[1].tobytes()


def test_the_page_and_nothing_else_of_the_disk(url):
    page = _HTTP.request("GET", f"{url}/")
    assert page.status == 200 and b"<canvas" in page.data
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    for name in ("main.js", "page.css"):
        assert _HTTP.request("GET", f"{url}/{name}").status == 200
    for path in (
        "/../app.py",
        "/%2e%2e/app.py",
        "/page/../../../../etc/passwd",
        "//etc/passwd",
        "/docs",
        "/openapi.json",
        "/api/images/0",
    ):
        assert _HTTP.request("GET", f"{url}{path}").status == 404, path


def test_setup_and_the_list_of_images(url, world):
    setup = _HTTP.request("GET", f"{url}/api/setup").json()
    assert setup["data"] == world.data and setup["network"] == world.run
    assert [each["name"] for each in setup["classes"]] == ["background", "cat", "dog", "emu"]
    assert setup["defaults"]["k"] == 3 and setup["defaults"]["feedback_weight"] == 2.0
    assert setup["notices"] == ["a notice"]
    found = _HTTP.request("GET", f"{url}/api/images").json()
    assert found["total"] == NUM_IMAGES
    assert [each["id"] for each in found["images"]] == [f"image{i}" for i in range(NUM_IMAGES)]
    found = _HTTP.request("GET", f"{url}/api/images?contains=AGE2").json()
    assert [each["key"] for each in found["images"]] == ["2"]
    found = _HTTP.request("GET", f"{url}/api/images?first=3").json()
    assert len(found["images"]) == 1 and found["total"] == NUM_IMAGES


def test_candidates_are_the_explorers(url, explorer):
    message = {"image": "1", "drawn": [2, 3, 25, 30.5], "label": 2, "count": 4}
    message["settings"] = {"feedback_weight": 1, "k": 2}
    status, answer = ask(url, "/api/candidates", message)
    assert status == 200
    settings = ChoiceSettings(feedback_weight=1.0, k=2)
    drawn = DrawnBox((2.0, 3.0, 25.0, 30.5), 2)
    assert answer == explorer.candidates("1", drawn, 0, settings, 4)


def test_an_upload_is_opened(url):
    status, image = ask(url, "/api/upload?name=my%20photo.png", encoded(40, 50))
    assert status == 200 and image["id"] == "my photo.png"
    assert (image["height"], image["width"], image["boxes"]) == (40, 50, [])
    status, png = ask(url, "/api/picture", {"image": image["key"], "layer": "photo"})
    assert status == 200
    np.testing.assert_array_equal(
        cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR),
        cv2.imdecode(np.frombuffer(encoded(40, 50), np.uint8), cv2.IMREAD_COLOR),
    )


@pytest.mark.parametrize(
    ("path", "message", "status", "said"),
    [
        ("/api/upload", b"", 400, "the file is empty"),
        ("/api/upload", b"GIF89a", 400, "not a JPEG or PNG image"),
        ("/api/upload", encoded(40, 50, ".jpg")[:900], 400, "the image is damaged"),
        ("/api/upload", bytes(1_000_001), 413, "at most 1000000 bytes"),
        ("/api/image", b"{", 400, "Invalid JSON"),
        ("/api/image", {"image": 3}, 400, "image: Input should be a valid string"),
        ("/api/image", {"image": "9"}, 400, "expected a number below 4"),
        ("/api/image", {"image": "0", "path": "/etc"}, 400, "path: Extra inputs"),
        ("/api/candidates", {"image": "0", "drawn": [1, 2, 3]}, 400, "drawn.3: Field required"),
        ("/api/candidates", {"image": "0", "drawn": [9, 9, 3, 3]}, 400, "empty or inverted"),
        ("/api/candidates", b'{"image": "0", "drawn": [NaN, 1, 3, 3]}', 400, "finite"),
        ("/api/candidates", {"image": "0", "count": 10**9}, 400, "count"),
        ("/api/candidates", {"image": "0", "settings": {"k": 0}}, 400, "k=0: expected"),
        ("/api/candidates", {"image": "0", "settings": {"belief": "x"}}, 400, "belief=x"),
        ("/api/candidates", b'{"image":"0","settings":{"feedback_weight":NaN}}', 400, "expected"),
        ("/api/picture", {"image": "0", "layer": "disk"}, 400, "layer: Input should be 'photo'"),
    ],
)
def test_bad_requests_are_explained(url, path, message, status, said):
    found, answer = ask(url, path, message)
    assert (found, set(answer)) == (status, {"error"}), answer
    assert said in answer["error"]


def test_a_large_image_is_refused_by_its_header(url):
    bomb = cv2.imencode(".png", np.zeros((9000, 9000), np.uint8))[1].tobytes()
    status, answer = ask(url, "/api/upload?name=bomb.png", bomb)
    assert status == 400
    assert "bomb.png: the image has 9000 x 9000 pixels" in answer["error"]


def test_only_this_servers_page_may_ask(url):
    port = url.rsplit(":", 1)[1]
    for host, expected in (
        ("evil.example", 403),
        (f"evil.example:{port}", 403),
        ("", 403),
        ("127.0.0.1.evil.example", 403),
        (f"localhost:{port}", 200),
        (f"127.0.0.1:{port}", 200),
        (f"[::1]:{port}", 200),
    ):
        assert ask(url, "/api/image", {"image": "0"}, host=host)[0] == expected, host
        assert _HTTP.request("GET", f"{url}/", headers={"host": host}).status == expected, host
    for origin, expected in (
        ("https://evil.example", 403),
        ("null", 403),
        (f"http://localhost:{int(port) + 1}", 403),
        (url, 200),
    ):
        assert ask(url, "/api/image", {"image": "0"}, origin=origin)[0] == expected, origin


def test_several_at_once_wait_in_line_and_more_are_told_to_come_back(explorer):
    started, go_on, running, most = threading.Event(), threading.Event(), [0], [0]

    class Slow:
        """The explorer, which waits before it answers."""

        def __getattr__(self, name):
            return getattr(explorer, name)

        def describe(self, key):
            running[0] += 1
            most[0] = max(most[0], running[0])
            started.set()
            go_on.wait(10)
            running[0] -= 1
            return explorer.describe(key)

    statuses: list[int] = []

    def one():
        response = urllib3.PoolManager(retries=False).request(
            "POST", f"{url}/api/image", body=b'{"image": "0"}'
        )
        statuses.append(response.status)

    with serving(Slow(), max_waiting=2) as url:
        threads = [threading.Thread(target=one) for _ in range(10)]
        threads[0].start()
        assert started.wait(10)
        for thread in threads[1:]:
            thread.start()
        deadline = time.monotonic() + 10
        while len(statuses) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        # A GET waits for nobody.
        assert urllib3.request("GET", f"{url}/api/setup").status == 200
        go_on.set()
        for thread in threads:
            thread.join(10)
    # One computed, two read ahead, two in line.
    assert sorted(statuses) == [200] * 5 + [503] * 5
    assert most == [1]


def test_a_fault_of_the_servers_own_is_an_answer_too(explorer, caplog):
    class Broken:
        def __getattr__(self, name):
            return getattr(explorer, name)

        def describe(self, key):
            raise RuntimeError("no such luck")

    with serving(Broken()) as url:
        assert ask(url, "/api/image", {"image": "0"}) == (
            500,
            {"error": "failed: no such luck"},
        )
        # Over another connection: that one is closed.
        assert urllib3.PoolManager().request("GET", f"{url}/api/setup").status == 200
