"""serving.http_server with serving.admission: clients that misbehave, on real connections."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from tests.conftest import REPOSITORY

pytest.importorskip("uvicorn")  # comes with kserve
pytest.importorskip("h11")


class Server:
    """A process of `small_server`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.serving.small_server"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        )
        self.port = int(self.process.stdout.readline())

    def connect(self, content: bytes, receive_buffer: int = 0) -> socket.socket:
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(20)
        client.connect(("127.0.0.1", self.port))
        client.sendall(content)
        return client

    def ask(self, body: bytes = b"hello", seconds: str = "") -> bytes:
        with self.connect(post(body, seconds)) as client:
            return read(client)


def post(body: bytes, seconds: str = "", length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    head = f"POST /?{seconds} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


def read(client: socket.socket) -> bytes:
    """Until the server closes the connection."""
    received = bytearray()
    try:
        while piece := client.recv(2**16):
            received += piece
    except ConnectionError:
        pass
    return bytes(received)


@pytest.fixture(scope="module")
def server():
    running = Server()
    yield running
    running.process.kill()
    running.process.communicate()


def test_unfinished_headers_end(server):
    begin = time.monotonic()
    clients = [server.connect(b"GET / HTTP/1.1\r\nHost: a\r\nX: ") for _ in range(20)]
    clients.append(server.connect(b""))
    assert b"hello" in server.ask()
    for number, client in enumerate(clients):
        for _ in range(3 * (number == 0)):  # whoever sends a little is not spared
            time.sleep(0.2)
            client.sendall(b"a")
        assert read(client) == b""
        client.close()
    assert time.monotonic() - begin < 10


def test_large_headers_and_addresses_are_refused(server):
    for large in (b"GET /" + b"a" * 100_000, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000):
        client = server.connect(large)
        assert read(client)[:12] in (b"HTTP/1.1 400", b"")  # b"": reset before it was read
        client.close()
    assert b"hello" in server.ask()


def test_unfinished_bodies_keep_nobody_waiting(server):
    clients = [server.connect(post(b"a", length=1000)) for _ in range(30)]
    clients += [server.connect(post(b"a" * 200_000, length=1_000_000)) for _ in range(2)]
    half_closed = server.connect(post(b"a", length=1000))
    half_closed.shutdown(socket.SHUT_WR)
    begin = time.monotonic()
    assert b"hello" in server.ask()
    quick = time.monotonic() - begin
    assert server.ask(b"b" * 500_000).count(b"b") >= 500_000  # waits for a place of the large
    for client in clients:
        assert read(client).startswith(b"HTTP/1.1 408")
        client.close()
    half_closed.close()
    assert quick < (time.monotonic() - begin) / 2  # the others' end took their deadline


def test_who_does_not_read_is_cut_off(server):
    deaf = [server.connect(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 4096) for _ in range(5)]
    deaf += [server.connect(post(b"c" * 9_000_000), 4096) for _ in range(3)]  # all the slots
    assert b"hello" in server.ask()
    time.sleep(3)
    for client in deaf:
        assert len(read(client)) < 9_000_000
        client.close()


def test_pipelined_requests_are_answered_in_order(server):
    requests = [post(b"n%02d" % i).replace(b"Connection: close\r\n", b"") for i in range(20)]
    with server.connect(b"".join(requests) + post(b"end")) as client:
        received = read(client)
    bodies = [received.index(b"n%02d\r\n" % i) for i in range(20)]
    assert bodies == sorted(bodies) and b"end\r\n" in received


def test_requests_in_flight_are_finished_or_refused_when_it_is_stopped():
    server = Server()
    answers = {}

    def ask(seconds: str) -> None:
        answers[seconds] = server.ask(b"hello", seconds)

    def computing() -> bool:
        return server.process.stdout.readline() == "computing\n"

    clients = [threading.Thread(target=ask, args=[text]) for text in ("0.5", "60", "61", "62")]
    deaf = server.connect(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 4096)
    unfinished = server.connect(post(b"a" * 200_000, length=1_000_000))
    clients[0].start()
    assert computing()
    for client in clients[1:]:
        client.start()
    assert computing() and computing()
    time.sleep(0.3)  # for the one that waits for a slot
    begin = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    out, err = server.process.communicate(timeout=20)
    assert time.monotonic() - begin < 8 and out.endswith("stopped\n") and not err
    for client in clients:
        client.join()
    assert answers.pop("0.5").startswith(b"HTTP/1.1 200")
    for answer in answers.values():
        assert answer.startswith(b"HTTP/1.1 503") and b"the server is stopping" in answer
    deaf.close()
    unfinished.close()
