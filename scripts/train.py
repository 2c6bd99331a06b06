"""Trains a network from boxes, masks, or both."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
