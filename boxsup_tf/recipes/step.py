"""A step of a recipe: one command of the program, with its flags in a file.

The file is absl's: a line `--NAME=VALUE` a flag, and comments. It begins with a comment that says
what the step is for. Its name ends with the command's: `table1/box/train.flags`,
`data/voc_val.prepare_data.flags`. Paths in it are relative to the output root: `data/...` is the
published data, `recipes/...` these files, anything else is made by a step.
"""

import dataclasses
import os
from collections.abc import Iterator

from boxsup_tf.errors import InputError
from boxsup_tf.io import files

ROWS = os.path.join(os.path.dirname(__file__), "rows")
SUFFIX = ".flags"

# By command: the flags that name what it reads, and the one that names what it writes.
_READS = {
    "prepare_data": (
        *("data_dir", "sbd_dir", "mask_dir", "context_path", "annotation_file", "image_dir"),
        *("only_ids", "without_ids"),
    ),
    "generate_proposals": ("input_dir",),
    "train": ("train_data", "val_data", "init"),
    "tune_crf": ("model_dir", "data"),
    "evaluate": ("model_dir", "data", "crf_parameters"),
    "compare": ("evaluations",),
    "report": ("evaluation", "data", "model_dir"),
    "train_cfm": ("train_data", "init"),
    "evaluate_cfm": ("model_dir", "data"),
}
_WRITES = dict.fromkeys(_READS, "output_dir") | {
    **{"train": "model_dir", "train_cfm": "model_dir", "report": "output"},
}


@dataclasses.dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        name: its file's path below `rows`, without the ending.
        description: the comment at the file's beginning, without its marks.
        flags: names and values, in the file's order.
    """

    name: str
    description: str
    flags: tuple[tuple[str, str], ...]

    @property
    def command(self) -> str:
        """The program's command."""
        return os.path.basename(self.name).rpartition(".")[2]

    @property
    def arguments(self) -> list[str]:
        """The flags as the command line has them."""
        return [f"--{name}={value}" for name, value in self.flags]

    @property
    def reads(self) -> list[str]:
        """The paths that the command reads."""
        values = dict(self.flags)
        return [path for name in _READS[self.command] for path in _paths(values.get(name, ""))]

    @property
    def writes(self) -> str:
        """The path of what the command makes."""
        return dict(self.flags)[_WRITES[self.command]]

    def but(self, others: "tuple[tuple[str, str], ...]") -> "Step":
        """The step with other values of flags; it goes on reading what earlier steps make."""
        read = {
            name
            for name, value in self.flags
            if name in _READS[self.command] and not all(is_within(p, "data") for p in _paths(value))
        }
        changed = {name: value for name, value in others if name not in read}
        kept = tuple(flag for flag in self.flags if flag[0] not in changed)
        return dataclasses.replace(self, flags=(*kept, *changed.items()))


def _paths(value: str) -> Iterator[str]:
    """Of a flag's value: what has a slash, without the supervision of a training's source."""
    for part in value.split(","):
        path, colon, supervision = part.rpartition(":")
        path = path if colon and supervision in ("box", "mask") else part
        if "/" in path:
            yield path


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder's or in it."""
    return path == folder or path.startswith(folder + "/")


def load_step(name: str) -> Step:
    """The step of a file.

    Raises:
        InputError: there is no such file, it has no comment at its beginning, or a line that is
            neither a comment nor a flag; or no command is known that it could be for.
    """
    path = os.path.join(ROWS, f"{name}{SUFFIX}")
    lines = read_flagfile(path)
    comment = []
    for line in lines:
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# "))
    if not comment:
        raise InputError(f"{path}: begins with {lines[:1]}: expected a comment on what it is for")
    step = Step(name, "\n".join(comment).strip(), flags_of(path, lines))
    if step.command not in _READS:
        raise InputError(f"{path}: expected NAME.COMMAND{SUFFIX} of one of {', '.join(_READS)}")
    if _WRITES[step.command] not in dict(step.flags):
        raise InputError(f"{path}: expected --{_WRITES[step.command]}, what the step makes")
    return step


def read_flagfile(path: str) -> list[str]:
    """The lines of a file.

    Raises:
        InputError: there is none.
    """
    try:
        return files.read_text(path).splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a file of flags: {error}") from None


def flags_of(path: str, lines: list[str]) -> tuple[tuple[str, str], ...]:
    """The flags of a file's lines.

    Args:
        path: for messages.
        lines: of `read_flagfile`.

    Raises:
        InputError: one is neither empty, a comment nor a flag with a value, or repeats a flag.
    """
    flags: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.strip().partition("=")
        if not name.startswith("--") or not equals:
            raise InputError(f"{path}, line {number}: {line!r}: expected --NAME=VALUE")
        if name[2:] in flags:
            raise InputError(f"{path}, line {number}: {name} is there twice: expected once")
        flags[name[2:]] = value
    return tuple(flags.items())
