"""Programs of tests in processes of their own, whose import of TensorFlow has been done before.

The import is most of what a short program does. So one process does it once, and nothing else; each
program is a fork of that. What it is given and how it ends is as of a process of `subprocess`.
"""

import gc
import json
import os
import re
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tests.conftest import REPOSITORY

_MESSAGE = 2**20  # bytes, at most
_servers: list[socket.socket] = []  # one, once it is needed; it ends with this process


class Forked:
    """A running program.

    Args:
        program: a script's path, `-m` and a module, or `-c` and lines of Python; its arguments.
        environment: in place of this process's; TensorFlow's log level was read before.
        folder: where it runs.

    Attributes:
        pid: of its process.
        returncode: as of `subprocess.Popen`, once `communicate` has returned.
    """

    def __init__(
        self,
        program: Sequence[str],
        environment: Mapping[str, str] | None = None,
        folder: os.PathLike | str = REPOSITORY,
    ) -> None:
        order = {"program": [*program], "folder": str(folder)}
        order["environment"] = dict(os.environ if environment is None else environment)
        self.output, theirs = os.pipe()
        self._watch, watch = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with watch:
            socket.send_fds(_server(), [json.dumps(order).encode()], [theirs, watch.fileno()])
        os.close(theirs)
        self.pid = int(self._watch.recv(_MESSAGE))
        self.returncode: int | None = None

    def read_until(self, pattern: str) -> str:
        """Waits until what it prints matches; returns that, which `communicate` leaves out then.

        Raises:
            AssertionError: it has ended without.
        """
        said = b""
        while not re.search(pattern.encode(), said):
            part = os.read(self.output, _MESSAGE)
            assert part, said.decode()
            said += part
        return said.decode()

    def send(self, number: int) -> None:
        """Sends a signal; nothing where it has ended."""
        if self.returncode is None and not select.select([self._watch], [], [], 0)[0]:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """As SIGKILL does; nothing where it has ended."""
        self.send(signal.SIGKILL)

    def communicate(self, timeout: float | None = 240) -> str:
        """Waits for its end; returns all that it printed, but for what `read_until` has returned.

        Raises:
            TimeoutError: it has not printed anything for so many seconds; it is killed.
        """
        said = b""
        while select.select([self.output], [], [], timeout)[0]:
            part = os.read(self.output, _MESSAGE)
            if not part:
                break
            said += part
        else:
            self.kill()
            raise TimeoutError(said.decode())
        os.close(self.output)
        with self._watch:
            self.returncode = int(self._watch.recv(_MESSAGE))
        return said.decode()


def run(program: Sequence[str], folder: os.PathLike | str = REPOSITORY) -> str:
    """What a program prints that ends well; see `Forked`."""
    process = Forked(program, folder=folder)
    output = process.communicate(timeout=600)
    assert process.returncode == 0, output
    return output


def _server() -> socket.socket:
    if not _servers:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # Whoever forks must have no threads, not those of the matrix products either.
            subprocess.Popen(
                [sys.executable, "-m", "tests.forked", str(theirs.fileno())],
                cwd=REPOSITORY,
                env=os.environ
                | {"PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"}
                | {"PYTHONHASHSEED": "random"},  # never that of the tests
                pass_fds=[theirs.fileno()],
            )
        _servers.append(ours)
    return _servers[0]


def _serve(orders: socket.socket) -> None:
    """Forks programs until the tests end; returns in each of them."""
    import boxsup_tf.commands.train  # noqa: F401, most of what any of them imports

    gc.freeze()  # what they share is neither looked through nor copied by their collections
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those that watch are not waited for
    while True:
        message, descriptors, *_ = socket.recv_fds(orders, _MESSAGE, 2)
        if not message:
            sys.exit()
        output, watch = descriptors
        if os.fork() == 0:
            break
        os.close(output)
        os.close(watch)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    orders.close()
    process = os.fork()
    if process:
        os.close(output)
        with socket.socket(fileno=watch) as told:
            told.send(str(process).encode())
            told.send(str(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])).encode())
        os._exit(0)
    os.close(watch)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    order = json.loads(message)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    _run(*order["program"])


def _run(script: str, *arguments: str) -> None:
    sys.stdout.reconfigure(line_buffering=True)
    if script == "-c":
        sys.argv = ["-c", *arguments[1:]]
        exec(arguments[0], {"__name__": "__main__"})
    elif script == "-m":
        sys.argv = [*arguments]
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [script, *arguments]
        sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
