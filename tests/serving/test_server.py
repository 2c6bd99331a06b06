"""scripts/serve.py on loopback: real photographs from many clients, and bad requests."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import urllib3
from PIL import Image

from boxsup_tf.errors import InputError, require
from boxsup_tf.inference import segmentation_model
from boxsup_tf.records.example import decode_image
from boxsup_tf.serving.rest_client import RestClient
from boxsup_tf.serving.server import ServerOptions, serve
from tests.serving.talking import as_json, decode_mask, encode, get, post


@pytest.fixture(scope="module")
def labels_of(saved_model):
    """As evaluate.py has them."""
    model = segmentation_model.of_export(saved_model.path)
    return lambda encoded: model.label_maps(decode_image(encoded).numpy()[None])[0]


def test_many_clients_at_once_get_the_label_maps_of_evaluation(url, photographs, labels_of):
    files = [path.read_bytes() for path in photographs]

    def ask(encoded: bytes) -> np.ndarray:
        return np.array(Image.open(io.BytesIO(RestClient(url, "shapes")(encoded))))

    with ThreadPoolExecutor(8) as clients:
        for encoded, mask in zip(files, clients.map(ask, files), strict=True):
            assert mask.dtype == np.uint8
            np.testing.assert_array_equal(mask, labels_of(encoded))


def test_rows_columns_and_names_as_in_tensorflow_serving(url, images, predictor):
    encoded = encode(Image.fromarray(images[0]), "PNG")
    expected = {name: value.numpy() for name, value in predictor.predict(images[0][None]).items()}
    bytes_forms = [
        {"instances": [as_json(encoded)] * 2},
        {"instances": [{"image_bytes": as_json(encoded)}] * 2},
        {"inputs": [as_json(encoded)] * 2},
        {"inputs": {"image_bytes": [as_json(encoded)] * 2}},
    ]
    pixels = [images[0].tolist()] * 2
    requests = [{"signature_name": "serve_image_bytes", **form} for form in bytes_forms]
    requests += [{"instances": pixels}, {"inputs": {"images": pixels}}]
    for request in requests:
        status, answer = post(url, request)
        assert status == 200
        if "instances" in request:
            (rows,) = answer.values()
            assert list(answer) == ["predictions"] and len(rows) == 2
            outputs = {name: [row[name] for row in rows] for name in rows[0]}
        else:
            outputs = answer["outputs"]
        assert set(outputs) == set(expected)
        for name, value in expected.items():
            np.testing.assert_allclose(outputs[name], np.repeat(value, 2, axis=0), atol=1e-5)


def test_masks_of_one_request_may_differ_in_size(url, images, labels_of):
    files = [encode(Image.fromarray(image), "PNG") for image in images]
    request = {"signature_name": "serve_masks", "instances": [as_json(file) for file in files]}
    status, answer = post(url, request)
    assert status == 200
    for file, row in zip(files, answer["predictions"], strict=True):
        np.testing.assert_array_equal(decode_mask(row), labels_of(file))
    request = {"signature_name": "serve_masks", "inputs": [as_json(files[0])]}
    _, answer = post(url, request)
    np.testing.assert_array_equal(decode_mask(answer["outputs"][0]), labels_of(files[0]))


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "application/x-www-form-urlencoded"},  # curl -d
        {"content_type": "application/json"},
        {"content_type": "application/cloudevents+json"},
        {"ce_id": "1", "ce_type": "a", "ce_source": "b", "ce_specversion": "1.0"},
    ],
)
def test_headers_do_not_change_how_a_body_is_read(url, images, labels_of, headers):
    file = encode(Image.fromarray(images[0]), "PNG")
    request = {"signature_name": "serve_masks", "instances": [as_json(file)]}
    status, answer = post(url, request, **headers)
    assert status == 200 and list(answer) == ["predictions"]
    np.testing.assert_array_equal(decode_mask(answer["predictions"][0]), labels_of(file))
    status, answer = post(url, b"{malformed", **headers)
    assert status == 400 and "expected JSON: " in answer["error"]


def test_bad_requests_are_answered_and_the_server_goes_on(url, images, labels_of):
    picture = Image.fromarray(images[0])
    good = encode(picture, "JPEG")
    bomb = encode(Image.new("1", (10_000, 10_000)), "PNG")
    animation = encode(picture, "GIF", save_all=True, append_images=[picture.rotate(90)])
    files = {
        "the file is empty": b"",
        "not a JPEG or PNG image": b"This is a text named photo.jpg",
        "not a JPEG or PNG image (begins with b'GIF": animation,
        "the image is damaged": good[: len(good) // 2],
        "10000 x 10000 pixels (height x width): expected at most 20 megapixels": bomb,
    }
    requests = [
        (400, message, {"signature_name": name, "instances": [as_json(file)]})
        for message, file in files.items()
        for name in ("serve_masks", "serve_image_bytes")
    ]
    ragged = [[[1, 2, 3], [1, 2, 3]], [[1, 2, 3]]]
    requests += [
        (400, "signature_name 'nonsense'", {"signature_name": "nonsense", "instances": [1]}),
        (400, "not float64", {"instances": (images[0][:4, :4] / 2.0 + 0.25).tolist()}),
        (400, "not <U", {"instances": [["a"]]}),
        (400, "not a batch of shape [1, 2, 3]", {"instances": [[[1, 2, 3], [1, 2, 3]]]}),
        (400, "0 to 256", {"instances": [[[[0, 0, 256]]]]}),
        (400, "of one size", {"instances": [ragged]}),
        (400, "at least one image", {"instances": []}),
        (400, "one of instances and inputs", {}),
        (400, "JSON object", [1, 2]),
        (400, '{"b64": "..."}', {"signature_name": "serve_masks", "instances": ["no base64"]}),
        (400, "unexpected", b"{malformed"),
        (400, "depth", b"[" * 3000),
        (413, "at most 2000000 bytes", b"x" * 3_000_000),
    ]
    healthy = {"signature_name": "serve_masks", "instances": [as_json(good)]}
    for status, message, request in requests:
        found, answer = post(url, request)
        assert found == status, (message, answer)
        assert message in answer["error"]
    found, answer = post(url, healthy, name="nobody")
    assert found == 404 and "nobody" in answer["error"]
    found, answer = post(url, healthy)
    assert found == 200
    np.testing.assert_array_equal(decode_mask(answer["predictions"][0]), labels_of(good))


def test_transparency_is_dropped(url, images):
    alpha = np.full(images[0].shape[:2], 128, np.uint8)
    rgba = encode(Image.fromarray(np.dstack([images[0], alpha])), "PNG")
    rgb = encode(Image.fromarray(images[0]), "PNG")
    client = RestClient(url, "shapes")
    assert client(rgba) == client(rgb)


def test_what_cannot_be_served_is_refused(url, saved_model, tmp_path):
    taken = int(url.rsplit(":", 1)[1])
    with pytest.raises(InputError, match=f"--http_port={taken}: cannot listen: Address already"):
        serve(ServerOptions(saved_model.path, http_port=taken))
    with pytest.raises(InputError, match="no SavedModel"):
        serve(ServerOptions(str(tmp_path)))
    with pytest.raises(InputError, match="no_such_module is missing: expected it after `python -m"):
        require("no_such_module", "python -m pip install no-such-package")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("concurrency", 0),
        ("http_port", 70000),
        ("http_port", -1),
        ("max_waiting", -1),
        ("max_request_mb", 0),
        ("max_megapixels", float("nan")),
    ],
)
def test_options_out_of_their_range_are_refused(name, value):
    with pytest.raises(InputError, match=f"--{name}={value}: expected "):
        ServerOptions("absent", **{name: value})


def test_nobody_can_take_the_model_away(url):
    for path in ("v2/repository/models/shapes/unload", "v1/models/shapes:explain"):
        assert urllib3.request("POST", f"{url}/{path}", body=b"{}").status in (404, 501)
    assert urllib3.request("GET", f"{url}/metrics").data.startswith(b"# HELP")
    assert get(url, "shapes")[0] == 200


def test_model_says_that_it_is_ready(url):
    assert get(url, "shapes") == (200, {"name": "shapes", "ready": True})
    assert get(url, "nobody")[0] == 404
