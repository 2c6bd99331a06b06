"""Sends image files to a server and writes their masks, palette PNGs."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
