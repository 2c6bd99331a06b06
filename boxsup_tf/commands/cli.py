"""The program `boxsup`: one command for each file beside this one that is in `COMMANDS`.

Signals are taken care of before anything else is imported.
"""

import sys
from collections.abc import Sequence

from boxsup_tf.commands.stopping import stopped_by_signals

# In the order in which they are used.
COMMANDS = (
    *("prepare_data", "generate_proposals", "train", "evaluate", "export", "predict"),
    *("report", "compare", "tune_crf", "serve", "serve_client", "extract_images", "train_ranker"),
    *("train_cfm", "evaluate_cfm", "reproduce", "explore", "check_boxes", "rank_for_masks"),
)
# The others need no GPU: what they run of networks, they run in worker processes on the CPU.
_ON_GPUS = {
    *("generate_proposals", "train", "evaluate", "export", "predict", "tune_crf", "serve"),
    *("train_ranker", "train_cfm", "evaluate_cfm", "explore", "check_boxes", "rank_for_masks"),
}


def main() -> None:
    """The console script: `boxsup COMMAND --FLAG=VALUE ...`."""
    name, *arguments = sys.argv[1:] or ["--help"]
    with stopped_by_signals():
        if name in COMMANDS:
            run(name, arguments, f"boxsup {name}")
        else:
            _show_commands(name)


def run_script(path: str) -> None:
    """Runs the command that a script is named after, with the script's own command line."""
    with stopped_by_signals():
        import pathlib

        run(pathlib.Path(path).stem, sys.argv[1:], f"python {sys.argv[0]}")


def run(name: str, arguments: Sequence[str], program: str) -> None:
    """Runs a command in this process.

    Args:
        name: of `COMMANDS`.
        arguments: its flags.
        program: how it was called, for --help.
    """
    import importlib

    from boxsup_tf.commands import command_line
    from boxsup_tf.commands.help_text import flags_text, introduction
    from boxsup_tf.workers.stderr_filter import filtered_stderr

    # A first word at once: what a command needs takes seconds to import.
    if asks := command_line.asks_for_help(arguments):
        print(introduction(program, _documentation(name)), flush=True)
    else:
        print(f"{program}: starting", file=sys.stderr, flush=True)
    with filtered_stderr():
        command = importlib.import_module(f"boxsup_tf.commands.{name}")
        if "tensorflow" in sys.modules:
            _choose_devices(name)
    if asks:
        print("\n" + flags_text(command_line.classes_of(command.run)))
    else:
        command_line.call(command.run, arguments, program)


def _choose_devices(name: str) -> None:
    from boxsup_tf.workers import devices  # not before the first word: it needs TensorFlow
    from boxsup_tf.workers.stderr_filter import has_nvidia_gpu

    (devices.let_memory_grow if name in _ON_GPUS else devices.hide_gpus)()
    if name in _ON_GPUS and has_nvidia_gpu() and not devices.has_gpu():
        print(
            "warning: this machine has an NVIDIA GPU that TensorFlow cannot use, so everything "
            "runs on the CPU: expected the packages of requirements-gpu.txt and a recent driver",
            file=sys.stderr,
        )


def _documentation(name: str) -> str:
    """Of a command's file, which is read, not imported."""
    import ast
    import pathlib

    source = pathlib.Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def _show_commands(name: str) -> None:
    """Where the first word is no command: --help, or a mistake."""
    from boxsup_tf.commands.command_line import asks_for_help

    if not asks_for_help([name]):
        import difflib

        near = difflib.get_close_matches(name, COMMANDS, 1) or ["a command (see boxsup --help)"]
        sys.exit(f"error: {name!r}: no such command: expected {near[0]}")
    lines = ["usage: boxsup COMMAND --FLAG=VALUE ...", ""]
    lines += ["BoxSup: semantic segmentation trained from bounding boxes. In the usual order:", ""]
    for command in COMMANDS:
        lines.append(f"  {command:20s}{_documentation(command).partition(chr(10))[0]}")
    print("\n".join([*lines, "", "boxsup COMMAND --help lists a command's flags."]))
