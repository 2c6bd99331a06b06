"""The page at `/` in a real browser, and the model's classes over HTTP."""

import io
import time

import numpy as np
import pytest
import urllib3
from PIL import Image
from selenium.webdriver.common.by import By

from boxsup_tf.labels import color_map
from boxsup_tf.serving.rest_client import RestClient
from tests.chromium import start_chromium
from tests.serving.talking import encode, get


@pytest.fixture(scope="module")
def browser():
    started = start_chromium()
    yield started
    started.quit()


def _give(browser, path) -> None:
    browser.find_element(By.ID, "file").send_keys(str(path))


def _wait(browser, until: str) -> None:
    """Until a JavaScript expression is true."""
    ends = time.monotonic() + 60
    while not browser.execute_script(f"return {until};"):
        said = browser.find_element(By.ID, "said").text
        assert time.monotonic() < ends, f"{until}: {said}"
        time.sleep(0.05)


def _labels(browser) -> np.ndarray:
    """The mask as it is painted: labels by colour, transparent ones are background."""
    width, height, data = browser.execute_script(
        "const c = document.getElementById('mask');"
        "const p = c.getContext('2d').getImageData(0, 0, c.width, c.height);"
        "return [c.width, c.height, Array.from(p.data)];"
    )
    pixels = np.array(data, np.uint8).reshape(height, width, 4)
    label_of = {tuple(color): label for label, color in enumerate(color_map(8).tolist())}
    labels = [label_of[tuple(rgb)] for rgb in pixels[:, :, :3].reshape(-1, 3).tolist()]
    found = np.array(labels).reshape(height, width)
    return np.where(pixels[:, :, 3] == 0, 0, found)


def test_classes_and_colours_are_told(url, class_names):
    status, answer = get(url, "shapes/metadata")
    assert status == 200 and answer["model_spec"] == {"name": "shapes", "version": "1"}
    classes = answer["metadata"]["classes"]
    assert [entry["label"] for entry in classes] == list(range(len(class_names)))
    assert RestClient(url, "shapes").class_names() == tuple(class_names)
    colors = [f"#{bytes(color).hex()}" for color in color_map(len(class_names))]
    assert [entry["color"] for entry in classes] == colors
    assert RestClient(url, "another").class_names() == ()


def test_a_photograph_gets_its_mask(url, browser, images, tmp_path):
    browser.get(url)
    client = RestClient(url, "shapes")
    for number, image in enumerate(images):
        encoded = encode(Image.fromarray(image), "PNG")
        path = tmp_path / f"photo{number}.png"
        path.write_bytes(encoded)
        _give(browser, path)
        _wait(browser, f"document.getElementById('said').textContent === 'photo{number}.png'")
        expected = np.array(Image.open(io.BytesIO(client(encoded))))
        np.testing.assert_array_equal(_labels(browser), expected)
        shown = browser.find_element(By.ID, "classes").text.splitlines()
        assert len(shown) == len(np.unique(expected))
        share = sum(float(line.split()[-2]) for line in shown)
        assert share == pytest.approx(100, abs=0.1 * len(shown))
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_a_turned_photograph_is_shown_upright(url, browser, images, tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    picture = Image.fromarray(images[0])
    (tmp_path / "turned.jpg").write_bytes(encode(picture, "JPEG", exif=turned))
    browser.get(url)
    _give(browser, tmp_path / "turned.jpg")
    _wait(browser, "document.getElementById('said').textContent === 'turned.jpg'")
    assert _labels(browser).shape == (picture.width, picture.height)


def test_what_is_no_image_is_said(url, browser, tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    browser.get(url)
    _give(browser, tmp_path / "text.jpg")
    _wait(browser, "document.getElementById('said').textContent.includes('not a JPEG or PNG')")
    assert not browser.find_element(By.ID, "result").is_displayed()


def test_nothing_but_its_own_script_runs(url):
    response = urllib3.request("GET", url)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'sha256-" in policy
    assert response.headers["content-type"].startswith("text/html")
