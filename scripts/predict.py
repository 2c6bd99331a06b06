"""Predicts images with an exported model: masks, overlays, and what was found."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
