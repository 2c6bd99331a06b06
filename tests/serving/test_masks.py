"""scripts/serve_client.py and its parts, against both kinds of server."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
from concurrent import futures

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from boxsup_tf import drawing
from boxsup_tf.errors import InputError
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.inference.interface import SEMANTIC_PREDICTIONS
from boxsup_tf.labels import color_map
from boxsup_tf.records.example import decode_image
from boxsup_tf.records.upright import upright
from boxsup_tf.serving.masks import RefusedImage, request_masks
from boxsup_tf.serving.rest_client import RestClient
from tests.conftest import REPOSITORY
from tests.serving.talking import as_json, encode


@pytest.fixture
def folder(images, tmp_path):
    """images/ with three good images and two bad ones."""
    (tmp_path / "images" / "below").mkdir(parents=True)
    pictures = [Image.fromarray(image) for image in images]
    (tmp_path / "images" / "a.jpg").write_bytes(encode(pictures[0], "JPEG"))
    (tmp_path / "images" / "below" / "b.png").write_bytes(encode(pictures[1], "PNG"))
    turned = Image.Exif()
    turned[0x0112] = 6  # stored lying on its left side
    (tmp_path / "images" / "c.jpg").write_bytes(encode(pictures[2], "JPEG", exif=turned))
    (tmp_path / "images" / "text.jpg").write_bytes(b"no image")
    (tmp_path / "images" / "empty.png").write_bytes(b"")
    return tmp_path


def run_client(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(REPOSITORY / "scripts" / "serve_client.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


def check_masks(folder, predictor) -> None:
    """Palette PNGs with the predictor's labels, of upright images."""
    found = sorted(str(p.relative_to(folder / "out")) for p in (folder / "out").rglob("*.*"))
    assert found == ["a.png", "below/b.png", "c.png"]
    sources = {"a": "a.jpg", "below/b": "below/b.png", "c": "c.jpg"}
    for name, source in sources.items():
        pixels = decode_image((folder / "images" / source).read_bytes()).numpy()
        if name == "c":
            pixels = np.rot90(pixels, -1)
        mask = Image.open(folder / "out" / f"{name}.png")
        assert mask.mode == "P"
        assert mask.getpalette()[:9] == color_map()[:3].ravel().tolist()
        expected = predictor.predict(pixels[None])[SEMANTIC_PREDICTIONS][0]
        # PIL and TensorFlow do not decode JPEG to the same bits; "c" was decoded to be turned.
        assert np.mean(np.array(mask) == expected) > (0.97 if name == "c" else 0.99999)


def test_script_writes_masks_and_names_what_was_refused(url, folder, predictor):
    arguments = (f"--images={folder}/images", f"--output_dir={folder}/out")
    result = run_client(f"--url={url}", "--model_name=shapes", *arguments)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert "error: 2 of 5 images have no mask (the others are done)" in result.stderr
    assert "text.jpg: refused: image 0: not a JPEG or PNG image" in result.stderr
    assert "empty.png: refused: image 0: the file is empty" in result.stderr
    check_masks(folder, predictor)


def test_script_ends_with_what_it_made(url, folder):
    arguments = (f"--images={folder}/images/a.jpg", f"--output_dir={folder}/out")
    result = run_client(f"--url={url}", "--model_name=shapes", *arguments)
    assert result.returncode == 0
    assert f"next: open {folder}/out in a viewer of images" in result.stdout


def test_what_is_done_is_not_asked_again(url, folder):
    for name in ("text.jpg", "empty.png"):
        (folder / "images" / name).unlink()
    paths, out = find_images([str(folder / "images")]), str(folder / "out")
    answered = []

    def ask(encoded: bytes) -> bytes:
        if len(answered) == most:
            raise InputError("the server went away")
        answered.append(encoded)
        return RestClient(url, "shapes")(encoded)

    most = 1
    with pytest.raises(InputError, match="the server went away"):
        request_masks(ask, paths, out, concurrency=1)
    assert len(list((folder / "out").rglob("*.png"))) == 1
    most = 3
    assert request_masks(ask, paths, out, concurrency=1) == 2
    assert request_masks(ask, paths, out, concurrency=1) == 0
    assert len(set(answered)) == 3


