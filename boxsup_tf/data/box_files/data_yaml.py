"""data.yaml, by which YOLO's tools name classes and where the images of each part are."""

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

from boxsup_tf.errors import InputError, require
from boxsup_tf.io import files
from boxsup_tf.records.example import read_bytes

_FILE_NAMES = ("data.yaml", "dataset.yaml", "data.yml")
_PARTS = ("train", "val", "valid", "test")


@dataclasses.dataclass(frozen=True)
class DataYaml:
    """What the file of a folder says; nothing where there is none.

    Attributes:
        path: of the file.
        content: what it holds, by key.
    """

    path: str
    content: dict[str, Any]

    @classmethod
    def read(cls, data_dir: str) -> "DataYaml":
        """Reads the file of a folder.

        Raises:
            InputError: it is not YAML with keys and values, or PyYAML is missing.
        """
        paths = [os.path.join(data_dir, name) for name in _FILE_NAMES]
        path = next(filter(files.is_file, paths), None)
        if path is None:
            return cls(paths[0], {})
        require("yaml", "pip install 'boxsup_tf[yolo]'", path)
        import yaml

        try:
            content = yaml.safe_load(read_bytes(path, "a description of the data"))
        except (yaml.YAMLError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{path}: not YAML: {reason}") from None
        if not isinstance(content, dict):
            raise InputError(f"{path}: expected `names` and the folders of images")
        return cls(path, content)

    def class_names(self) -> list[str]:
        """In the order of their numbers; empty where it names none.

        Raises:
            InputError: the numbers are not 0, 1, ...: the text files would mean other classes.
        """
        names = self.content.get("names")
        if isinstance(names, dict):
            by_number = {str(key): name for key, name in names.items()}
            if by_number.keys() != {str(number) for number in range(len(names))}:
                raise InputError(
                    f"{self.path}: names: numbers {', '.join(by_number):.60}: expected those from "
                    f"0 to {len(names) - 1}, each with its name"
                )
            names = [by_number[str(number)] for number in range(len(names))]
        return [str(name).strip() for name in names] if isinstance(names, list) else []

    def images_of(self, parts: Sequence[str]) -> list[str]:
        """Where the images are of the first of some parts that it names: folders or lists."""
        named: Any = next((self.content[part] for part in parts if self.content.get(part)), [])
        return [str(each) for each in (named if isinstance(named, list) else [named])]

    def has_parts(self) -> bool:
        return any(self.content.get(part) for part in _PARTS)

    def folders(self) -> list[str]:
        """Below which its places are: the one that it names, and its own."""
        own = os.path.dirname(self.path)
        return list(dict.fromkeys((os.path.join(own, str(self.content.get("path") or "")), own)))
