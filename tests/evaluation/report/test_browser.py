"""evaluation.report in a real browser, without a network."""

import pathlib
import time
from collections.abc import Callable, Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from boxsup_tf.evaluation.report.page import write_report
from tests.chromium import CONTRASTS, start_chromium
from tests.evaluation.report.folders import CLASS_NAMES, HEIGHT, WIDTH, Folders, make_folders

_NUM_IMAGES = 40
_EVIL_CLASSES = ("background", "</script><i class='evil'>x", "quotes\"'&amp;", "猫 &lt;")
_EVIL_IDS = (
    "</script><i class='evil'>",
    "<img class='evil' src=x onerror='window.evil=1'>",
    'it\'s "quoted" & 猫',
    "__proto__",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    started = start_chromium()
    started.execute_cdp_cmd("Network.enable", {})
    no_network = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    started.execute_cdp_cmd("Network.emulateNetworkConditions", no_network)
    yield started
    started.quit()


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Folders:
    ids = [f"image{i:02d}" for i in range(_NUM_IMAGES)]
    folders = make_folders(tmp_path_factory.mktemp("browser"), ids)
    write_report(
        [folders.path("crf")],
        folders.path("records"),
        folders.path("run"),
        f"{folders.root}/report.html",
    )
    return folders


@pytest.fixture
def page(browser, made) -> Iterator[webdriver.Chrome]:
    """The report, opened anew; whatever a test does must leave no error in the console."""
    show(browser, made.root / "report.html")
    yield browser
    assert browser.get_log("browser") == []


def show(browser: webdriver.Chrome, path: pathlib.Path, width: int = 1200, dark: bool = False):
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    still = {"name": "prefers-reduced-motion", "value": "reduce"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, still]})
    browser.get(path.as_uri())


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def shown_ids(page) -> list[str]:
    script = (
        "return [...document.querySelectorAll('.card:not([hidden]) h3')].map(e => e.textContent)"
    )
    return page.execute_script(script)


def type_into(page, name: str, text: str) -> None:
    field = page.find_element(By.ID, name)
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text)


def choose(page, name: str, index: int) -> None:
    """Takes an option by keyboard: what WebDriver does instead fires no input event."""
    page.find_element(By.ID, name).send_keys(Keys.HOME, Keys.ARROW_DOWN * index)


def num_loaded(page, card: str) -> int:
    return page.execute_script(f"return document.querySelectorAll('{card} img[src]').length")


def test_pictures_decode_and_only_those_near_the_screen(page):
    last = f".card:nth-child({_NUM_IMAGES})"
    assert len(shown_ids(page)) == _NUM_IMAGES
    for card in (".card:first-child", last):
        page.execute_script(f"document.querySelector('{card}').scrollIntoView()")
        wait_for(lambda card=card: num_loaded(page, card) == 7)  # 4 panels, 3 of them with a mask
        sizes = page.execute_async_script(
            f"const done = arguments[0], all = [...document.querySelectorAll('{card} img')];"
            "Promise.all(all.map(i => i.decode())).then("
            "() => done(all.map(i => [i.naturalWidth, i.naturalHeight])))"
        )
        assert sizes == [[WIDTH, HEIGHT]] * 7
    wait_for(lambda: num_loaded(page, ".card:first-child") == 0)
    assert num_loaded(page, ".card") < _NUM_IMAGES * 7 / 2
    fetched = page.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    assert all(name.startswith("data:") for name in fetched)


def test_class_filter(page):
    options = Select(page.find_element(By.ID, "class")).options
    assert [option.text for option in options] == ["all", *CLASS_NAMES]
    choose(page, "class", 3)  # dog
    assert sorted(shown_ids(page)) == [f"image{i:02d}" for i in range(_NUM_IMAGES) if i % 3 == 1]
    assert page.find_element(By.ID, "count").text == f"13 of {_NUM_IMAGES} images"
    choose(page, "class", 4)  # emu, that the first image shows by mistake
    wanted = [f"image{i:02d}" for i in range(_NUM_IMAGES) if i % 3 == 2 or i == 0]
    assert sorted(shown_ids(page)) == wanted