def test_missing_server_and_missing_model_end_the_run(url):
    with socket.create_server(("127.0.0.1", 0)) as free:
        away = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError, match=f"{away}.*: no answer .*expected a server there"):
        RestClient(away, "shapes")(b"")
    with pytest.raises(InputError, match="nobody:predict: Model with name nobody does not exist"):
        RestClient(url, "nobody")(b"")
    with pytest.raises(InputError, match="status 404, .*expected the answer of serve.py"):
        RestClient(f"{url}/elsewhere", "shapes")(b"")


def test_busy_server_is_asked_again():
    """By a server of one thread that is busy twice."""
    answers = [b"503 Busy", b"503 Busy", b"400 Bad Request"]
    body = b'{"error": "bad after all"}'

    def answer(listener: socket.socket) -> None:
        for status in answers:
            connection, _ = listener.accept()
            with connection:
                connection.recv(2**16)
                length = str(len(body)).encode()
                head = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n"
                connection.sendall(head % (status, length) + body)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(RefusedImage, match="refused: bad after all"):
            RestClient(url, "shapes")(b"")
        thread.join(timeout=10)


def answer_after_breaking_off(listener: socket.socket, times: int, mask: bytes) -> None:
    """Closes so many connections without a word, then answers one with a mask."""
    for _ in range(times):
        connection, _ = listener.accept()
        connection.recv(2**16)
        connection.close()
    connection, _ = listener.accept()
    with connection:
        connection.recv(2**16)
        body = json.dumps({"predictions": [as_json(mask)]}).encode()
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(body) + body)


def test_an_answer_that_breaks_off_is_asked_for_again_and_costs_one_image(tmp_path):
    paths = {name: str(tmp_path / f"{name}.png") for name in ("a", "b")}
    picture = encode(Image.new("L", (4, 3), 2), "PNG")
    for path in paths.values():
        pathlib.Path(path).write_bytes(picture)
    # The first image is asked for twice in vain, the second once.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_after_breaking_off, args=(listener, 3, picture))
        thread.start()
        client = RestClient(f"http://127.0.0.1:{listener.getsockname()[1]}", "shapes")
        with pytest.raises(InputError, match="1 of 2 images have no mask.*\n.*a.png: no answer: "):
            request_masks(client, paths, str(tmp_path / "out"), concurrency=1)
        thread.join(timeout=10)
    assert (np.array(Image.open(tmp_path / "out" / "b.png")) == 2).all()


