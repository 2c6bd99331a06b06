"""The program `boxsup`: one command for each file beside this one that is in `COMMANDS`."""

import ast
import difflib
import importlib
import os
import pathlib
import sys
from collections.abc import Sequence

from boxsup_tf.commands import command_line
from boxsup_tf.commands.stopping import stopped_by_signals

# In the order in which they are used.
COMMANDS = (
    *("prepare_data", "generate_proposals", "train", "evaluate", "export", "predict"),
    *("report", "compare", "tune_crf", "serve", "serve_client", "extract_images", "train_ranker"),
    *("train_cfm", "evaluate_cfm", "reproduce", "explore"),
)
# The others need no GPU: what they run of networks, they run in worker processes on the CPU.
_ON_GPUS = {
    *("generate_proposals", "train", "evaluate", "export", "predict", "tune_crf", "serve"),
    *("train_ranker", "train_cfm", "evaluate_cfm", "explore"),
}


def main() -> None:
    """The console script: `boxsup COMMAND --FLAG=VALUE ...`."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if command_line.asks_for_help([name]):
        print(_overview())
    elif name in COMMANDS:
        run(name, arguments, f"boxsup {name}")
    else:
        near = difflib.get_close_matches(name, COMMANDS, 1) or ["a command (see boxsup --help)"]
        sys.exit(f"error: {name!r}: no such command: expected {near[0]}")


def run_script(path: str) -> None:
    """Runs the command that a script is named after, with the script's own command line."""
    run(pathlib.Path(path).stem, sys.argv[1:], f"python {sys.argv[0]}")


def run(name: str, arguments: Sequence[str], program: str) -> None:
    """Runs a command in this process.

    Args:
        name: of `COMMANDS`.
        arguments: its flags.
        program: how it was called, for --help.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # read when TensorFlow is imported

    def start() -> None:
        if "tensorflow" in sys.modules:  # else it is not needed, and takes seconds to import
            from boxsup_tf.workers import devices

            (devices.let_memory_grow if name in _ON_GPUS else devices.hide_gpus)()

    with stopped_by_signals():
        command = importlib.import_module(f"boxsup_tf.commands.{name}")
        command_line.call(command.run, arguments, program, start)


def _overview() -> str:
    lines = ["usage: boxsup COMMAND --FLAG=VALUE ...", ""]
    lines += ["BoxSup: semantic segmentation trained from bounding boxes. In the usual order:", ""]
    for name in COMMANDS:  # read, not imported: TensorFlow takes seconds
        source = pathlib.Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
        summary = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
        lines.append(f"  {name:20s}{summary}")
    return "\n".join([*lines, "", "boxsup COMMAND --help lists a command's flags."])
