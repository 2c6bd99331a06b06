"""training.damaged_records: what a user is told of a file that is gone."""

import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.training.damaged_records import damaged_records_explained


def test_a_file_that_vanishes_while_it_is_needed_is_said_in_one_line(tmp_path):
    """As features of a cache in a folder that somebody cleans."""
    paths = tf.data.Dataset.from_tensors(str(tmp_path / "features"))
    said = r"features.*: a file that this run reads is gone: .*give the same command again"
    with pytest.raises(InputError, match=said), damaged_records_explained("records"):
        list(paths.map(tf.io.read_file))


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(tf.errors.NotFoundError), damaged_records_explained("records"):
        tf.io.read_file(str(tmp_path / "weights"))
