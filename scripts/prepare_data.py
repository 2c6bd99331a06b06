"""Turns a dataset into TFRecord shards: images, boxes and masks."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
