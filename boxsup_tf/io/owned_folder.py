"""A folder that belongs to one set of settings: gone on in with the same, refused with others."""

import dataclasses
import json
import os
from collections.abc import Container, Mapping
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.json_file import read_json, write_json


@dataclasses.dataclass(frozen=True)
class OwnedFolder:
    """A folder with a JSON file that says what the others were made with.

    Attributes:
        path: of the folder.
        file: name of the JSON file in it.
        content: what the folder holds, for messages.
        program: that wrote the file, for messages.
        flag: that names the folder.
    """

    path: str
    file: str
    content: str
    program: str
    flag: str = "--output_dir"

    @property
    def file_path(self) -> str:
        """Of the JSON file."""
        return os.path.join(self.path, self.file)

    def read(self) -> dict[str, Any] | None:
        """What the file holds; None where there is none.

        Raises:
            InputError: it is damaged.
        """
        if not files.exists(self.file_path):
            return None
        return read_json(self.file_path, f"a file that {self.program} wrote")

    def write(self, contents: Mapping[str, Any]) -> None:
        """Writes the file, whole or not at all; makes the folder if need be."""
        files.make_folders(self.path)
        write_json(self.file_path, contents)

    def check(
        self, found: Mapping[str, Any], wanted: Mapping[str, Any], free: Container[str] = ()
    ) -> None:
        """Makes sure that a program goes on with the settings that it began with.

        Args:
            found: settings that the folder was made with; one that is missing counts as None.
            wanted: the program's, fit for JSON.
            free: names of settings that may differ.

        Raises:
            InputError: naming the first setting that differs, both values, and the way out.
        """
        was, now = json.loads(json.dumps([found, wanted]))  # tuples are lists in the file
        # Names that both have come first: they say more.
        for name in [*sorted(was.keys() & now.keys()), *sorted(was.keys() ^ now.keys())]:
            if name not in free and was.get(name) != now.get(name):
                raise InputError(
                    f"{self.path}: holds {self.content} with {name} = {was.get(name)!r}: expected "
                    f"{now.get(name)!r}; choose another {self.flag} or delete it"
                )

    def fits(self, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
        """Whether `check` has nothing against the settings."""
        try:
            self.check(found, wanted)
        except InputError:
            return False
        return True
