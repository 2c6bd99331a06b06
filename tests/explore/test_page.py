"""explore/page in a real browser: what a user does; the numbers shown are the explorer's."""

import dataclasses
import decimal
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the page needs the package uvicorn")
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from boxsup_tf.explore.opened_image import DrawnBox
from boxsup_tf.explore.server import ExploreOptions, make_explorer
from tests.chromium import CONTRASTS, start_chromium
from tests.explore.serving import serving
from tests.training.folders import SIDE

_EDGES = ("top", "left", "bottom", "right")


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    started = start_chromium()
    started.set_window_size(1400, 900)
    yield started
    started.quit()


@pytest.fixture(scope="module")
def url(explorer):
    with serving(explorer) as found:
        yield found


@pytest.fixture
def page(browser, url) -> Iterator[webdriver.Chrome]:
    """The page, opened anew; whatever a test does must leave no error in the console."""
    browser.get(url)
    wait_for(lambda: browser.find_elements(By.CSS_SELECTOR, "#list button"))
    yield browser
    assert browser.get_log("browser") == []


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def settle(page) -> None:
    script = "return document.getElementById('choice').ariaBusy"
    wait_for(lambda: page.execute_script(script) == "false")


def open_image(page, name: str) -> None:
    page.find_element(By.XPATH, f"//ul[@id='list']//button[starts-with(., '{name}')]").click()
    wait_for(lambda: page.find_element(By.ID, "name").text.startswith(f"{name},"))
    settle(page)


def value(page, name: str) -> str:
    return page.find_element(By.ID, name).get_attribute("value")


def type_into(page, name: str, text: str) -> None:
    field = page.find_element(By.ID, name)
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text, Keys.TAB)
    settle(page)


def drag(page, box: tuple[int, int, int, int], height: int, width: int) -> None:
    """Draws a box of the image's pixels with the mouse."""
    canvas = page.find_element(By.ID, "view")
    size = canvas.size
    scale = min(size["width"] / width, size["height"] / height)
    left = (size["width"] - scale * width) / 2

    def place(y: int, x: int) -> tuple[int, int]:  # from the canvas's centre
        return (
            round(left + scale * x - size["width"] / 2),
            round(scale * y - size["height"] / 2),
        )

    action = ActionChains(page, duration=20)
    action.move_to_element_with_offset(canvas, *place(*box[:2])).click_and_hold()
    action.move_to_element_with_offset(canvas, *place(*box[2:])).release().perform()
    settle(page)


def drawn_box(page, label: int) -> DrawnBox:
    assert value(page, "box") == "drawn"
    return DrawnBox(tuple(float(value(page, edge)) for edge in _EDGES), label)


def rows(page) -> list[list[str]]:
    script = (
        "return [...document.querySelectorAll('#rows tr')].map("
        "r => [r.dataset.number, ...[...r.cells].map(c => c.textContent)])"
    )
    return page.execute_script(script)


def expected_rows(answer) -> list[list[str]]:
    return [
        [
            str(each["number"]),
            f"{rank}{' ✓' if each['number'] == answer['chosen'] else ''}",
            "",
            *(_rounded(each[name], "0.0001") for name in ("overlap", "regression", "total")),
            f"{_rounded(100 * each['coverage'], '1')} %",
            str(each["overlap_rank"]),
        ]
        for rank, each in enumerate(answer["candidates"], 1)
    ]


def _rounded(number: float, to: str) -> str:
    """As JavaScript rounds: a half away from zero."""
    return str(decimal.Decimal(number).quantize(decimal.Decimal(to), decimal.ROUND_HALF_UP))


def pixels(page) -> list[int]:
    """The colours of the view, reduced."""
    script = (
        "const c = new OffscreenCanvas(40, 40).getContext('2d', {willReadFrequently: true});"
        "c.drawImage(document.getElementById('view'), 0, 0, 40, 40);"
        "return [...c.getImageData(0, 0, 40, 40).data]"
    )
    return page.execute_script(script)


