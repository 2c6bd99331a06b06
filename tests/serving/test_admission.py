"""The middleware without a server: a few requests at a time, bounded bodies, bounded waiting."""

import asyncio
import json

import pytest

pytest.importorskip("starlette")  # comes with kserve
from boxsup_tf.serving.admission import Admission

_SCOPE = {"type": "http", "method": "POST", "headers": []}


class Application:
    """Answers with the body, after a while; counts the requests that it has at a time."""

    def __init__(self) -> None:
        self.running = self.most = 0

    async def __call__(self, scope, receive, send) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        body = (await receive())["body"]
        await asyncio.sleep(0.01)
        self.running -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def receiving(body: bytes):
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def ask(admission, *chunks: bytes | float, length: int | None = None) -> tuple[int, bytes]:
    """The status and body for a request whose body comes in chunks; a number is a pause."""
    waiting = list(chunks)
    sent = []

    async def receive():
        while isinstance(waiting[0], float):
            await asyncio.sleep(waiting.pop(0))
        chunk = waiting.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    await admission(_SCOPE | {"headers": headers}, receive, send)
    return sent[0]["status"], sent[1]["body"]


def error_of(body: bytes) -> str:
    return json.loads(body)["error"]


def test_few_at_a_time_and_all_are_answered():
    async def main():
        application = Application()
        admission = Admission(application, slots=3, max_waiting=100, max_bytes=10)
        answers = await asyncio.gather(*(ask(admission, b"%d" % i, b"!") for i in range(50)))
        assert answers == [(200, b"%d!" % i) for i in range(50)]
        assert application.most == 3

    asyncio.run(main())


def test_more_than_may_wait_are_told_to_come_back():
    async def main():
        admission = Admission(Application(), slots=2, max_waiting=5, max_bytes=10)
        answers = await asyncio.gather(*(ask(admission, b"x") for _ in range(20)))
        statuses = [status for status, _ in answers]
        # The first two find a slot before the others come, and do not wait in line.
        assert statuses.count(200) == 7 and set(statuses) == {200, 503}
        assert "requests are waiting" in error_of(answers[-1][1])
        assert await ask(admission, b"x") == (200, b"x")

    asyncio.run(main())


def test_a_free_slot_needs_no_line():
    async def main():
        admission = Admission(Application(), slots=2, max_waiting=0, max_bytes=10)
        statuses = [s for s, _ in await asyncio.gather(*(ask(admission, b"x") for _ in range(3)))]
        assert statuses == [200, 200, 503]

    asyncio.run(main())


def test_answers_go_out_in_pieces():
    async def main():
        body = bytes(range(256)) * 2000
        sent = []

        async def send(message):
            sent.append(message)

        admission = Admission(Application(), slots=1, max_waiting=0, max_bytes=len(body))
        await admission(_SCOPE, receiving(body), send)
        _, *pieces = sent
        assert b"".join(piece["body"] for piece in pieces) == body
        assert max(len(piece["body"]) for piece in pieces) <= 2**16
        # The last one is sent when the others have left the server.
        assert [piece["more_body"] for piece in pieces] == [True] * (len(pieces) - 1) + [False]
        assert pieces[-1]["body"] == b""

    asyncio.run(main())


def test_large_bodies_are_not_read():
    async def main():
        application = Application()
        admission = Admission(application, slots=1, max_waiting=5, max_bytes=10)
        for request in (ask(admission, b"", length=11), ask(admission, b"12345", b"678901")):
            status, body = await request
            assert status == 413 and error_of(body) == "expected a body of at most 10 bytes"
        assert application.most == 0
        assert await ask(admission, b"12345", b"67890", length=10) == (200, b"1234567890")

    asyncio.run(main())


def test_slow_bodies_are_refused_and_hold_no_slot():
    async def main():
        limits = {"slots": 1, "max_waiting": 5, "max_bytes": 10, "read_seconds": 0.3}
        admission = Admission(Application(), **limits)
        slow = asyncio.create_task(ask(admission, b"1", 5.0, b"2"))
        await asyncio.sleep(0.01)
        assert await ask(admission, b"x") == (200, b"x") and not slow.done()
        status, body = await slow
        assert status == 408 and "longer than 0.3 s" in error_of(body)

    asyncio.run(main())


def test_few_large_bodies_are_read_at_a_time():
    async def main():
        limits = {"slots": 9, "max_waiting": 5, "max_bytes": 10**6, "read_seconds": 0.1}
        admission = Admission(Application(), large=1, **limits)
        large = b"y" * 200_000
        slow = asyncio.create_task(ask(admission, large, 5.0, b"2"))
        await asyncio.sleep(0.01)
        next_one = asyncio.create_task(ask(admission, large, large))
        assert await ask(admission, b"x") == (200, b"x")
        assert not slow.done() and not next_one.done()
        # Bytes that came give more time; what is spent in line does not count.
        assert (await slow)[0] == 408
        assert await next_one == (200, large[: 2**16])  # the first piece

    asyncio.run(main())


def test_who_is_in_line_is_told_that_the_server_stops():
    async def main():
        admission = Admission(Application(), slots=1, max_waiting=5, max_bytes=10)
        waiting = [asyncio.create_task(ask(admission, b"1", 5.0, b"2")) for _ in range(2)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        for status, body in await asyncio.gather(*waiting):
            assert status == 503 and error_of(body).startswith("the server is stopping")

    asyncio.run(main())


def test_who_hangs_up_leaves_no_trace():
    async def main():
        async def receive():
            return {"type": "http.disconnect"}

        application = Application()
        admission = Admission(application, slots=1, max_waiting=5, max_bytes=10)
        await admission(_SCOPE, receive, None)
        assert application.most == 0
        assert await ask(admission, b"x") == (200, b"x")

    asyncio.run(main())