def test_score_range_order_and_search(page, made):
    shown = {name: round(score, 4) for name, score in made.scores.items()}
    worst_first = sorted(shown, key=lambda name: (shown[name], name))
    assert shown_ids(page) == worst_first
    type_into(page, "lowest", "50")
    type_into(page, "highest", "80")
    expected = [name for name in worst_first if 0.5 <= shown[name] <= 0.8]
    assert 0 < len(expected) < _NUM_IMAGES
    assert shown_ids(page) == expected
    choose(page, "order", 1)  # best first
    assert shown_ids(page) == sorted(expected, key=lambda name: (-shown[name], name))
    choose(page, "order", 2)  # by id
    assert shown_ids(page) == sorted(expected)
    # With the CRF every image is right.
    choose(page, "score", 1)
    assert shown_ids(page) == []
    assert page.find_element(By.ID, "nothing").is_displayed()
    page.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    wait_for(lambda: shown_ids(page) == worst_first)
    type_into(page, "search", "E07")
    assert shown_ids(page) == ["image07"]


def test_slider_by_keyboard_changes_the_masks(page):
    script = "return getComputedStyle(document.querySelector('.overlay')).opacity"
    assert float(page.execute_script(script)) == pytest.approx(0.6)
    slider = page.find_element(By.ID, "opacity")
    slider.send_keys(Keys.ARROW_RIGHT * 5)
    assert float(page.execute_script(script)) == pytest.approx(0.65)
    slider.send_keys(Keys.HOME)
    assert float(page.execute_script(script)) == 0
    photo = "return getComputedStyle(document.querySelector('.photo')).opacity"
    assert float(page.execute_script(photo)) == 1


def test_size_slider_changes_the_panels(page):
    panel = page.find_element(By.CSS_SELECTOR, ".panel")
    before = panel.size["width"]
    page.find_element(By.ID, "size").send_keys(Keys.END)
    assert panel.size["width"] > 2 * before


def test_controls_are_reached_by_keyboard(page):
    page.find_element(By.ID, "class").send_keys("")
    reached = []
    for _ in range(8):
        page.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(page.execute_script("return document.activeElement.id"))
    assert reached == ["score", "lowest", "highest", "order", "search", "", "opacity", "size"]
    # Enter in a field must not send the form away.
    page.find_element(By.ID, "search").send_keys("3", Keys.ENTER)
    assert all("3" in name for name in shown_ids(page))


def test_everything_has_a_name(page):
    unnamed = page.execute_script(
        "return [...document.querySelectorAll('img:not([alt]), svg:not([aria-label])')].length"
        " + [...document.querySelectorAll('input, select')].filter(e => !e.labels.length).length"
        " + [...document.querySelectorAll('section')].filter("
        "e => !document.getElementById(e.getAttribute('aria-labelledby')).innerText).length"
    )
    assert unnamed == 0
    script = "return [...document.querySelectorAll('.card:first-child img')].map(e => e.alt)"
    alternatives = page.execute_script(script)
    name = shown_ids(page)[0]
    kinds = ("image", "Truth", "crf", "crf + CRF")
    assert [text for text in alternatives if text] == [f"{name}: {kind}" for kind in kinds]


@pytest.mark.parametrize("dark", [False, True])
def test_texts_stand_out(page, made, dark):
    """WCAG's contrast of normal text, level AA."""
    show(page, made.root / "report.html", dark=dark)
    contrasts = page.execute_script(CONTRASTS)
    assert len(contrasts) > 100
    assert min(contrasts)[0] >= 4.5, min(contrasts)


def test_nothing_is_wider_than_a_telephone(page, made):
    show(page, made.root / "report.html", width=360)
    sizes = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scrolled, visible = page.execute_script(sizes)
    assert scrolled <= visible


def test_hostile_names_are_only_text(browser, tmp_path):
    folders = make_folders(tmp_path / "made", _EVIL_IDS, _EVIL_CLASSES)
    write_report([folders.path("crf")], folders.path("records"), "", f"{tmp_path}/report.html")
    show(browser, tmp_path / "report.html")
    assert sorted(shown_ids(browser)) == sorted(_EVIL_IDS)
    options = Select(browser.find_element(By.ID, "class")).options
    assert [option.get_attribute("value") for option in options[1:]] == list(_EVIL_CLASSES)
    choose(browser, "class", 2)
    assert shown_ids(browser) == [_EVIL_IDS[0], _EVIL_IDS[3]]
    evil = "return [document.querySelectorAll('.evil').length, window.evil]"
    assert browser.execute_script(evil) == [0, None]
    assert browser.get_log("browser") == []
