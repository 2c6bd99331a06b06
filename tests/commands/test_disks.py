"""Programs whose output folder is read-only, or on a full disk."""

import pytest

from tests.commands.small_disk import PARTS
from tests.small_tmpfs import run_on_small_disk


@pytest.mark.parametrize("part", PARTS)
def test_every_program_says_that_the_disk_is_full_or_read_only_and_goes_on(part, tmp_path):
    """On a real one, of 16 megabytes in memory."""
    folder, disk = tmp_path / "folder", tmp_path / "disk"
    folder.mkdir()
    disk.mkdir()
    run_on_small_disk(disk, 16, "tests.commands.small_disk", part, folder)
