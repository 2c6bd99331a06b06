"""Files, folders and patterns, and the names they give."""

import os

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.inference.image_paths import find_images


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for path in (
        "photos/b.jpg",
        "photos/a.png",
        "photos/notes.txt",
        "photos/.hidden.jpg",
        "photos/cam/a.JPEG",
        "photos/cam/move.gif",
        "other/a.jpg",
        "odd[1].png",
    ):
        os.makedirs(tmp_path / os.path.dirname(path), exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["photos/b.jpg"], {"b": "photos/b.jpg"}),
        (["photos/*.jpg", "photos/b.jpg"], {"b": "photos/b.jpg"}),
        (["odd[1].png"], {"odd[1]": "odd[1].png"}),
        (["photos/notes.txt"], {"notes": "photos/notes.txt"}),
        (
            ["photos"],
            {
                "a": "photos/a.png",
                "b": "photos/b.jpg",
                "cam/a": "photos/cam/a.JPEG",
                "cam/move": "photos/cam/move.gif",
            },
        ),
        (["photos/c*"], {"a": "photos/cam/a.JPEG", "move": "photos/cam/move.gif"}),
        (["photos/**/*.JPEG"], {"a": "photos/cam/a.JPEG"}),
    ],
)
def test_names(folder, patterns, expected):
    found = find_images(patterns)
    assert found == expected and list(found) == list(expected)


def test_a_file_that_is_meant_twice_is_taken_once(folder):
    once = find_images(["photos", str(folder / "photos" / "cam" / "a.JPEG"), "photos/cam"])
    assert list(once) == ["a", "b", "cam/a", "cam/move"]


def test_two_files_of_one_name_are_refused(folder):
    with pytest.raises(InputError, match="other/a.jpg: would write the same files as photos/a.png"):
        find_images(["photos", "other"])
    assert "photos/cam/a" in find_images(["."])


def test_what_an_earlier_run_made_is_left_out(folder):
    assert "photos/cam/a" in find_images(["."], "photos/ca")
    found = find_images(["photos"], f"{folder}/other/../photos/cam/")
    assert list(found) == ["a", "b"]
    assert list(find_images(["photos"], "", "photos/cam", "elsewhere")) == ["a", "b"]
    (folder / "link").symlink_to(folder / "photos" / "cam")
    assert list(find_images(["photos"], "link")) == ["a", "b"]
    for pattern in ("photos", "photos/*.jpg", "photos/cam"):
        with pytest.raises(InputError, match="no such image: .*not below photos"):
            find_images([pattern], "photos")


@pytest.mark.parametrize("pattern", ["absent.jpg", "*.bmp", "empty"])
def test_what_stands_for_nothing_is_refused(folder, pattern):
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="--images=.*: no such image: expected a file, a folder"):
        find_images(["photos", pattern])
