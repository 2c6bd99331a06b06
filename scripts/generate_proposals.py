"""Adds candidate segments to every image of a folder of TFRecords."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
