"""Writes the images of a folder of TFRecords back as files."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