def _turned(kind: str, mode: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:8, :8], pixels[8:, :16], pixels[:8, 16:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    return encode(Image.fromarray(pixels).convert(mode), kind, exif=exif)


@pytest.mark.parametrize("kind", ["PNG RGB", "JPEG RGB", "JPEG L", "JPEG CMYK"])
def test_images_are_turned_as_predict_does(kind, tmp_path):
    encoded = _turned(*kind.split())
    (tmp_path / "a").write_bytes(encoded)
    sent = []

    def ask(image: bytes) -> bytes:
        sent.append(image)
        return encode(Image.new("L", (1, 1)), "PNG")

    request_masks(ask, {"a": str(tmp_path / "a")}, str(tmp_path / "out"))
    expected = upright(decode_image(encoded).numpy(), encoded)
    assert expected.shape[0] == (16 if kind == "PNG RGB" else 32)
    found = decode_image(sent[0]).numpy()
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 4  # two JPEG decoders


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0", b"Exif\0\0nonsense"])
def test_what_is_noted_unreadably_is_sent_as_it_is(exif, tmp_path):
    encoded = encode(Image.new("RGB", (4, 4)), "JPEG", exif=exif, dpi=(72, 72))
    (tmp_path / "a").write_bytes(encoded)
    sent = []

    def ask(image: bytes) -> bytes:
        sent.append(image)
        return encode(Image.new("L", (4, 4)), "PNG")

    assert request_masks(ask, {"a": str(tmp_path / "a")}, str(tmp_path / "out")) == 1
    assert sent == [encoded]


def test_client_of_rest_needs_no_tensorflow():
    imports = "import sys, boxsup_tf.serving.masks, boxsup_tf.serving.rest_client"
    check = f"{imports}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=REPOSITORY).returncode == 0


def test_flags_that_do_not_fit_are_refused(folder):
    arguments = (f"--images={folder}/images", f"--output_dir={folder}/out", "--protocol=grpc")
    result = run_client("--url=http://localhost:1", *arguments)
    assert result.returncode == 1
    assert "error: --url=http://localhost:1 --protocol=grpc: expected http://" in result.stderr


@pytest.fixture
def grpc_target(saved_model):
    """A real gRPC server that answers as TensorFlow Serving does, from the SavedModel alone."""
    grpc = pytest.importorskip("grpc")
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    loaded = tf.saved_model.load(saved_model.path)

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            if request.model_spec.name != "shapes":
                context.abort(grpc.StatusCode.NOT_FOUND, "Servable not found for request")
            signature = loaded.signatures[request.model_spec.signature_name]
            inputs = {n: tf.constant(tf.make_ndarray(v)) for n, v in request.inputs.items()}
            try:
                outputs = signature(**inputs)
            except tf.errors.InvalidArgumentError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
            response = predict_pb2.PredictResponse()
            for name in request.output_filter:
                response.outputs[name].CopyFrom(tf.make_tensor_proto(outputs[name]))
            return response

    server = grpc.server(futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


def test_grpc_writes_the_same_masks(grpc_target, folder, predictor):
    from boxsup_tf.serving.grpc_client import GrpcClient

    paths = find_images([str(folder / "images")])
    with pytest.raises(InputError) as error:
        request_masks(GrpcClient(grpc_target, "shapes"), paths, str(folder / "out"))
    assert "2 of 5 images have no mask" in str(error.value)
    assert "text.jpg: refused:" in str(error.value)
    assert "expected a JPEG or PNG image" in str(error.value)
    check_masks(folder, predictor)

    shutil.rmtree(folder / "out")
    with pytest.raises(InputError, match="Servable not found .*a model nobody"):
        request_masks(GrpcClient(grpc_target, "nobody"), paths, str(folder / "out"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        away = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError, match=f"{away}: .*: expected TensorFlow Serving there"):
        GrpcClient(away, "shapes")(b"")


def test_overlays_are_made_beside_the_masks(images, tmp_path):
    (tmp_path / "a.png").write_bytes(encode(Image.fromarray(images[0]), "PNG"))
    labels = np.zeros(images[0].shape[:2], np.uint8)
    labels[:5] = 2
    paths = {"below/a": str(tmp_path / "a.png")}
    folders = str(tmp_path / "masks"), str(tmp_path / "overlays")

    def ask(_: bytes) -> bytes:
        return encode(Image.fromarray(labels), "PNG")

    assert request_masks(ask, paths, folders[0]) == 1
    # The mask is there, its overlay is not.
    given = {"overlay_dir": folders[1], "class_names": ("background", "cat", "dog")}
    assert request_masks(ask, paths, folders[0], **given) == 1
    assert request_masks(ask, paths, folders[0], **given) == 0
    picture = np.array(Image.open(tmp_path / "overlays" / "below" / "a.jpg"))
    assert picture.shape[0] > len(labels)  # the legend is below
    expected = drawing.overlay(images[0], labels)
    assert np.abs(picture[: len(labels)].astype(int) - expected).mean() < 12
