"""Trains the rankers of mcg and scg on images with instance masks."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