def test_the_first_box_of_an_image_is_shown_at_once(page, explorer):
    open_image(page, "image0")
    own = explorer.describe("0")["boxes"][0]
    assert [float(value(page, edge)) for edge in _EDGES] == own["box"]
    assert value(page, "class") == str(own["label"])
    answer = explorer.candidates("0", None, 0, explorer.defaults, 20)
    assert rows(page) == expected_rows(answer)
    assert "60 candidates (blocks) may be chosen" in page.find_element(By.ID, "summary").text
    assert len(page.find_elements(By.CSS_SELECTOR, "tr.best")) == 3  # the run's k


def test_draw_choose_and_slide(page, explorer):
    open_image(page, "image1")
    drag(page, (4, 6, 25, 29), SIDE, SIDE)
    box = drawn_box(page, int(value(page, "class")))
    np.testing.assert_allclose(box.box, (4, 6, 25, 29), atol=1)
    # A class.
    Select(page.find_element(By.ID, "class")).select_by_visible_text("emu")
    settle(page)
    box = dataclasses.replace(box, label=3)
    settings = explorer.defaults
    assert rows(page) == expected_rows(explorer.candidates("1", box, 0, settings, 20))
    # lambda and k, by their sliders.
    page.find_element(By.ID, "feedback_weight_slider").send_keys(Keys.HOME)
    page.find_element(By.ID, "k_slider").send_keys(Keys.HOME)
    settle(page)
    settings = dataclasses.replace(settings, feedback_weight=0.0, k=1)
    alone = explorer.candidates("1", box, 0, settings, 20)
    assert rows(page) == expected_rows(alone)
    assert page.find_element(By.ID, "summary").text.endswith("The best is chosen.")
    page.find_element(By.ID, "feedback_weight_slider").send_keys(Keys.END)
    page.find_element(By.ID, "k_slider").send_keys(Keys.ARROW_RIGHT * 4)
    settle(page)
    assert (value(page, "feedback_weight"), value(page, "k")) == ("10", "5")
    settings = dataclasses.replace(settings, feedback_weight=10.0, k=5)
    fed = explorer.candidates("1", box, 0, settings, 20)
    assert rows(page) == expected_rows(fed) != expected_rows(alone)
    assert len(page.find_elements(By.CSS_SELECTOR, "tr.best")) == 5
    # A candidate: it is seen, and stays so.
    before = pixels(page)
    page.find_elements(By.CSS_SELECTOR, "#rows tr")[-1].click()
    kept = page.find_elements(By.CSS_SELECTOR, "tr.kept")
    assert [row.get_attribute("data-number") for row in kept] == [
        str(fed["candidates"][-1]["number"])
    ]
    wait_for(lambda: pixels(page) != before)
    # And back.
    page.find_element(By.CSS_SELECTOR, "#settings [type=reset]").click()
    settle(page)
    answer = explorer.candidates("1", box, 0, explorer.defaults, 20)
    assert rows(page) == expected_rows(answer)


def test_a_box_by_keyboard_and_one_by_a_click(page, explorer):
    open_image(page, "image1")
    for edge, text in zip(_EDGES, ("2", "3", "20", "31"), strict=True):
        type_into(page, edge, text)
    assert drawn_box(page, 1).box == (2.0, 3.0, 20.0, 31.0)
    answer = explorer.candidates(
        "1", drawn_box(page, int(value(page, "class"))), 0, explorer.defaults, 20
    )
    assert rows(page) == expected_rows(answer)
    type_into(page, "bottom", "99")
    status = page.find_element(By.ID, "status")
    assert "reaches outside the image of height 33" in status.text
    assert "error" in status.get_attribute("class")
    page.get_log("browser")  # the answer's status, 400
    Select(page.find_element(By.ID, "box")).select_by_index(1)
    settle(page)
    assert status.text == "" and value(page, "box") == "0"
    answer = explorer.candidates("1", None, 0, explorer.defaults, 20)
    assert rows(page) == expected_rows(answer)


def test_every_layer_is_seen(page):
    open_image(page, "image0")
    seen = [pixels(page)]
    for name in ("pool", "belief", "prediction", "mask", "truth"):
        page.find_element(By.CSS_SELECTOR, f"[name=layer][value={name}]").click()
        settle(page)
        wait_for(lambda: pixels(page) not in seen)
        seen.append(pixels(page))
    Select(page.find_element(By.ID, "epoch")).select_by_visible_text("epoch 1")
    wait_for(lambda: pixels(page) not in seen)
    faint = pixels(page)
    page.find_element(By.ID, "opacity").send_keys(Keys.HOME)
    wait_for(lambda: pixels(page) != faint)


