"""Ranks annotated boxes by how wrong they look to a trained network, with a page of pictures."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
