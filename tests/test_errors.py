"""errors: what a user sees of a program that stops."""

import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError, shown_in_one_line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("a.xml: bad"), "error: a.xml: bad"),
        (
            FileNotFoundError(2, "No such file or directory", "/none/x"),
            "error: /none/x: cannot be read or written: No such file or directory",
        ),
        (
            OSError(28, "No space left on device"),
            "error: cannot be read or written: No space left on device",
        ),
        (
            tf.errors.ResourceExhaustedError(
                None,
                None,
                "{{function_node __wrapped__Save}} a/b.tmp; No space left on device [Op:",
            ),
            "error: a/b.tmp: cannot be written: No space left on device",
        ),
        (
            tf.errors.FailedPreconditionError(
                None, None, "a/1/saved_model.pb; Read-only file system"
            ),
            "error: a/1/saved_model.pb: cannot be written: Read-only file system",
        ),
        (
            KeyboardInterrupt(),
            "interrupted: run the same command again to go on from what is done",
        ),
    ],
)
def test_what_a_user_can_act_on_ends_the_program_with_one_line(error, line):
    with pytest.raises(SystemExit) as ended, shown_in_one_line():
        raise error
    assert ended.value.code == line  # goes to stderr, with exit status 1


def test_a_bug_keeps_its_traceback():
    for bug in (ValueError("bug"), OSError("bug"), tf.errors.DataLossError(None, None, "bug")):
        with pytest.raises(type(bug), match="bug"), shown_in_one_line():
            raise bug


def test_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)