def test_upload(page, explorer, tmp_path):
    path = tmp_path / "my photo <b>.png"
    image = np.random.default_rng(3).integers(0, 256, (30, 50, 3), np.uint8)
    cv2.imwrite(str(path), image)
    page.find_element(By.ID, "upload").send_keys(str(path))
    wait_for(lambda: page.find_element(By.ID, "name").text == "my photo <b>.png, 50 x 30")
    wait_for(lambda: page.find_element(By.ID, "status").text == "Draw a box.")
    drag(page, (3, 5, 26, 44), 30, 50)
    key = page.find_element(By.CSS_SELECTOR, "#list [aria-current=true]").get_attribute("data-key")
    answer = explorer.candidates(key, drawn_box(page, 1), 0, explorer.defaults, 20)
    assert rows(page) == expected_rows(answer)
    assert "(scg) may be chosen" in page.find_element(By.ID, "summary").text
    (tmp_path / "text.jpg").write_text("no image")
    page.find_element(By.ID, "upload").send_keys(str(tmp_path / "text.jpg"))
    status = page.find_element(By.ID, "status")
    wait_for(lambda: "text.jpg: not a JPEG or PNG image" in status.text)
    page.get_log("browser")  # the answer's status, 400
    (tmp_path / "large.jpg").write_bytes(bytes(1_200_000))
    page.find_element(By.ID, "upload").send_keys(str(tmp_path / "large.jpg"))
    wait_for(lambda: status.text == "large.jpg: 1.2 MB: expected at most 1.0")


def test_search_and_two_pages_at_once(page, url):
    page.find_element(By.ID, "search").send_keys("age2")
    wait_for(lambda: len(page.find_elements(By.CSS_SELECTOR, "#list button")) == 1)
    open_image(page, "image2")
    first, found = page.current_window_handle, rows(page)
    page.switch_to.new_window("tab")
    page.get(url)
    wait_for(lambda: page.find_elements(By.CSS_SELECTOR, "#list button"))
    open_image(page, "image0")
    other = rows(page)
    page.close()
    page.switch_to.window(first)
    assert rows(page) == found != other
    page.find_element(By.ID, "k_slider").send_keys(Keys.ARROW_RIGHT)
    settle(page)
    assert [row[0] for row in rows(page)] == [row[0] for row in found]


def test_without_a_network_lambda_does_not_move(browser, world):
    explorer, _ = make_explorer(ExploreOptions(world.data), None)
    with serving(explorer) as url:
        browser.get(url)
        wait_for(lambda: browser.find_elements(By.CSS_SELECTOR, "#list button"))
        open_image(browser, "image0")
        assert [row[4] for row in rows(browser)] == ["-"] * len(rows(browser))
        for name in ("feedback_weight_slider", "belief"):
            assert not browser.find_element(By.ID, name).is_enabled()
        for name in ("belief", "prediction"):
            radio = browser.find_element(By.CSS_SELECTOR, f"[name=layer][value={name}]")
            assert not radio.is_enabled()


@pytest.mark.parametrize("dark", [False, True])
def test_texts_stand_out(page, dark):
    """WCAG's contrast of normal text, level AA."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    open_image(page, "image0")
    page.find_element(By.CSS_SELECTOR, "summary").click()
    contrasts = page.execute_script(CONTRASTS)
    assert len(contrasts) > 100
    assert min(contrasts)[0] >= 4.5, min(contrasts)


def test_everything_has_a_name_and_nothing_is_wider_than_a_telephone(page):
    open_image(page, "image0")
    unnamed = page.execute_script(
        "return [...document.querySelectorAll('input, select')].filter("
        "e => !e.labels.length && !e.ariaLabel).map(e => e.outerHTML)"
    )
    assert unnamed == []
    size = {"width": 360, "height": 700, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    sizes = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scrolled, visible = page.execute_script(sizes)
    wide = page.execute_script(
        "return [...document.querySelectorAll('body *')].filter("
        "e => e.getBoundingClientRect().right > innerWidth && !e.closest('.scroll'))"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert scrolled <= visible, wide
