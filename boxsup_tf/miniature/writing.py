"""Writes files of a miniature, with the folders that they lie in."""

import io
import json
import os

import numpy as np
import scipy.io

from boxsup_tf.data.shapes import encode_photograph
from boxsup_tf.io import files


def write_bytes(path: str, content: bytes) -> None:
    """Writes a file of any kind."""
    files.make_folders(os.path.dirname(path))
    with files.create(path, "wb") as file:
        file.write(content)


def write_json(path: str, value: object) -> None:
    """Writes JSON without blanks, as the published files are."""
    write_bytes(path, json.dumps(value, separators=(",", ":")).encode())


def write_lines(path: str, lines: list[str]) -> None:
    """Writes a text, for example a list of images."""
    write_bytes(path, "".join(f"{line}\n" for line in lines).encode())


def write_jpeg(path: str, image: np.ndarray) -> None:
    """Writes uint8 [H, W, 3], RGB."""
    write_bytes(path, encode_photograph(image))


def write_mat(path: str, variables: dict) -> None:
    """Writes a .mat file, without the system and the time that its header otherwise names."""
    file = io.BytesIO()
    scipy.io.savemat(file, variables, do_compression=True)
    header = b"MATLAB 5.0 MAT-file, generated".ljust(116)
    write_bytes(path, header + file.getvalue()[len(header) :])
