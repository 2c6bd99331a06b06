"""Compares evaluations with the first one, and says how sure the differences are."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
